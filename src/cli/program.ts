import { Command, CommanderError } from "commander";
import { AppError } from "#base";

/** Where a command line writes; tests put strings in the place of the process's streams. */
export interface Streams {
  out: (text: string) => void;
  err: (text: string) => void;
}

/** The module of one command, loaded only when the command is called or asked for its help. */
interface CommandModule {
  /** Adds arguments, options and the action. */
  define(command: Command, streams: Streams): void;
}

interface CommandEntry {
  name: string;
  /** For the list in `--help`, so that printing it loads no command. */
  summary: string;
  load: () => Promise<CommandModule>;
}

export interface ProgramSpec {
  name: string;
  description: string;
  commands: readonly CommandEntry[];
  /** The call that `-v` and `--version` stand for. */
  versionCall: readonly string[];
}

/**
 * Runs a command line and answers its exit code. Wrong words and AppErrors are told in a sentence;
 * a mistake of the program itself is thrown on.
 */
export async function runProgram(
  spec: ProgramSpec,
  args: readonly string[],
  streams: Streams,
): Promise<number> {
  const program = createProgram(spec, streams);
  try {
    await program.parseAsync(wholeCall(spec, args), { from: "user" });
    return 0;
  } catch (error) {
    // Commander has said it already; what it throws only carries the exit code.
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof AppError)) throw error;
    streams.err(`Error: ${error.message}\n`);
    return 1;
  }
}

function wholeCall(spec: ProgramSpec, args: readonly string[]): string[] {
  if (args.length === 0) return ["--help"];
  const isVersion = args.length === 1 && (args[0] === "-v" || args[0] === "--version");
  return isVersion ? [...spec.versionCall] : [...args];
}

function createProgram(spec: ProgramSpec, streams: Streams): Command {
  const program = new Command(spec.name)
    .description(spec.description)
    .helpCommand(false)
    .option("-v, --version", `the same as "${spec.versionCall.join(" ")}"`)
    .exitOverride()
    .configureOutput({
      writeOut: streams.out,
      writeErr: streams.err,
      outputError: (text, write) => write(text.replace(/^error: /, "Error: ")),
    });
  for (const { name, summary } of spec.commands) program.command(name).description(summary);
  addHelpCommand(program);

  program.hook("preSubcommand", async (_, command) => {
    const entry = spec.commands.find(({ name }) => name === command.name());
    if (entry === undefined) return;
    (await entry.load()).define(command, streams);
  });
  return program;
}

/** Commander's own would print the help of a command whose options are not loaded yet. */
function addHelpCommand(program: Command): void {
  program
    .command("help [command...]")
    .description("Help about any command")
    .action(async (words: string[]) => {
      const isKnown = program.commands.some((command) => command.name() === words[0]);
      // An unknown command, taken as the call it is not, is refused with a suggestion.
      const args = words.length > 0 && !isKnown ? words : [...words, "--help"];
      await program.parseAsync(args, { from: "user" });
    });
}
