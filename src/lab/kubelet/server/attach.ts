import { closeSync, readFileSync, write } from "node:fs";
import type { WebSocket } from "ws";
import { resizeTerminalOf } from "../host/terminal.ts";
import type { ContainerRecord } from "../pod/record.ts";
import { Channel, Channels, exitStatus } from "./channels.ts";
import type { ExecRequest } from "./exec.ts";

/** The streams of a container's own program on a WebSocket, from now on and until it ends. */
export function serveAttach(
  socket: WebSocket,
  record: ContainerRecord,
  request: ExecRequest,
): void {
  const { process, container } = record;
  const isForGood = container.stdinOnce === true && container.tty !== true;
  let stdin: number | undefined;
  const closeInput = (): void => {
    if (stdin === undefined) return;
    closeSync(stdin);
    stdin = undefined;
    if (isForGood) process?.closeStdin();
  };
  const channels = new Channels(socket, {
    onStdin: (bytes) => {
      if (stdin !== undefined) write(stdin, bytes, () => {});
    },
    // What closes with the first client is closed for good, and the rest of its output awaited;
    // else the next one may go on.
    onStdinEnd: () => {
      closeInput();
      if (!isForGood) channels.finish(exitStatus(0, socket.protocol));
    },
    onResize: (columns, rows) => resizeProgram(process?.pid, columns, rows),
    onClose: () => {
      listening?.[Symbol.dispose]();
      closeInput();
    },
  });
  const listening = process?.listen((stream, bytes) => {
    if (stream === "stdout" ? request.hasStdout : request.hasStderr) {
      channels.send(stream === "stdout" ? Channel.stdout : Channel.stderr, bytes);
    }
  });
  if (process === undefined) return;
  if (request.hasStdin && container.stdin === true) stdin = process.openStdin();
  // How it ended is told by the pod's status; attaching has succeeded.
  void process.ended.then(() => channels.finish(exitStatus(0, socket.protocol)));
}

/** The container's first process holds the terminal's other end: its child has the terminal. */
function resizeProgram(pid: number | undefined, columns: number, rows: number): void {
  if (pid === undefined) return;
  for (const child of childrenOf(pid)) resizeTerminalOf(child, columns, rows);
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  } catch {
    return [];
  }
}
