import process from "node:process";
import type { Command } from "commander";
import { execInPod } from "#lab";
import { ExitStatus, type Streams } from "../../program.ts";
import { addNameOption, addNamespaceOption, withClient } from "./call.ts";

interface ExecOptions {
  readonly name: string;
  readonly namespace: string;
  readonly container?: string;
  readonly stdin: boolean;
  readonly tty: boolean;
}

const FALLBACK_SIZE = { columns: 80, rows: 24 };

export function define(command: Command, _streams: Streams): void {
  addNamespaceOption(addNameOption(command))
    .usage("[options] POD -- COMMAND [ARGUMENTS...]")
    .argument("<pod>", "the pod's name")
    .argument("<command...>", "what to run in it")
    .option("-c, --container <name>", "which of its containers")
    .option("-i, --stdin", "pass standard input on", false)
    .option("-t, --tty", "give it a terminal", false)
    .action(async (pod: string, words: readonly string[], options: ExecOptions) => {
      const status = await withClient(options.name, async (client) => {
        const isTerminal = options.tty && process.stdin.isTTY;
        if (isTerminal) process.stdin.setRawMode(true);
        try {
          return await execInPod(client, {
            namespace: options.namespace,
            pod,
            container: options.container,
            command: words,
            isTerminal,
            input: options.stdin ? process.stdin : undefined,
            out: (bytes) => void process.stdout.write(bytes),
            err: (bytes) => void process.stderr.write(bytes),
            size: terminalSize,
            onResize: (call) => void process.stdout.on("resize", call),
          });
        } finally {
          if (isTerminal) process.stdin.setRawMode(false);
          // Standard input that nobody has ended would keep this process.
          if (options.stdin) process.stdin.destroy();
        }
      });
      if (status !== 0) throw new ExitStatus(status);
    });
}

function terminalSize(): { columns: number; rows: number } {
  const { columns, rows, isTTY } = process.stdout;
  return isTTY ? { columns, rows } : FALLBACK_SIZE;
}
