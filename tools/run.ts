// Runs test files in this one process: `node --import tsx tools/run.ts FILE...`, by tools/test.ts.
// A process for each file would cost forty times as much.
import { afterEach, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { basename, relative, resolve } from "node:path";
import {
  attributed,
  checkLeaks,
  registerFuzz,
  registerSoak,
  setTestFile,
  startLeakCheck,
} from "#test";
import { LEAK_CHECK, tellParent, testTimeoutMs } from "./lib/test-process.ts";
import { endWhenNobodyReads } from "./lib/pipe.ts";
import { watchTests } from "./lib/test-watch.ts";

endWhenNobodyReads();
startLeakCheck();

const watch = watchTests(testTimeoutMs);
beforeEach(watch.before);
afterEach(watch.after);

async function load(file: string): Promise<void> {
  const module: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href);
  if (file.endsWith(".fuzz.ts")) registerFuzz(file, module["default"]);
  if (file.endsWith(".soak.ts")) registerSoak(file, basename(file, ".soak.ts"), module["default"]);
}

for (const given of process.argv.slice(2)) {
  const file = relative(process.cwd(), resolve(given));
  setTestFile(file);
  try {
    tellParent({ file, test: "loading the file" });
    await watch.loading(load(file));
  } catch (error) {
    test(attributed("the file loads", file), () => {
      throw error;
    });
  }
}

// Tests run in the order in which they are made, so that this is the last of all files.
test(attributed(LEAK_CHECK, LEAK_CHECK), async () => {
  try {
    await checkLeaks();
  } finally {
    // The runner reports when the process has nothing left to do, which what is left open keeps
    // from coming; all that this test still does is done before the next turn of the loop.
    setImmediate(() => process.emit("beforeExit", 0));
  }
});
