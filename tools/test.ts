// npm test: every test that can run where it is.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { counted, runCommand, usageError, wholeNumber } from "./lib/command.ts";
import { cacheFolder, fromRoot, projectFiles, root } from "./lib/files.ts";
import { RunWatcher } from "./lib/run-watcher.ts";
import { LEAK_CHECK, type Running, testTimeoutMs } from "./lib/test-process.ts";

const help = `
Usage: npm test -- [OPTIONS] [WORD...]

Runs every test that can run here; with WORDs, the files whose path contains one of them
(absolute and ./relative paths too).
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
  const { name, env } = options;
  const args = [
    "--import",
    "tsx",
    "--test-reporter",
    join(root, "tools/reporter.ts"),
    ...(name === undefined ? [] : [name, `^${LEAK_CHECK}\\0`]).flatMap((pattern) => [
      "--test-name-pattern",
      pattern,
    ]),
    join(root, "tools/run.ts"),
    ...files,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env,
    });
    const watcher = new RunWatcher({
      timeoutMs: testTimeoutMs,
      say: (sentence) => console.log(`    ${sentence}`),
      end: () => void child.kill("SIGKILL"),
    });
    child.on("message", (running) => watcher.onRunning(running as Running));
    child.on("error", reject);
    child.on("close", (status, signal) => {
      watcher.stop();
      resolve(signal === null ? (status ?? 1) : 1);
    });
  });
}

/** Undefined when no process came as far as to write any. */
function readCounts(path: string): Counts | undefined {
  if (!existsSync(path)) return undefined;
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const line of readFileSync(path, "utf8").split("\n")) {
    if (line === "") continue;
    const counts = JSON.parse(line) as Counts;
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  rmSync(path);
  return total;
}

function checkPattern(pattern: string): void {
  try {
    RegExp(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(`--name takes a regular expression, and "${pattern}" is none (${why})`);
  }
}

function chooseTests(words: readonly string[]): string[] {
  const wanted = words.map((word) => fromRoot(word));
  const tests = projectFiles().filter(
    (path) =>
      PURE_TEST.test(path) && (wanted.length === 0 || wanted.some((word) => path.includes(word))),
  );
  if (tests.length === 0) throw usageError(`no test file has ${words.join(" or ")} in its path`);
  return tests;
}

interface Plan {
  /** The files of each process. */
  processes: string[][];
  /** What to say of the files that are left out. */
  leftOut: string | undefined;
}

function makePlan(tests: readonly string[], isPure: boolean): Plan {
  const kernelTests = tests.filter((path) => KERNEL_TEST.test(path));
  const pureTests = tests.filter((path) => !KERNEL_TEST.test(path));
  const missing = isPure ? "--pure leaves them out" : whyNoKernelTests();
  const processes = pureTests.length > 0 ? [pureTests] : [];
  // Kernel tests change namespaces and attach programs, so each file has a process of its own.
  if (missing === undefined) processes.push(...kernelTests.map((path) => [path]));
  const isAny = missing !== undefined && kernelTests.length > 0;
  const files = counted(kernelTests.length, "file");
  return {
    processes,
    leftOut: isAny ? `Left out: ${files} of kernel tests, because ${missing}.` : undefined,
  };
}

/** Runs the processes one after the other; a failed one makes at least one failure. */
async function runAll(
  processes: readonly string[][],
  options: { name?: string; env: NodeJS.ProcessEnv },
): Promise<Counts> {
  const total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const files of processes) {
    const counts = join(cacheFolder(), `test-counts-${process.pid}`);
    const env = { ...options.env, CILIATE_TEST_COUNTS: counts };
    const status = await runFiles(files, { ...options, env });
    const each = readCounts(counts);
    if (each === undefined) {
      console.log("The process that ran the tests ended before it could count them.");
    } else if (status !== 0 && each.failed === 0) {
      const what = counted(files.length, "file");
      console.log(`The process of ${what} from ${files[0]} on ended with exit code ${status}.`);
    }
    total.passed += each?.passed ?? 0;
    total.skipped += each?.skipped ?? 0;
    // A process can fail with no test failing: a crash.
    total.failed += Math.max(each?.failed ?? 0, status === 0 && each !== undefined ? 0 : 1);
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
  async ({ name, seed, update, pure }, words) => {
    if (seed !== undefined) wholeNumber("--seed", seed);
    if (name !== undefined) checkPattern(name);
    const { processes, leftOut } = makePlan(chooseTests(words), pure);
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      ...(seed === undefined ? {} : { CILIATE_SEED: seed }),
      ...(update ? { CILIATE_UPDATE: "1" } : {}),
    };
    const { passed, failed, skipped } = await runAll(processes, {
      env,
      ...(name === undefined ? {} : { name }),
    });
    if (leftOut !== undefined) console.log(leftOut);
    const isNone = name !== undefined && processes.length > 0 && passed + failed + skipped === 0;
    if (isNone) console.error(`No test's name matches ${name}.`);
    console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
    return failed > 0 || isNone ? 1 : 0;
  },
);
