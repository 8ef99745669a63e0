import { parseArgs, type ParseArgsConfig } from "node:util";
import { AppError } from "#base";
import { endWhenNobodyReads } from "./pipe.ts";

type OptionsConfig = NonNullable<ParseArgsConfig["options"]>;

interface CommandSpec<Options extends OptionsConfig> {
  /** What to print for `--help`: usage, a sentence, the options. */
  help: string;
  options: Options;
}

type Parsed<Options extends OptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options; allowPositionals: true; strict: true }>
>;

/**
 * The frame of every script in tools/: arguments, `--help`, and errors as one sentence.
 * `main` answers the exit code.
 */
export async function runCommand<const Options extends OptionsConfig>(
  spec: CommandSpec<Options>,
  main: (values: Parsed<Options>["values"], positionals: string[]) => Promise<number> | number,
): Promise<void> {
  endWhenNobodyReads();
  try {
    const args = process.argv.slice(2);
    if (args.includes("--help") || args.includes("-h")) {
      console.log(spec.help.trim());
      return;
    }
    const parsed = parse(spec, args);
    process.exitCode = await main(parsed.values, parsed.positionals);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    console.error(error.message);
    process.exitCode = error.code === "usage" ? 2 : 1;
  }
}

function parse<const Options extends OptionsConfig>(
  spec: CommandSpec<Options>,
  args: string[],
): Parsed<Options> {
  try {
    return parseArgs({ args, options: spec.options, allowPositionals: true, strict: true });
  } catch (error) {
    throw usageError(argumentProblem(error instanceof Error ? error.message : String(error)));
  }
}

/** What Node says about arguments, in the part of it that is of use. */
export function argumentProblem(message: string): string {
  const ambiguous = /^Option '(?:-\w, )?(--[\w-]+)[^']*' argument is ambiguous/.exec(message);
  if (ambiguous !== null) return `${ambiguous[1]} takes a value that does not begin with a dash`;
  return message.split(/\. |\n/)[0] ?? "bad arguments";
}

/** A call with the wrong words: exit code 2, and where to read the right ones. */
export function usageError(message: string): AppError {
  return new AppError("usage", `${message}: see ${helpCall(process.env["npm_lifecycle_event"])}.`);
}

/** How people ask for the help of a script that npm calls by `script`. */
export function helpCall(script: string | undefined): string {
  if (script === undefined || script === "npx") return "--help";
  return script === "test" ? `"npm test -- --help"` : `"npm run ${script} -- --help"`;
}

/** Refuses every word, for commands that take none. */
export function noWords(words: readonly string[]): void {
  if (words.length > 0) throw usageError(`"${words[0]}" is one word too many`);
}

/** A whole number given as text, or a usage error that names the option. */
export function wholeNumber(option: string, text: string, min = 0): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min) {
    throw usageError(`${option} takes a whole number of at least ${min}, not "${text}"`);
  }
  if (!Number.isSafeInteger(value)) {
    throw usageError(`${option} takes a number up to ${Number.MAX_SAFE_INTEGER}, not ${text}`);
  }
  return value;
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
