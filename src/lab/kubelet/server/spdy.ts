import { Buffer } from "node:buffer";
import { constants, createDeflate, createInflate, type Deflate, type Inflate } from "node:zlib";
import { DecodeError } from "#base";
import { spdyDictionary } from "./spdy-dictionary.ts";

/**
 * As much of SPDY/3.1 as port-forwarding needs: kubectl speaks it inside a WebSocket. Streams are
 * opened by the client only; there is no flow control, as its library has none.
 */
export interface SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  onData: (bytes: Buffer) => void;
  onEnd: () => void;
  write(bytes: Buffer): void;
  /** Nothing more is sent on it. */
  end(): void;
}

const VERSION = 3;
const HEAD_BYTES = 8;
const FIN = 1;
const Type = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_HEADERS = 100;
const MAX_STREAMS = 1_000;
/** What is put into one frame. */
const MAX_DATA_BYTES = 64 * 1024;

interface Frame {
  /** Undefined for data. */
  readonly type: number | undefined;
  readonly flags: number;
  /** Of data frames. */
  readonly stream: number;
  readonly body: Buffer;
}

/** The first frame of `bytes` and how long it is; undefined while it is not whole. */
export function decodeFrame(bytes: Buffer): { frame: Frame; length: number } | undefined {
  if (bytes.length < HEAD_BYTES) return undefined;
  const word = bytes.readUInt32BE(0);
  const size = bytes.readUIntBE(5, 3);
  if (size > MAX_FRAME_BYTES) throw new DecodeError(`a SPDY frame of ${size} bytes is too long`, 5);
  if (bytes.length < HEAD_BYTES + size) return undefined;
  const isControl = word >= 0x8000_0000;
  if (isControl && ((word >>> 16) & 0x7fff) !== VERSION)
    throw new DecodeError("not SPDY version 3", 0);
  const frame = {
    type: isControl ? word & 0xffff : undefined,
    flags: bytes.readUInt8(4),
    stream: isControl ? 0 : word,
    body: bytes.subarray(HEAD_BYTES, HEAD_BYTES + size),
  };
  return { frame, length: HEAD_BYTES + size };
}

/** Names and values, after decompression. */
export function decodeHeaders(bytes: Buffer): Map<string, string> {
  let at = 0;
  const number = (): number => {
    if (at + 4 > bytes.length) throw new DecodeError("SPDY headers end early", at);
    at += 4;
    return bytes.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const size = number();
    if (at + size > bytes.length) throw new DecodeError("SPDY headers end early", at);
    at += size;
    return bytes.toString("utf8", at - size, at);
  };
  const count = number();
  if (count > MAX_HEADERS) throw new DecodeError(`${count} SPDY headers are too many`, 0);
  const result = new Map<string, string>();
  for (let left = count; left > 0; left--) {
    const name = text();
    result.set(name.toLowerCase(), text());
  }
  return result;
}

interface SpdyOptions {
  readonly send: (bytes: Buffer) => void;
  readonly onStream: (stream: SpdyStream) => void;
  /** What came was no SPDY: the connection is to be closed. */
  readonly onError: (error: unknown) => void;
}

class Stream implements SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly #send: (bytes: Buffer) => void;
  onData: (bytes: Buffer) => void = () => {};
  onEnd: () => void = () => {};
  #hasEnded = false;

  constructor(id: number, headers: ReadonlyMap<string, string>, send: (bytes: Buffer) => void) {
    this.id = id;
    this.headers = headers;
    this.#send = send;
  }

  write(bytes: Buffer): void {
    if (this.#hasEnded) return;
    for (let at = 0; at < bytes.length; at += MAX_DATA_BYTES) {
      this.#send(dataFrame(this.id, 0, bytes.subarray(at, at + MAX_DATA_BYTES)));
    }
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#send(dataFrame(this.id, FIN, Buffer.alloc(0)));
  }
}

/** The server's end of one connection. */
export class SpdyConnection implements Disposable {
  readonly #options: SpdyOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #inflate: Inflate;
  readonly #deflate: Deflate;
  #pending: Buffer = Buffer.alloc(0);
  #working: Promise<void> = Promise.resolve();
  #isBroken = false;

