import { spawn } from "node:child_process";
import { join } from "node:path";
import { AppError } from "#base";
import { root } from "./files.ts";

interface ProgramResult {
  /** The exit code; 128 and more when a signal ended it. */
  status: number;
  /** What it wrote to stdout and stderr, as it came. */
  output: string;
}

interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Gets each line as it comes, without its end; the last also when it has none. */
  onLine?: (line: string) => void;
  /** Kills it, with no chance to say no. */
  signal?: AbortSignal;
}

/** The words that run one of the project's scripts. */
export function scriptCommand(path: string, ...args: string[]): [string, ...string[]] {
  return [process.execPath, "--import", "tsx", join(root, path), ...args];
}

/** The words that run a program of an npm package. */
export function packageCommand(program: string, ...args: string[]): [string, ...string[]] {
  return [join(root, "node_modules/.bin", program), ...args];
}

/** Runs a program to its end, from the root unless told otherwise, with nothing to read. */
export function run(
  [program, ...args]: readonly [string, ...string[]],
  options: RunOptions = {},
): Promise<ProgramResult> {
  const { cwd = root, env = process.env, onLine, signal: abort } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const lines = lineSplitter(onLine ?? (() => {}));
    const kill = (): void => void child.kill("SIGKILL");
    if (abort?.aborted) kill();
    abort?.addEventListener("abort", kill, { once: true });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        lines.write(text);
      });
    }
    child.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code === "ENOENT" ? "there is no such program" : error.message;
      reject(new AppError("no-program", `${program} cannot be run: ${reason}`, { cause: error }));
    });
    child.on("close", (status, signal) => {
      abort?.removeEventListener("abort", kill);
      lines.end();
      resolve({ status: signal === null ? (status ?? 1) : 128, output });
    });
  });
}

/** Cuts text that comes in pieces into lines. */
export function lineSplitter(onLine: (line: string) => void): {
  write: (text: string) => void;
  end: () => void;
} {
  let rest = "";
  return {
    write: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line);
    },
    end: () => {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
