import { randomInt } from "node:crypto";
import type { Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { AppError, IpAddress, systemClock } from "#base";
import { bindUdp, connectTcp, type Endpoint, type NamespaceRef } from "#netlink";
import type { Transport } from "./server.ts";
import { withLength } from "./server.ts";

/** How long the other server may take, and how often it is asked. */
const TRY_MS = 2_000;
const TRIES = 2;
/** Questions that wait at once; the rest is refused rather than kept. */
const MAX_PENDING = 1_000;
const MAX_ID = 0x1_0000;
const ANY = { 4: IpAddress.parse("0.0.0.0"), 6: IpAddress.parse("::") };

interface Pending {
  readonly question: Uint8Array;
  readonly settle: (bytes: Uint8Array) => void;
}

/** Passes questions on to another server, out of a namespace. */
export class Forwarder implements AsyncDisposable {
  readonly #upstream: Endpoint;
  readonly #namespace: NamespaceRef;
  readonly #socket: UdpSocket;
  readonly #pending = new Map<number, Pending>();

  private constructor(namespace: NamespaceRef, upstream: Endpoint, socket: UdpSocket) {
    this.#namespace = namespace;
    this.#upstream = upstream;
    this.#socket = socket;
    socket.on("error", () => {});
    socket.on("message", (bytes, from) => {
      const isFromThere = from.port === upstream.port && from.address === upstream.address.key;
      if (isFromThere) this.#take(bytes);
    });
  }

  /** The namespace is borrowed, to be open as long as this is. */
  static async start(namespace: NamespaceRef, upstream: Endpoint): Promise<Forwarder> {
    const address = ANY[upstream.address.family];
    return new Forwarder(namespace, upstream, await bindUdp(namespace, { address, port: 0 }));
  }

  /** The other server's answer to a message with one question, under the question's own id. */
  async ask(message: Uint8Array, transport: Transport): Promise<Uint8Array> {
    const bytes = transport === "udp" ? await this.#askUdp(message) : await this.#askTcp(message);
    const answer = Uint8Array.from(bytes);
    answer.set(message.subarray(0, 2));
    return answer;
  }

  async #askUdp(message: Uint8Array): Promise<Uint8Array> {
    if (this.#pending.size >= MAX_PENDING) {
      throw new AppError("dns", `${MAX_PENDING} DNS questions wait for ${this.#name} already`);
    }
    const id = this.#freeId();
    const sent = Uint8Array.from(message);
    new DataView(sent.buffer).setUint16(0, id);
    const question = questionOf(message);
    try {
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const bytes = await this.#attempt(id, question, sent);
        if (bytes !== undefined) return bytes;
      }
    } finally {
      this.#pending.delete(id);
    }
    throw new AppError("dns", `${this.#name} did not answer ${TRIES} times`);
  }

  #attempt(id: number, question: Uint8Array, sent: Uint8Array): Promise<Uint8Array | undefined> {
    const { address, port } = this.#upstream;
    return new Promise((resolve) => {
      const timer = systemClock.setTimer(TRY_MS, () => resolve(undefined));
      const settle = (bytes: Uint8Array): void => {
        timer[Symbol.dispose]();
        resolve(bytes);
      };
      this.#pending.set(id, { question, settle });
      // Where it cannot be sent, there will be no answer either.
      this.#socket.send(sent, port, address.key, () => {});
    });
  }

  async #askTcp(message: Uint8Array): Promise<Uint8Array> {
    const socket = await within(connectTcp(this.#namespace, this.#upstream), this.#name);
    try {
      socket.write(withLength(message));
      return await within(readMessage(socket), this.#name);
    } finally {
      socket.destroy();
    }
  }

  #take(bytes: Uint8Array): void {
    if (bytes.length < 12) return;
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0);
    const pending = this.#pending.get(id);
    // Somebody who guesses ids does not know the question.
    if (pending === undefined || !isSame(questionOf(bytes), pending.question)) return;
    this.#pending.delete(id);
    pending.settle(bytes);
  }

  #freeId(): number {
    for (;;) {
      const id = randomInt(MAX_ID);
      if (!this.#pending.has(id)) return id;
    }
  }

  get #name(): string {
    return `DNS server ${this.#upstream.address.key}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}

/** Name, type and class, the name in small letters; of a message whose header is whole. */
function questionOf(message: Uint8Array): Uint8Array {
  let at = 12;
  for (let size = message[at] ?? 0; size !== 0 && size < 64; size = message[at] ?? 0)
    at += 1 + size;
  return message.subarray(12, at + 5).map((byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

async function readMessage(socket: AsyncIterable<Buffer>): Promise<Uint8Array> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk]);
    if (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      return bytes.subarray(2, 2 + bytes.readUInt16BE(0));
    }
  }
  throw new AppError("dns", "a DNS server closed the connection in the middle of an answer");
}

async function within<T>(work: Promise<T>, name: string): Promise<T> {
  const abort = new AbortController();
  const timeout = systemClock.sleep(TRY_MS, abort.signal).then(
    () => {
      throw new AppError("dns", `${name} took more than ${TRY_MS} ms by TCP`);
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, timeout]);
  } finally {
    abort.abort();
  }
}