  constructor(options: SpdyOptions) {
    this.#options = options;
    const dictionary = spdyDictionary();
    this.#inflate = createInflate({ dictionary });
    this.#deflate = createDeflate({ dictionary });
    // Each write has a callback that gets the error; nobody else needs it.
    this.#inflate.on("error", () => {});
    this.#deflate.on("error", () => {});
  }

  /** Frames are taken one after the other: headers are one compressed stream. */
  receive(bytes: Buffer): void {
    this.#working = this.#working
      .then(() => this.#take(bytes))
      .catch((error: unknown) => {
        if (!this.#isBroken) this.#options.onError(error);
        this.#isBroken = true;
      });
  }

  async #take(bytes: Buffer): Promise<void> {
    if (this.#isBroken) return;
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    for (
      let next = decodeFrame(this.#pending);
      next !== undefined;
      next = decodeFrame(this.#pending)
    ) {
      this.#pending = this.#pending.subarray(next.length);
      await this.#handle(next.frame);
    }
  }

  async #handle({ type, flags, stream, body }: Frame): Promise<void> {
    switch (type) {
      case undefined: {
        const target = this.#streams.get(stream);
        if (body.length > 0) target?.onData(body);
        if ((flags & FIN) !== 0) target?.onEnd();
        return;
      }
      case Type.synStream:
        await this.#open(body, flags);
        return;
      case Type.rstStream: {
        if (body.length < 4) throw new DecodeError("a SPDY reset without a stream", 0);
        const id = body.readUInt32BE(0);
        this.#streams.get(id)?.onEnd();
        this.#streams.delete(id);
        return;
      }
      case Type.ping:
        this.#options.send(controlFrame(Type.ping, 0, body));
        return;
      default:
      // Settings and farewells ask for nothing.
    }
  }

  async #open(body: Buffer, flags: number): Promise<void> {
    const prefix = 10;
    if (body.length < prefix) throw new DecodeError("a SPDY stream without its head", 0);
    if (this.#streams.size >= MAX_STREAMS) throw new DecodeError("too many SPDY streams", 0);
    const id = body.readUInt32BE(0) & 0x7fff_ffff;
    const headers = decodeHeaders(await this.#inflated(body.subarray(prefix)));
    const stream = new Stream(id, headers, this.#options.send);
    this.#streams.set(id, stream);
    const reply = Buffer.alloc(4);
    reply.writeUInt32BE(id);
    this.#options.send(
      controlFrame(Type.synReply, 0, Buffer.concat([reply, await this.#noHeaders()])),
    );
    this.#options.onStream(stream);
    if ((flags & FIN) !== 0) stream.onEnd();
  }

  /** A stream of which both ends are done with. */
  forget({ id }: SpdyStream): void {
    this.#streams.delete(id);
  }

  #inflated(bytes: Buffer): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= MAX_HEADER_BYTES) chunks.push(chunk);
    };
    this.#inflate.on("data", take);
    return new Promise<Buffer>((resolve, reject) => {
      this.#inflate.once("error", reject);
      this.#inflate.write(bytes, (error) => {
        this.#inflate.off("data", take);
        this.#inflate.off("error", reject);
        if (error) reject(error);
        else if (length > MAX_HEADER_BYTES) reject(new DecodeError("SPDY headers are too long", 0));
        else resolve(Buffer.concat(chunks));
      });
    });
  }

  /** The count of none, as a part of the one compressed stream of all headers. */
  #noHeaders(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const take = (chunk: Buffer): void => void chunks.push(chunk);
    this.#deflate.on("data", take);
    return new Promise((resolve) => {
      this.#deflate.write(Buffer.alloc(4));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {
        this.#deflate.off("data", take);
        resolve(Buffer.concat(chunks));
      });
    });
  }

  [Symbol.dispose](): void {
    this.#isBroken = true;
    for (const stream of this.#streams.values()) stream.onEnd();
    this.#streams.clear();
    this.#inflate.close();
    this.#deflate.close();
  }
}

function dataFrame(stream: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(stream, 0);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}

export function controlFrame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(0x8000 | VERSION, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt8(flags, 4);
  head.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([head, body]);
}
