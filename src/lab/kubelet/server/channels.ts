import { Buffer } from "node:buffer";
import type { RawData, WebSocket } from "ws";

/** The channels of v4 and v5.channel.k8s.io: the first byte of each message names one. */
export const Channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** What kubelets translate for runtimes, which do not know it. */
const TRANSLATED = "v5.channel.k8s.io";
export const REMOTE_COMMAND_PROTOCOLS = [TRANSLATED, "v4.channel.k8s.io"];
const INTERNAL = "Internal error occurred: ";

/** More than that, not yet taken by the client, and the container has to wait. */
const MAX_BUFFERED_BYTES = 1024 * 1024;
const NORMAL_CLOSURE = 1000;
const DRAIN_MS = 20;

/** What can be made to wait. */
interface Source {
  pause(): void;
  resume(): void;
}

interface ChannelHandlers {
  onStdin(bytes: Buffer): void;
  onStdinEnd(): void;
  onResize(columns: number, rows: number): void;
  onClose(): void;
}

/** One WebSocket that carries the streams of a program. */
export class Channels {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, handlers: ChannelHandlers) {
    this.#socket = socket;
    socket.on("message", (data) => receive(bytesOf(data), handlers));
    socket.on("close", () => handlers.onClose());
    socket.on("error", () => socket.terminate());
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  send(channel: number, bytes: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(Buffer.concat([Buffer.from([channel]), bytes]));
  }

  /** Sends what comes, as fast as the client takes it. */
  pipe(stream: NodeJS.ReadableStream, channel: number): void {
    stream.on("data", (bytes: Buffer) => this.sendFrom(stream, channel, bytes));
  }

  /** Sends, and has the source wait while the client is slow. */
  sendFrom(source: Source, channel: number, bytes: Buffer): void {
    this.send(channel, bytes);
    if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) return;
    source.pause();
    this.#resume(source);
  }

  #resume(source: Source): void {
    setTimeout(() => {
      if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) source.resume();
      else this.#resume(source);
    }, DRAIN_MS);
  }

  /** How the program ended, which is the end of the conversation. */
  finish(status: object): void {
    this.send(Channel.error, Buffer.from(JSON.stringify(status)));
    this.#socket.close(NORMAL_CLOSURE);
  }
}

function receive(bytes: Buffer, handlers: ChannelHandlers): void {
  const [channel, first] = bytes;
  const rest = bytes.subarray(1);
  if (channel === Channel.stdin) handlers.onStdin(rest);
  else if (channel === Channel.close && first === Channel.stdin) handlers.onStdinEnd();
  else if (channel === Channel.resize) {
    const size = parseSize(rest);
    if (size !== undefined) handlers.onResize(size.columns, size.rows);
  }
}

const MAX_SIDE = 65_535;

/** `{"Width":80,"Height":24}`; anything else is passed over, as it comes from outside. */
export function parseSize(bytes: Buffer): { columns: number; rows: number } | undefined {
  try {
    const { Width: columns, Height: rows } = JSON.parse(bytes.toString("utf8")) as {
      Width?: unknown;
      Height?: unknown;
    };
    const isSide = (side: unknown): side is number =>
      Number.isInteger(side) && (side as number) > 0 && (side as number) <= MAX_SIDE;
    return isSide(columns) && isSide(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

export function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** How a program ended, as clients of that protocol read it. */
export function exitStatus(
  exitCode: number,
  protocol: string,
  command: readonly string[] = [],
): object {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  const words =
    protocol === TRANSLATED
      ? `command terminated with exit code ${exitCode}`
      : `error executing command [${command.join(" ")}], exit code ${exitCode}`;
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: ${words}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

export function failureStatus(cause: string, protocol: string): object {
  // It passes one more hand, and each says so.
  const told = protocol === TRANSLATED ? `${INTERNAL}${cause}` : cause;
  return {
    metadata: {},
    status: "Failure",
    message: `${INTERNAL}${told}`,
    reason: "InternalError",
    details: { causes: [{ message: told }] },
    code: 500,
  };
}
