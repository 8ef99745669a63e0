import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import type { WebSocket } from "ws";
import { execArguments } from "../host/exec.ts";
import { Terminal } from "../host/terminal.ts";
import type { ContainerRecord } from "../pod/record.ts";
import type { RunnerPod } from "../pod/runner.ts";
import { Channel, Channels, exitStatus, failureStatus } from "./channels.ts";

export interface ExecRequest {
  readonly command: readonly string[];
  readonly hasStdin: boolean;
  readonly hasStdout: boolean;
  readonly hasStderr: boolean;
  readonly hasTty: boolean;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** Runs a program in a container, with its streams on a WebSocket. */
export function serveExec(
  socket: WebSocket,
  record: ContainerRecord,
  here: RunnerPod,
  request: ExecRequest,
): void {
  let argv: string[];
  try {
    argv = execArguments(record, here, request.command, request.hasTty);
  } catch (error) {
    const none = { onStdin() {}, onStdinEnd() {}, onResize() {}, onClose() {} };
    const why = error instanceof Error ? error.message : String(error);
    const cause = `error executing command in container: ${why}`;
    new Channels(socket, none).finish(failureStatus(cause, socket.protocol));
    return;
  }
  const pid = record.process?.pid;
  if (request.hasTty && pid !== undefined) execInTerminal(socket, argv, pid, request);
  else execWithPipes(socket, argv, request);
}

function execWithPipes(socket: WebSocket, argv: readonly string[], request: ExecRequest): void {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    stdio: [request.hasStdin ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  const { stdin, stdout, stderr } = child;
  stdin?.on("error", () => {});
  const channels = new Channels(socket, {
    onStdin: (bytes) => void stdin?.write(bytes),
    onStdinEnd: () => stdin?.end(),
    onResize() {},
    onClose: () => release([stdin, stdout, stderr]),
  });
  connect(channels, stdout, request.hasStdout, Channel.stdout);
  connect(channels, stderr, request.hasStderr, Channel.stderr);
  report(child, channels, request.command);
}

/** What nobody asked for is read all the same, so that the program can write it. */
function connect(
  channels: Channels,
  stream: Readable | null,
  isAsked: boolean,
  channel: number,
): void {
  if (stream === null) return;
  if (isAsked) channels.pipe(stream, channel);
  else stream.resume();
}

/** Nobody listens any more: the program goes on, and finds out when it writes. */
function release(streams: readonly (Readable | Writable | null)[]): void {
  for (const stream of streams) stream?.destroy();
}

function execInTerminal(
  socket: WebSocket,
  argv: readonly string[],
  pid: number,
  { hasStdin, command }: ExecRequest,
): void {
  const terminal: Terminal = new Terminal(pid, (bytes) =>
    channels.sendFrom(terminal.reader, Channel.stdout, bytes),
  );
  const channels = new Channels(socket, {
    onStdin: (bytes) => {
      if (hasStdin) terminal.write(bytes);
    },
    onStdinEnd() {},
    onResize: (columns, rows) => terminal.resize(columns, rows),
    onClose: () => terminal[Symbol.dispose](),
  });
  const { slave } = terminal;
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { stdio: [slave, slave, slave], detached: true });
  closeSync(slave);
  report(child, channels, command, terminal.reader.closed);
}

/** What a terminal still holds may take so long to come after the program has ended. */
const DRAIN_MS = 200;

function report(
  child: ChildProcess,
  channels: Channels,
  command: readonly string[],
  drained?: Promise<void>,
): void {
  const { protocol } = channels;
  child.once("error", (error) => channels.finish(failureStatus(error.message, protocol)));
  const event = drained === undefined ? "close" : "exit";
  child.once(event, (code: number | null, signal: string | null) => {
    const exitCode = code ?? 128 + (SIGNALS[signal ?? ""] ?? 0);
    const late = new Promise((resolve) => {
      setTimeout(resolve, DRAIN_MS);
    });
    void Promise.race([drained ?? Promise.resolve(), late]).then(() =>
      channels.finish(exitStatus(exitCode, protocol, command)),
    );
  });
}
