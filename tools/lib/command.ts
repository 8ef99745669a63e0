import { parseArgs, type ParseArgsConfig } from "node:util";
import { AppError } from "#base";

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
    const message = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw usageError(message ?? "bad arguments");
  }
}

/** A call with the wrong words: exit code 2, and where to read the right ones. */
export function usageError(message: string): AppError {
  return new AppError("usage", `${message}: see --help.`);
}

/** A whole number given as text, or a usage error that names the option. */
export function wholeNumber(option: string, text: string, min = 0): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < min) {
    throw usageError(`${option} takes a whole number of at least ${min}, not "${text}"`);
  }
  return value;
}
