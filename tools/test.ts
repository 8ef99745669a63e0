// npm test: every test that can run where it is.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { projectFiles, root } from "./lib/files.ts";
import { runCommand, usageError, wholeNumber } from "./lib/command.ts";

const help = `
Usage: npm test -- [OPTIONS] [WORD...]

Runs every test that can run here; with WORDs, the files whose path contains one of them.
Small runs of fuzzers and soaks are part of them.
Pure tests run anywhere; kernel tests (*.kernel.test.ts) need root and Linux 6.1 or later.

  --name PATTERN   only tests whose name matches this regular expression
  --seed N         the seed of property tests, fuzzers and soaks (printed by each failure)
  --update         rewrite the expected output of text scripts to what came out
  --pure           leave the kernel tests out
`;

const KERNEL_TEST = /\.kernel\.test\.ts$/;
const PURE_TEST = /\.(test|fuzz|soak)\.ts$/;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Why kernel tests cannot run here, in the words to print; undefined where they can. */
function whyNoKernelTests(): string | undefined {
  if (process.platform !== "linux")
    return `they need Linux 6.1 or later, and this is ${process.platform}`;
  const [major = 0, minor = 0] = release().split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 1))
    return `they need Linux 6.1 or later, and this is ${release()}`;
  if (process.getuid?.() !== 0) return "they need root: run as root or with sudo";
  return undefined;
}

function runFiles(
  files: string[],
  options: { name?: string; env: NodeJS.ProcessEnv },
): Promise<number> {
  const args = [
    "--import",
    "tsx",
    "--test-reporter",
    join(root, "tools/reporter.ts"),
    ...(options.name === undefined ? [] : ["--test-name-pattern", options.name]),
    join(root, "tools/run.ts"),
    ...files,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit", env: options.env });
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(signal === null ? (status ?? 1) : 1));
  });
}

function readCounts(path: string): Counts {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    const counts = JSON.parse(line) as Counts;
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  return total;
}

await runCommand(
  {
    help,
    options: {
      name: { type: "string" },
      seed: { type: "string" },
      update: { type: "boolean", default: false },
      pure: { type: "boolean", default: false },
    },
  },
  async (values, words) => {
    if (values.seed !== undefined) wholeNumber("--seed", values.seed);
    const isWanted = (path: string): boolean =>
      words.length === 0 || words.some((word) => path.includes(word));
    const tests = projectFiles().filter((path) => PURE_TEST.test(path) && isWanted(path));
    if (tests.length === 0) throw usageError(`no test file has ${words.join(" or ")} in its path`);
    const kernelTests = tests.filter((path) => KERNEL_TEST.test(path));
    const pureTests = tests.filter((path) => !KERNEL_TEST.test(path));
    const missing = values.pure ? "--pure leaves them out" : whyNoKernelTests();

    const cache = join(root, ".cache");
    mkdirSync(cache, { recursive: true });
    const counts = join(cache, `test-counts-${process.pid}`);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      CILIATE_TEST_COUNTS: counts,
      ...(values.seed === undefined ? {} : { CILIATE_SEED: values.seed }),
      ...(values.update ? { CILIATE_UPDATE: "1" } : {}),
    };
    const options = { env, ...(values.name === undefined ? {} : { name: values.name }) };

    // Kernel tests change namespaces and attach programs, so each file has a process of its own.
    const processes = pureTests.length > 0 ? [pureTests] : [];
    if (missing === undefined) processes.push(...kernelTests.map((path) => [path]));
    let failedProcesses = 0;
    for (const files of processes) {
      if ((await runFiles(files, options)) !== 0) failedProcesses += 1;
    }
    const total = readCounts(counts);
    rmSync(counts);
    // A process can fail with no test failing: a leak, a crash.
    if (failedProcesses > 0 && total.failed === 0) total.failed = failedProcesses;
    if (missing !== undefined && kernelTests.length > 0) {
      console.log(`Left out: ${kernelTests.length} files of kernel tests, because ${missing}.`);
    }
    const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
    console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
    return total.failed > 0 ? 1 : 0;
  },
);
