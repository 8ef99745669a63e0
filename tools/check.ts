// npm run check: everything that holds of the tree without running it.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runCommand, usageError } from "./lib/command.ts";
import { dependencyProblems, type Lock, type Manifest } from "./lib/dependencies.ts";
import { projectFiles, root } from "./lib/files.ts";
import { packageCommand, run, scriptCommand } from "./lib/process.ts";
import { announce } from "./lib/progress.ts";
import { runSteps, type Step, type StepResult } from "./lib/steps.ts";

const help = `
Usage: npm run check -- [STEP...]

Checks what can be seen without running the program; with STEPs, only those:

  types     the compiler's opinion (tsc)
  lint      oxlint's, with types
  format    files are as "npm run format" leaves them
  tidy      the rules of the house: imports between modules, dead files, unused exports, ...
  lock      package-lock.json is as "npm run lock" leaves it; dependencies are used and explained
  bpf       objects are what today's sources give (rebuilt where clang-19 is), and src/abi is theirs
  report    bench/README.md shows what is in bench/results
  bundles   the programs build, start, and keep to their budgets
`;

type Command = readonly [string, ...string[]];

/** `advice` is the last line of what a failure prints. */
const programStep = (name: string, command: Command, advice = ""): Step => ({
  name,
  run: async () => {
    const { status, output } = await run(command);
    return { isOk: status === 0, output: `${output}\n${advice}` };
  },
});

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Code that may use a package: not this workshop's tests, which name packages in examples. */
const CODE = /^(src|test|bench)\/.*\.ts$|^tools\/.*(?<!\.test)\.m?[tj]s$/;

async function checkLock(): Promise<StepResult> {
  // A variable, because the script is plain JavaScript, of which the compiler knows no types.
  const script: string = "../tools/lock.mjs";
  const { completeLock } = (await import(script)) as { completeLock: (lock: Lock) => Lock };
  const text = read("package-lock.json");
  const lock = JSON.parse(text) as Lock;
  const problems = dependencyProblems({
    manifest: JSON.parse(read("package.json")) as Manifest,
    lock,
    code: projectFiles()
      .filter((path) => CODE.test(path))
      .map(read),
    contributing: read("CONTRIBUTING.md"),
  });
  if (text !== `${JSON.stringify(completeLock(lock), null, 2)}\n`) {
    problems.push('package-lock.json is not complete: run "npm run lock".');
  }
  return { isOk: problems.length === 0, output: problems.join("\n") };
}

// Those that take longest come first, so that none of them runs alone at the end.
const steps: readonly Step[] = [
  programStep("types", packageCommand("tsc", "--project", ".")),
  programStep("lint", packageCommand("oxlint")),
  programStep("bundles", scriptCommand("tools/build.ts", "--check")),
  programStep("tidy", scriptCommand("tools/tidy.ts")),
  programStep("bpf", scriptCommand("tools/bpf.ts", "--check")),
  programStep("report", scriptCommand("tools/bench.ts", "report", "--check")),
  programStep("format", packageCommand("biome", "format", "."), 'Run "npm run format".'),
  { name: "lock", run: checkLock },
];

function chosenSteps(words: readonly string[]): readonly Step[] {
  const names = steps.map(({ name }) => name);
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) {
    throw usageError(`there is no step "${unknown}": there are ${names.join(", ")}`);
  }
  return words.length === 0 ? steps : steps.filter(({ name }) => words.includes(name));
}

await runCommand({ help, options: {} }, async (_, words) => {
  const chosen = chosenSteps(words);
  const running = new Set<string>();
  const limit = Math.min(2, availableParallelism());
  const results = await announce(
    () => `  running ${[...running].join(" and ")}`,
    () =>
      runSteps(chosen, limit, {
        onStart: (name) => running.add(name),
        onEnd: ({ name, isOk, seconds }) => {
          running.delete(name);
          console.log(
            `  ${isOk ? "✓" : "✗"} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(5)} s`,
          );
        },
      }),
  );
  const failed = results.filter(({ isOk }) => !isOk);
  for (const { name, output } of failed) {
    console.log(`\n✗ ${name}\n${output.trim() || "(it failed without a word)"}`);
  }
  const names = failed.map(({ name }) => name).join(", ");
  console.log(failed.length === 0 ? "All checks pass" : `\nFailed: ${names}`);
  return failed.length === 0 ? 0 : 1;
});
