// npm run soak: long runs that look for what short tests miss.
import { randomInt } from "node:crypto";
import { soakOf, type Soak } from "#test";
import { runCommand, usageError, wholeNumber } from "./lib/command.ts";
import { describeFailure } from "./lib/failure.ts";
import { machineFacts } from "./lib/facts.ts";
import { projectFiles } from "./lib/files.ts";
import { findNamed, importDefault, loadNamed, type NamedFile, namedFiles } from "./lib/named.ts";
import { secondsSince } from "./lib/progress.ts";
import { progressPrinter, writeRecord } from "./lib/records.ts";
import { table } from "./lib/table.ts";

const help = `
Usage: npm run soak                                         lists the soaks
       npm run soak -- NAME [--seed N] [--minutes M]        runs one

Runs the soak NAME (the file NAME.soak.ts) at its large size and writes what came of it into
test/results/NAME.json. Its small size is part of npm test.

  --seed N       the seed of all its chance (new each time, and printed)
  --minutes M    stop after so long, and try that long what goes by time
`;

async function loadSoak(file: NamedFile): Promise<Soak> {
  return soakOf(file.path, await importDefault(file.path));
}

/** Why a soak cannot be loaded belongs in the list; the others can still be run. */
async function summaryOf(file: NamedFile): Promise<string> {
  try {
    return (await loadSoak(file)).summary;
  } catch (error) {
    return `(${file.path} cannot be loaded: ${String(error).split("\n")[0]})`;
  }
}

async function list(files: readonly NamedFile[]): Promise<void> {
  if (files.length === 0) return console.log("There are no soaks yet.");
  const rows = await Promise.all(files.map(async (file) => [file.name, await summaryOf(file)]));
  console.log(table(["soak", "what it tries"], rows, "ll"));
}

interface Run {
  seed: number;
  minutes: number | undefined;
}

async function runLarge(file: NamedFile, { seed, minutes }: Run): Promise<number> {
  const soak = await loadNamed(file, loadSoak);
  const { name } = file;
  const time = minutes === undefined ? "" : ` --minutes ${minutes}`;
  const command = `npm run soak -- ${name} --seed ${seed}${time}`;
  // The facts first: the tree may change while the soak runs, but what runs is loaded by now.
  const facts = machineFacts();
  console.log(`${name}: ${soak.summary}; seed ${seed}`);
  const began = performance.now();
  const finish = (result: object): void => {
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    writeRecord(`test/results/${name}.json`, { name, ...result, seed, command, ...facts, seconds });
  };
  const deadline = minutes === undefined ? {} : { deadlineMs: Date.now() + minutes * 60_000 };
  try {
    const outcome = await soak.run("large", {
      seed,
      ...deadline,
      progress: progressPrinter(name),
    });
    finish({ passed: true, outcome });
    console.log(JSON.stringify(outcome, null, 2));
    console.log(`${name} passed in ${secondsSince(began)}`);
    return 0;
  } catch (error) {
    const failure = describeFailure(error);
    finish({ passed: false, failure: failure.split("\n") });
    console.error(failure);
    console.error(`${name} failed after ${secondsSince(began)}. Again: ${command}`);
    return 1;
  }
}

function positiveNumber(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value > 0 && value < Infinity)) {
    throw usageError(`${option} takes a number above 0, not "${text}"`);
  }
  return value;
}

await runCommand(
  { help, options: { seed: { type: "string" }, minutes: { type: "string" } } },
  async (values, [name, ...more]) => {
    if (more.length > 0) throw usageError(`one soak at a time, so "${more[0]}" is too many`);
    const files = namedFiles(projectFiles(), ".soak.ts");
    const { seed, minutes } = values;
    if (name === undefined) {
      const option = seed !== undefined ? "--seed" : minutes !== undefined ? "--minutes" : "";
      if (option !== "") throw usageError(`${option} goes with the name of a soak`);
      await list(files);
      return 0;
    }
    return runLarge(findNamed(files, "soak", name), {
      seed: seed === undefined ? randomInt(2 ** 31) : wholeNumber("--seed", seed),
      minutes: minutes === undefined ? undefined : positiveNumber("--minutes", minutes),
    });
  },
);
