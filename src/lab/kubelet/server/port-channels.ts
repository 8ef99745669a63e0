import { Buffer } from "node:buffer";
import type { WebSocket } from "ws";
import { bytesOf } from "./channels.ts";
import { connectInside, copyFrom, type ForwardTarget } from "./pod-ports.ts";

/**
 * What clients other than kubectl ask for: two channels for each port, of data and of errors, and
 * one connection on each. Both begin with the number of the port.
 */
export const PORT_CHANNELS_PROTOCOL = "v4.channel.k8s.io";

const NORMAL_CLOSURE = 1000;
const PORT_BYTES = 2;

export function servePortChannels(
  socket: WebSocket,
  target: ForwardTarget,
  ports: readonly number[],
): void {
  const forwarded = ports.map((port, at) => new ForwardedPort(socket, target, port, 2 * at));
  socket.on("message", (data) => {
    const bytes = bytesOf(data);
    forwarded[(bytes[0] ?? 0) / 2]?.receive(bytes.subarray(1));
  });
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    for (const each of forwarded) each.close();
  });
  void Promise.all(forwarded.map(({ done }) => done)).then(() => socket.close(NORMAL_CLOSURE));
}

class ForwardedPort {
  readonly done: Promise<void>;
  readonly #socket: WebSocket;
  readonly #channel: number;
  readonly #early: Buffer[] = [];
  #write = (bytes: Buffer): void => void this.#early.push(bytes);
  #close = (): void => {};

  constructor(socket: WebSocket, target: ForwardTarget, port: number, channel: number) {
    this.#socket = socket;
    this.#channel = channel;
    const head = Buffer.alloc(PORT_BYTES);
    head.writeUInt16LE(port);
    this.#send(channel, head);
    this.#send(channel + 1, head);
    this.done = this.#forward(target, port);
  }

  receive(bytes: Buffer): void {
    this.#write(bytes);
  }

  close(): void {
    this.#close();
  }

  async #forward(target: ForwardTarget, port: number): Promise<void> {
    try {
      const pod = await connectInside(target, port);
      this.#write = (bytes) => void pod.write(bytes);
      this.#close = () => void pod.destroy();
      for (const bytes of this.#early) pod.write(bytes);
      await copyFrom(
        pod,
        (bytes) => this.#send(this.#channel, bytes),
        this.#socket,
        () => pod.end(),
      );
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      this.#send(this.#channel + 1, Buffer.from(words));
    }
  }

  #send(channel: number, bytes: Buffer): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(Buffer.concat([Buffer.of(channel), bytes]));
  }
}
