// npm run build: the programs, as bundles in dist/.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import { type BudgetResult, budgetFailures, bundle, kilobytes } from "./lib/bundle.ts";
import { buildLibrary } from "./lib/library.ts";
import { noWords, runCommand } from "./lib/command.ts";
import { entryPoints, startBudgets } from "./lib/entry-points.ts";
import { cacheFolder, root } from "./lib/files.ts";
import { announce } from "./lib/progress.ts";
import { run } from "./lib/process.ts";
import { table } from "./lib/table.ts";

const help = `
Usage: npm run build -- [--check]

Bundles every program into dist/, and the library with its types (ciliate/ebpf); prints what each makes Node load at its start, and fails when
that is more than its budget (tools/lib/entry-points.ts).

  --check   build into a temporary folder and leave dist/ as it is
`;

/** A bundle that does not even print its help has lost a module. */
async function checkStarts(folder: string): Promise<void> {
  for (const name of Object.keys(entryPoints)) {
    const { status, output } = await run([process.execPath, join(folder, `${name}.js`), "--help"]);
    if (status !== 0) throw new AppError("build", `dist/${name}.js does not start:\n${output}`);
  }
}

async function buildInto(folder: string): Promise<BudgetResult[]> {
  const sizes = await bundle(entryPoints, folder).catch((error: unknown) => {
    throw AppError.wrap("building the bundles", error);
  });
  await checkStarts(folder);
  await buildLibrary(folder);
  return sizes.map((size) => ({ ...size, budget: startBudgets[size.name] }));
}

function printSizes(results: readonly BudgetResult[]): void {
  const rows = results.map(({ name, startBytes, budget, allBytes }) => [
    name,
    kilobytes(startBytes),
    budget === undefined ? "none" : kilobytes(budget),
    kilobytes(allBytes),
  ]);
  console.log(table(["program", "at its start", "budget", "in all"], rows, "lrrr"));
}

await runCommand(
  { help, options: { check: { type: "boolean", default: false } } },
  async (values, words) => {
    noWords(words);
    const folder = join(root, values.check ? `.cache/build-check-${process.pid}` : "dist");
    cacheFolder();
    try {
      const results = await announce("Building", () => buildInto(folder));
      printSizes(results);
      const failures = budgetFailures(results);
      for (const sentence of failures) console.error(sentence);
      return failures.length > 0 ? 1 : 0;
    } finally {
      if (values.check) rmSync(folder, { recursive: true, force: true });
    }
  },
);
