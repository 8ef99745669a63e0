/** The WebSockets of exec, attach and port-forward: the first byte of each message is a channel. */
import type { IncomingMessage } from "node:http";
import { WebSocket } from "ws";
import type { Endpoint } from "#kube";

const PATIENCE_MS = 30_000;
const CLOSE_CHANNEL = 255;

/** An answer that is no WebSocket. */
export class Refused extends Error {
  readonly status: number;
  readonly body: string;

  constructor(status: number, body: string) {
    super(`the server answered ${status}: ${body}`);
    this.status = status;
    this.body = body;
  }

  /** What a Status says, or else the text itself. */
  override toString(): string {
    try {
      const { reason, message } = JSON.parse(this.body) as { reason?: string; message?: string };
      return `${this.status} ${reason}: ${message}`;
    } catch {
      return `${this.status}: ${this.body.trim()}`;
    }
  }
}

/** What has come, by channel. */
export class ChannelSocket implements Disposable {
  readonly #socket: WebSocket;
  readonly #received = new Map<number, Buffer[]>();
  readonly #closed: Promise<number>;
  #wake: () => void = () => {};
  #isClosed = false;

  /** Rejects with Refused. */
  static open(
    { url, headers, tls }: Endpoint,
    path: string,
    protocols: readonly string[],
  ): Promise<ChannelSocket> {
    const place = new URL(path, url);
    place.protocol = "wss:";
    const socket = new WebSocket(place, [...protocols], { ...tls, headers });
    const channels = new ChannelSocket(socket);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(channels));
      socket.once("unexpected-response", (_request, response: IncomingMessage) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => (body += text));
        response.on("end", () => {
          socket.terminate();
          reject(new Refused(response.statusCode ?? 0, body));
        });
      });
      socket.on("error", reject);
    });
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const channel = data[0] ?? 0;
      this.#received.set(channel, [...(this.#received.get(channel) ?? []), data.subarray(1)]);
      this.#wake();
    });
    this.#closed = new Promise((resolve) => {
      socket.on("close", (code) => {
        this.#isClosed = true;
        this.#wake();
        resolve(code);
      });
    });
  }

  /** What the server has chosen. */
  get protocol(): string {
    return this.#socket.protocol;
  }

  /** With which code it was closed. */
  get closed(): Promise<number> {
    return within(this.#closed, "the server closes the WebSocket");
  }

  send(channel: number, bytes: Uint8Array | string): void {
    this.#socket.send(Buffer.concat([Buffer.of(channel), Buffer.from(bytes)]));
  }

  /** Only since v5: nothing more comes on this channel. */
  end(channel: number): void {
    this.#socket.send(Buffer.of(CLOSE_CHANNEL, channel));
  }

  bytes(channel: number): Buffer {
    return Buffer.concat(this.#received.get(channel) ?? []);
  }

  text(channel: number): string {
    return this.bytes(channel).toString("utf8");
  }

  /** Waits until what has come on a channel is as it should be, or until the end. */
  async until(channel: number, isThere: (bytes: Buffer) => boolean): Promise<Buffer> {
    const there = (async () => {
      while (!isThere(this.bytes(channel)) && !this.#isClosed) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    })();
    await within(there, `more on channel ${channel} than ${JSON.stringify(this.text(channel))}`);
    return this.bytes(channel);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`not within ${PATIENCE_MS} ms: ${what}`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
