// npm run bench: measurements, their record, and the page that shows them.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import {
  type Bench,
  benchOf,
  type BenchResult,
  benchResultOf,
  renderReport,
  type ReportFile,
  type Row,
  rowText,
} from "../bench/lib/index.ts";
import { runCommand, usageError, wholeNumber } from "./lib/command.ts";
import { describeFailure } from "./lib/failure.ts";
import { machineFacts } from "./lib/facts.ts";
import { cacheFolder, projectFiles, root } from "./lib/files.ts";
import { findNamed, importDefault, loadNamed, type NamedFile, namedFiles } from "./lib/named.ts";
import { progressPrinter, writeRecord } from "./lib/records.ts";
import { secondsSince } from "./lib/progress.ts";
import { table } from "./lib/table.ts";

const DEFAULT_ROUNDS = 9;

const help = `
Usage: npm run bench                               lists the benches
       npm run bench -- NAME... [--rounds N]       runs them (bench/NAME.bench.ts)
       npm run bench -- report [--check]           renders bench/README.md

Prints what it measures, and writes it into bench/results/NAME.json, from which the report is made.

  --rounds N   how many samples to take of each row (${DEFAULT_ROUNDS})
  --check      write nothing, and fail when the report is not what the results give
`;

async function loadBench(file: NamedFile): Promise<Bench> {
  return benchOf(file.path, await importDefault(file.path));
}

/** Why a bench cannot be loaded belongs in the list; the others can still be run. */
async function summaryOf(file: NamedFile): Promise<string> {
  try {
    return (await loadBench(file)).summary;
  } catch (error) {
    return `(${file.path} cannot be loaded: ${String(error).split("\n")[0]})`;
  }
}

async function list(files: readonly NamedFile[]): Promise<void> {
  if (files.length === 0) return console.log("There are no benches yet.");
  const rows = await Promise.all(files.map(async (file) => [file.name, await summaryOf(file)]));
  console.log(table(["bench", "what it measures"], rows, "ll"));
}

function printRows(rows: readonly Row[]): void {
  const cells = rows.map((each) => {
    const { value, spread, goal, isMet } = rowText(each);
    return [each.what, each.against ?? "", value, spread, goal, isMet];
  });
  console.log(table(["what", "against", "value", "spread", "goal", ""], cells, "llrrrl"));
}

async function runBench(file: NamedFile, rounds: number): Promise<void> {
  const { name } = file;
  const bench = await loadNamed(file, loadBench);
  const facts = machineFacts();
  cacheFolder();
  console.log(`${name}: ${bench.summary}`);
  const began = performance.now();
  const rows = await bench.run({ rounds, progress: progressPrinter(name) }).catch((error) => {
    const why = `${name} failed, and nothing is recorded:\n${describeFailure(error)}`;
    throw new AppError("bench", why, { cause: error });
  });
  printRows(rows);
  console.log(`${name} took ${secondsSince(began)}\n`);
  const given = rounds === DEFAULT_ROUNDS ? "" : ` --rounds ${rounds}`;
  const command = `npm run bench -- ${name}${given}`;
  const result = { name, summary: bench.summary, command, ...facts, rows };
  writeRecord(`bench/results/${name}.json`, result);
}

function namesIn(folder: string, suffix: string): string[] {
  const path = join(root, "bench", folder);
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(suffix)) : [];
}

function readResults(): BenchResult[] {
  return namesIn("results", ".json").map((name) => {
    const path = join(root, "bench/results", name);
    try {
      return benchResultOf(
        `bench/results/${name}`,
        JSON.parse(readFileSync(path, "utf8")) as unknown,
      );
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw AppError.wrap(`reading bench/results/${name}`, error);
    }
  });
}

/** The files of the report that are missing or not as they should be, and those too many. */
function staleFiles(files: readonly ReportFile[]): string[] {
  const stale = files.filter(({ path, text }) => {
    const absolute = join(root, "bench", path);
    return !existsSync(absolute) || readFileSync(absolute, "utf8") !== text;
  });
  const wanted = new Set(files.map(({ path }) => path));
  const tooMany = namesIn("plots", ".svg").map((name) => `plots/${name}`);
  return [...stale.map(({ path }) => path), ...tooMany.filter((path) => !wanted.has(path))];
}

function isBenchThere(result: string): boolean {
  return existsSync(join(root, "bench", result.replace(/\.json$/, ".bench.ts")));
}

function report(isCheck: boolean): number {
  const files = renderReport(readResults());
  if (isCheck) {
    const orphan = namesIn("results", ".json").find((name) => !isBenchThere(name));
    if (orphan !== undefined) {
      console.error(`bench/results/${orphan} is of no bench that is there: delete it.`);
      return 1;
    }
    const stale = staleFiles(files).map((path) => `bench/${path}`);
    if (stale.length === 0) return 0;
    console.error(`Not up to date: ${stale.join(", ")}; run "npm run bench -- report".`);
    return 1;
  }
  rmSync(join(root, "bench/plots"), { recursive: true, force: true });
  mkdirSync(join(root, "bench/plots"), { recursive: true });
  for (const { path, text } of files) writeFileSync(join(root, "bench", path), text);
  console.log(`Written: ${files.map(({ path }) => `bench/${path}`).join(", ")}`);
  return 0;
}

await runCommand(
  {
    help,
    options: { rounds: { type: "string" }, check: { type: "boolean", default: false } },
  },
  async (values, names) => {
    if (names[0] === "report") {
      if (names.length > 1) throw usageError(`report takes no names, not "${names[1]}"`);
      if (values.rounds !== undefined) throw usageError("--rounds does not go with report");
      return report(values.check);
    }
    if (values.check) throw usageError("--check goes with report");
    const files = namedFiles(
      projectFiles().filter((path) => path.startsWith("bench/")),
      ".bench.ts",
    );
    if (names.length === 0) {
      if (values.rounds !== undefined) throw usageError("--rounds goes with the name of a bench");
      await list(files);
      return 0;
    }
    const rounds =
      values.rounds === undefined ? DEFAULT_ROUNDS : wholeNumber("--rounds", values.rounds, 1);
    for (const file of names.map((name) => findNamed(files, "bench", name))) {
      await runBench(file, rounds);
    }
    console.log('To bring it into bench/README.md: "npm run bench -- report".');
    return 0;
  },
);
