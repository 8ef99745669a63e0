// Runs test files in this one process: `node --import tsx tools/run.ts FILE...`, by tools/test.ts.
// A process for each file would cost forty times as much.
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { basename, resolve } from "node:path";
import { checkLeaks, registerFuzz, registerSoak, setTestFile, startLeakCheck } from "#test";

startLeakCheck();

for (const file of process.argv.slice(2)) {
  setTestFile(file);
  try {
    const module: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
    if (file.endsWith(".fuzz.ts")) registerFuzz(file, module);
    if (file.endsWith(".soak.ts")) {
      registerSoak(file, basename(file, ".soak.ts"), module["default"]);
    }
  } catch (error) {
    test(file, () => {
      throw error;
    });
  }
}

// Runs after the last test of all files; a failure here is a failure of the run.
after(checkLeaks);
