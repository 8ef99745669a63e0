import { Command, CommanderError } from "commander";
import { AppError } from "#base";

/** Where a command line writes and reads; tests put strings in the place of the process's streams. */
export interface Streams {
  out: (text: string) => void;
  err: (text: string) => void;
  /** All of standard input; absent where there is none to read. */
  input?: () => Promise<Uint8Array>;
  /** The width of the terminal that `out` is; absent where it is none. */
  terminalColumns?: number | undefined;
}

/** The module of one command, loaded only when the command is called or asked for its help. */
interface CommandModule {
  /** Adds arguments, options and the action. */
  define(command: Command, streams: Streams): void;
}

export interface CommandEntry {
  name: string;
  /** For the list in `--help`, so that printing it loads no command. */
  summary: string;
  /** Left out of the list: what programs call and people do not. */
  isHidden?: boolean;
  load: () => Promise<CommandModule>;
}

export interface ProgramSpec {
  name: string;
  description: string;
  commands: readonly CommandEntry[];
  /** The call that `-v` and `--version` stand for. */
  versionCall: readonly string[];
}

/** Ends a command with an exit code of its own, once everything is said. */
export class ExitStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit code ${status}`);
    this.status = status;
  }
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
    if (error instanceof ExitStatus) return error.status;
    // Commander has said it already; what it throws only carries the exit code.
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof AppError)) throw error;
    streams.err(`Error: ${error.message}\n`);
    return 1;
  }
}

/** Adds commands that load their modules when they are called. */
export function addCommands(
  parent: Command,
  commands: readonly CommandEntry[],
  streams: Streams,
): void {
  for (const { name, summary, isHidden = false } of commands) {
    parent.command(name, { hidden: isHidden }).description(summary);
  }
  parent.hook("preSubcommand", async (_, command) => {
    const entry = commands.find(({ name }) => name === command.name());
    if (entry === undefined) return;
    (await entry.load()).define(command, streams);
  });
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
  addCommands(program, spec.commands, streams);
  addHelpCommand(program);
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
