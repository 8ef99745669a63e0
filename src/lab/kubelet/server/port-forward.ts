import type { WebSocket } from "ws";
import { bytesOf } from "./channels.ts";
import { connectInside, copyFrom, type ForwardTarget } from "./pod-ports.ts";
import { SpdyConnection, type SpdyStream } from "./spdy.ts";

/** What kubectl asks for: SPDY's frames in a WebSocket's messages. */
export const PORT_FORWARD_PROTOCOL = "SPDY/3.1+portforward.k8s.io";

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
  const early: Buffer[] = [];
  let hasEnded = false;
  stream.onData = (bytes) => void early.push(bytes);
  stream.onEnd = () => {
    hasEnded = true;
  };
  try {
    const pod = await connectInside(target, Number(stream.headers.get("port")));
    stream.onData = (bytes) => void pod.write(bytes);
    stream.onEnd = () => pod.end();
    for (const bytes of early) pod.write(bytes);
    if (hasEnded) pod.end();
    await copyFrom(
      pod,
      (bytes) => stream.write(bytes),
      socket,
      () => stream.end(),
    );
  } catch (error) {
    failures?.write(Buffer.from(error instanceof Error ? error.message : String(error)));
  } finally {
    stream.end();
    failures?.end();
  }
}
