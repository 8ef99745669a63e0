/** A command in a container, over a WebSocket as kubectl does it: v5.channel.k8s.io. */
import { WebSocket } from "ws";
import { AppError, DecodeError } from "#base";
import { type KubeClient, pathOf, RESOURCES } from "#kube";

const PROTOCOL = "v5.channel.k8s.io";
const Channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string | undefined;
  readonly command: readonly string[];
  readonly isTerminal: boolean;
  /** Without it, the command has no standard input. */
  readonly input: AsyncIterable<Uint8Array> | undefined;
  readonly out: (bytes: Uint8Array) => void;
  readonly err: (bytes: Uint8Array) => void;
  /** The terminal's size now, and whenever `onResize` calls. */
  readonly size?: () => { readonly columns: number; readonly rows: number };
  readonly onResize?: (call: () => void) => void;
}

/** Answers the command's exit code. */
export async function execInPod(client: KubeClient, options: ExecOptions): Promise<number> {
  const { url, headers, tls } = await client.endpoint();
  const target = new URL(execPath(options), url);
  target.protocol = target.protocol.replace("http", "ws");
  const socket = new WebSocket(target, [PROTOCOL], { ...tls, headers });
  try {
    return await run(socket, options);
  } finally {
    socket.terminate();
  }
}

function execPath(options: ExecOptions): string {
  const { namespace, pod: name, container, command, isTerminal, input } = options;
  const query = new URLSearchParams(command.map((word): [string, string] => ["command", word]));
  if (container !== undefined) query.append("container", container);
  query.append("stdin", String(input !== undefined));
  query.append("stdout", "true");
  query.append("stderr", String(!isTerminal));
  query.append("tty", String(isTerminal));
  return `${pathOf(RESOURCES.Pod, { namespace, name }, "exec")}?${query.toString()}`;
}

function run(socket: WebSocket, options: ExecOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.binaryType = "nodebuffer";
    socket.on("error", reject);
    socket.on("unexpected-response", (_, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => reject(refusal(response.statusCode, Buffer.concat(chunks))));
    });
    socket.on("open", () => {
      sendSizes(socket, options);
      if (options.input !== undefined) void sendInput(socket, options.input).catch(reject);
    });
    socket.on("message", (data: Buffer) => {
      const [channel] = data;
      const bytes = data.subarray(1);
      if (channel === Channel.stdout) options.out(bytes);
      else if (channel === Channel.stderr) options.err(bytes);
      else if (channel === Channel.error) settle(bytes, resolve, reject);
    });
    socket.on("close", () =>
      reject(new AppError("exec", "The connection to the container broke.")),
    );
  });
}

function settle(
  bytes: Uint8Array,
  resolve: (status: number) => void,
  reject: (error: unknown) => void,
): void {
  try {
    resolve(decodeExit(bytes));
  } catch (error) {
    reject(error);
  }
}

interface ExitStatus {
  status?: unknown;
  reason?: unknown;
  message?: unknown;
  details?: { causes?: { reason?: unknown; message?: unknown }[] };
}

/** Of the Status object with which the server ends a command. */
export function decodeExit(bytes: Uint8Array): number {
  let status: ExitStatus;
  try {
    status = Object(JSON.parse(Buffer.from(bytes).toString("utf8"))) as ExitStatus;
  } catch (cause) {
    throw new DecodeError("the end of the command is no JSON", 0, { cause });
  }
  if (status.status === "Success") return 0;
  const causes: unknown = Object(status.details)["causes"];
  const exit = Array.isArray(causes)
    ? (causes as ExitStatus[]).find((cause) => Object(cause)["reason"] === "ExitCode")
    : undefined;
  const code = Number(exit?.message);
  if (exit !== undefined && Number.isInteger(code)) return code;
  throw new AppError("exec", `The command could not be run: ${String(status.message)}`);
}

function refusal(status: number | undefined, body: Buffer): AppError {
  try {
    const { message } = Object(JSON.parse(body.toString("utf8"))) as { message?: unknown };
    if (typeof message === "string") return new AppError("exec", message);
  } catch {
    // Not a Status object: the number has to do.
  }
  return new AppError("exec", `The API server refused with status ${status}.`);
}

function sendSizes(socket: WebSocket, { isTerminal, size, onResize }: ExecOptions): void {
  if (!isTerminal || size === undefined) return;
  const send = (): void => {
    const { columns, rows } = size();
    const text = JSON.stringify({ Width: columns, Height: rows });
    if (socket.readyState === socket.OPEN) socket.send(framed(Channel.resize, Buffer.from(text)));
  };
  send();
  onResize?.(send);
}

async function sendInput(socket: WebSocket, input: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of input) {
    if (socket.readyState !== socket.OPEN) return;
    await new Promise((resolve) => socket.send(framed(Channel.stdin, chunk), resolve));
  }
  if (socket.readyState === socket.OPEN) socket.send(Buffer.of(Channel.close, Channel.stdin));
}

function framed(channel: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(channel), bytes]);
}
