/** How commands speak to the supervisor: a line of JSON each way over a socket of root's. */
import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { AppError, DecodeError } from "#base";
import type { ProcessStatus } from "./managed-process.ts";

/** A question is one word; an answer is about a hundred nodes at most. */
const MAX_LINE_BYTES = 1024 * 1024;
const ACTIONS = ["status", "reconcile"] as const;
type Action = (typeof ACTIONS)[number];

export interface SupervisorStatus {
  readonly processes: readonly ProcessStatus[];
  /** What could not be brought about, and is tried again. */
  readonly problems: readonly string[];
}

type ControlHandlers = Readonly<Record<Action, () => Promise<SupervisorStatus>>>;

export async function serveControl(
  path: string,
  handlers: ControlHandlers,
): Promise<AsyncDisposable> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    void answer(socket, handlers);
  });
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o600);
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(socket: Socket, handlers: ControlHandlers): Promise<void> {
  try {
    const action = decodeRequest(await readLine(socket));
    socket.end(`${JSON.stringify({ status: await handlers[action]() })}\n`);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    socket.end(`${JSON.stringify({ error: message })}\n`);
  }
}

export function decodeRequest(line: string): Action {
  const action = ACTIONS.find((each) => each === line);
  if (action === undefined) throw new DecodeError(`a question is one of ${ACTIONS.join(", ")}`, 0);
  return action;
}

/** Asks the supervisor behind the socket; undefined where none listens. */
export async function askSupervisor(
  path: string,
  action: Action,
): Promise<SupervisorStatus | undefined> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    socket.write(`${action}\n`);
    return decodeAnswer(await readLine(socket));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"].includes(code)) return undefined;
    throw error;
  } finally {
    socket.destroy();
  }
}

/** The other side is this program, perhaps of another version. */
export function decodeAnswer(line: string): SupervisorStatus {
  let answered: { status?: Partial<SupervisorStatus>; error?: unknown };
  try {
    answered = Object(JSON.parse(line)) as typeof answered;
  } catch (cause) {
    throw new DecodeError("the supervisor's answer is no JSON", 0, { cause });
  }
  if (typeof answered.error === "string") throw new AppError("supervisor", answered.error);
  const { processes, problems } = Object(answered.status) as Partial<SupervisorStatus>;
  if (!Array.isArray(processes) || !Array.isArray(problems)) {
    throw new DecodeError("the supervisor's answer has no status", 0);
  }
  return { processes: processes.map(decodeProcess), problems: problems.map(String) };
}

function decodeProcess(value: unknown): ProcessStatus {
  const { name, pid, restarts } = Object(value) as Partial<ProcessStatus>;
  return {
    name: String(name),
    pid: typeof pid === "number" ? pid : undefined,
    restarts: Number(restarts),
  };
}

async function readLine(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  // The answer goes out by the same socket, so that it must not be destroyed after reading.
  const incoming = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of incoming) {
    const end = chunk.indexOf("\n");
    if (end >= 0) return Buffer.concat([...chunks, chunk.subarray(0, end)]).toString("utf8");
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_LINE_BYTES) throw new DecodeError("a line is too long", MAX_LINE_BYTES);
  }
  throw new DecodeError("a line is not whole", size);
}
