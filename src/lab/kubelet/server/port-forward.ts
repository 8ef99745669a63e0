import type net from "node:net";
import type { WebSocket } from "ws";
import { IpAddress } from "#base";
import { connectTcp, type NamespaceRef, openNamespace } from "#netlink";
import { bytesOf } from "./channels.ts";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";

/** What kubectl asks for: SPDY's frames in a WebSocket's messages. */
export const PORT_FORWARD_PROTOCOL = "SPDY/3.1+portforward.k8s.io";

interface ForwardTarget {
  /** Where the pod's network namespace is to be found. */
  readonly networkPath: string;
  readonly uid: string;
  readonly name: string;
}

const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
const DRAIN_MS = 10;
const CONNECT_ADDRESSES = ["127.0.0.1", "::1"];
const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;

/** Each pair of streams is one connection to a port, made within the pod. */
export function servePortForward(socket: WebSocket, target: ForwardTarget): void {
  const errors = new Map<string, SpdyStream>();
  const connection = new SpdyConnection({
    send: (bytes) => {
      if (socket.readyState === socket.OPEN) socket.send(bytes);
    },
    onStream(stream) {
      const request = stream.headers.get("requestid") ?? "";
      if (stream.headers.get("streamtype") === "error") {
        errors.set(request, stream);
        return;
      }
      const failures = errors.get(request);
      errors.delete(request);
      void forward(socket, stream, failures, target).finally(() => {
        connection.forget(stream);
        if (failures !== undefined) connection.forget(failures);
      });
    },
    onError: () => socket.close(PROTOCOL_ERROR),
  });
  socket.on("message", (data) => connection.receive(bytesOf(data)));
  socket.on("error", () => socket.close(NORMAL_CLOSURE));
  socket.on("close", () => connection[Symbol.dispose]());
}

async function forward(
  socket: WebSocket,
  stream: SpdyStream,
  failures: SpdyStream | undefined,
  target: ForwardTarget,
): Promise<void> {
  const port = Number(stream.headers.get("port"));
  const early: Buffer[] = [];
  let hasEnded = false;
  stream.onData = (bytes) => void early.push(bytes);
  stream.onEnd = () => {
    hasEnded = true;
  };
  try {
    const pod = await connectInside(target, port);
    stream.onData = (bytes) => void pod.write(bytes);
    stream.onEnd = () => pod.end();
    for (const bytes of early) pod.write(bytes);
    if (hasEnded) pod.end();
    await copy(pod, stream, socket);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    failures?.write(
      Buffer.from(
        `error forwarding port ${port} to pod ${target.uid}, uid : failed to execute portforward in network namespace ` +
          `${JSON.stringify(target.networkPath)}: failed to connect to localhost:${port} inside namespace ${JSON.stringify(target.uid)}: ${message}`,
      ),
    );
  } finally {
    stream.end();
    failures?.end();
  }
}

/** On the pod's localhost: what listens on all addresses answers there, too. */
async function connectInside({ networkPath }: ForwardTarget, port: number): Promise<net.Socket> {
  using namespace = openNamespace(networkPath);
  let failure: unknown;
  for (const address of CONNECT_ADDRESSES) {
    try {
      return await connectOn(namespace, address, port);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function connectOn(
  namespace: NamespaceRef,
  address: string,
  port: number,
): Promise<net.Socket> {
  return await connectTcp(namespace, { address: IpAddress.parse(address), port });
}

/** Until the pod's end closes; a client that is slow makes it wait. */
function copy(pod: net.Socket, stream: SpdyStream, socket: WebSocket): Promise<void> {
  const resume = (): void => {
    if (socket.readyState !== socket.OPEN) pod.destroy();
    else if (socket.bufferedAmount < MAX_BUFFERED_BYTES) pod.resume();
    else setTimeout(resume, DRAIN_MS);
  };
  return new Promise((resolve) => {
    pod.on("data", (bytes: Buffer) => {
      stream.write(bytes);
      if (socket.bufferedAmount < MAX_BUFFERED_BYTES) return;
      pod.pause();
      resume();
    });
    pod.once("end", () => stream.end());
    pod.once("error", () => pod.destroy());
    pod.once("close", () => resolve());
  });
}
