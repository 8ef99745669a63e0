import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type tls from "node:tls";
import { constants, createDeflate, type Deflate } from "node:zlib";
import { Receiver, Sender } from "./frames.ts";
import { controlFrame, decodeFrame } from "../server/spdy.ts";
import { spdyDictionary } from "../server/spdy-dictionary.ts";

interface Answer {
  data: string;
  error: string;
}

/** As much of kubectl's port-forward as it takes to see that it works: ws refuses its protocol. */
export class SpdyClient implements AsyncDisposable {
  readonly #socket: tls.TLSSocket;
  readonly #deflate: Deflate = createDeflate({ dictionary: spdyDictionary() });
  readonly #texts = new Map<number, string>();
  readonly #ended = new Set<number>();
  #pending: Buffer = Buffer.alloc(0);
  #nextStream = 1;
  #request = 0;
  #onFrame: () => void = () => {};

  private constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
  }

  static async open(socket: tls.TLSSocket, path: string): Promise<SpdyClient> {
    const lines = [
      `GET ${path} HTTP/1.1`,
      "host: kubelet",
      "connection: upgrade",
      "upgrade: websocket",
      "sec-websocket-version: 13",
      `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
      "sec-websocket-protocol: SPDY/3.1+portforward.k8s.io",
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    const text = head.toString("latin1");
    if (!/^HTTP\/1.1 101[^]*SPDY\/3\.1\+portforward\.k8s\.io/.test(text)) throw new Error(text);
    const client = new SpdyClient(socket);
    const receiver = new Receiver((message) => client.#take(message));
    receiver.push(head.subarray(head.indexOf("\r\n\r\n") + 4));
    socket.on("data", (bytes: Buffer) => receiver.push(bytes));
    return client;
  }

  async forward(port: number, text: string): Promise<Answer> {
    const request = String(this.#request++);
    const failures = await this.#stream(
      { streamtype: "error", port: String(port), requestid: request },
      1,
    );
    const data = await this.#stream(
      { streamtype: "data", port: String(port), requestid: request },
      0,
    );
    const body = Buffer.from(text);
    const head = Buffer.alloc(8);
    head.writeUInt32BE(data, 0);
    head.writeUIntBE(body.length, 5, 3);
    this.#send(Buffer.concat([head, body]));
    while (!this.#ended.has(data) || !this.#ended.has(failures)) {
      await new Promise<void>((resolve) => {
        this.#onFrame = resolve;
      });
    }
    return { data: this.#texts.get(data) ?? "", error: this.#texts.get(failures) ?? "" };
  }

  async #stream(headers: Record<string, string>, flags: number): Promise<number> {
    const id = this.#nextStream;
    this.#nextStream += 2;
    const word = (text: string): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return Buffer.concat([length, Buffer.from(text)]);
    };
    const count = Buffer.alloc(4);
    count.writeUInt32BE(Object.keys(headers).length);
    const plain = Buffer.concat([
      count,
      ...Object.entries(headers).flatMap(([name, value]) => [word(name), word(value)]),
    ]);
    const head = Buffer.alloc(10);
    head.writeUInt32BE(id);
    this.#send(controlFrame(1, flags, Buffer.concat([head, await this.#compress(plain)])));
    return id;
  }

  #compress(plain: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => void chunks.push(chunk);
    this.#deflate.on("data", take);
    return new Promise((resolve) => {
      this.#deflate.write(plain);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off("data", take);
        resolve(Buffer.concat(chunks));
      });
    });
  }

  #send(bytes: Buffer): void {
    this.#socket.write(Sender.frame(bytes));
  }

  #take(message: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, message]);
    for (
      let next = decodeFrame(this.#pending);
      next !== undefined;
      next = decodeFrame(this.#pending)
    ) {
      this.#pending = this.#pending.subarray(next.length);
      const { type, stream, flags, body } = next.frame;
      if (type !== undefined) continue;
      this.#texts.set(stream, (this.#texts.get(stream) ?? "") + body.toString());
      if ((flags & 1) !== 0) this.#ended.add(stream);
    }
    this.#onFrame();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#deflate.close();
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }
}
