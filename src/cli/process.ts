import process from "node:process";
import { AppError } from "#base";
import { type ProgramSpec, runProgram } from "./program.ts";

/** More than any cluster's manifests; what is larger is a mistake in a pipe. */
const MAX_INPUT_BYTES = 256 * 1024 * 1024;

/** The output is not whole, so nobody may take it for an answer. */
const EXIT_UNWRITTEN = 2;

/** What an entry does: runs the program with this process's words and streams. */
export async function runInProcess(spec: ProgramSpec): Promise<void> {
  // `cilium ... | head` closes the pipe early, which is no failure of the command.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    process.stderr.write(`Error: Cannot write the output: ${error.message}.\n`);
    process.exit(EXIT_UNWRITTEN);
  });
  process.exitCode = await runProgram(spec, process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    input: readStandardInput,
    terminalColumns: process.stdout.isTTY ? process.stdout.columns : undefined,
  });
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) {
      throw new AppError("too-large", `Standard input has more than ${MAX_INPUT_BYTES} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
