import process from "node:process";
import { type ProgramSpec, runProgram } from "./program.ts";

/** What an entry does: runs the program with this process's words and streams. */
export async function runInProcess(spec: ProgramSpec): Promise<void> {
  // `cilium ... | head` closes the pipe early, which is no failure of the command.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  process.exitCode = await runProgram(spec, process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
}
