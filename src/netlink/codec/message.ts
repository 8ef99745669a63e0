import { ByteReader, DecodeError } from "#base";
import { Attributes } from "./attributes.ts";
import { aligned, MESSAGE_HEADER_BYTES, MessageFlag } from "./wire.ts";

/** One message of a datagram. It borrows the datagram's bytes, and is of no use after them. */
export class Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** The payload: what is after the header. */
  readonly #start: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, view: DataView, at: number, length: number) {
    this.type = view.getUint16(at + 4, true);
    this.flags = view.getUint16(at + 6, true);
    this.sequence = view.getUint32(at + 8, true);
    this.portId = view.getUint32(at + 12, true);
    this.#bytes = bytes;
    this.#view = view;
    this.#start = at + MESSAGE_HEADER_BYTES;
    this.#end = at + length;
  }

  /** The fixed part that the payload begins with: `what` is its name in C. */
  header(length: number, what: string): ByteReader {
    const payload = this.#bytes.subarray(this.#start, this.#end);
    return new ByteReader(payload, this.#start).sub(length, what);
  }

  /** The attributes after a fixed part of this length. */
  attributes(headerBytes: number): Attributes {
    const start = this.#start + aligned(headerBytes);
    return new Attributes(this.#bytes, this.#view, Math.min(start, this.#end), this.#end);
  }

  /** What is from `start` to `end` of the datagram, as attributes. */
  attributesAt(start: number, end: number): Attributes {
    return new Attributes(this.#bytes, this.#view, start, end);
  }

  readerAt(start: number, end: number): ByteReader {
    return new ByteReader(this.#bytes.subarray(start, end), start);
  }
}

/** The messages of a datagram. */
export function readMessages(bytes: Uint8Array): Message[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Message[] = [];
  let at = 0;
  while (bytes.length - at >= MESSAGE_HEADER_BYTES) {
    const length = view.getUint32(at, true);
    const left = bytes.length - at;
    if (length < MESSAGE_HEADER_BYTES || length > left) {
      throw new DecodeError(`a netlink message ${length} bytes long where ${left} are left`, at);
    }
    messages.push(new Message(bytes, view, at, length));
    at += aligned(length);
  }
  if (at < bytes.length) {
    throw new DecodeError(`${bytes.length - at} bytes are left after the last message`, at);
  }
  return messages;
}

const NLMSGERR = { MSG: 1, OFFS: 2, MISS_TYPE: 5, MISS_NEST: 6 } as const;

/** What the kernel adds to an error, and sometimes to a success. */
export interface ExtendedAck {
  /** In its own words. */
  readonly message: string | undefined;
  /** Where in the request the attribute is that it objects to. */
  readonly offset: number | undefined;
  /** The type of an attribute that it misses, and where the one is that it should be in. */
  readonly missingType: number | undefined;
  readonly missingNest: number | undefined;
}

/** The answer to a request, or the end of a list. */
export interface Acknowledgement {
  /** 0 where all went well; positive. */
  readonly errno: number;
  readonly extended: ExtendedAck | undefined;
}

const ERROR_CODE_BYTES = 4;

/** Of a message of type `error`: the code, the request's header and perhaps the rest of it. */
export function readAcknowledgement(message: Message): Acknowledgement {
  const header = message.header(ERROR_CODE_BYTES + MESSAGE_HEADER_BYTES, "nlmsgerr");
  const errno = errnoOf(header.i32le());
  const requestBytes = header.u32le();
  if ((message.flags & MessageFlag.ackAttributes) === 0) return { errno, extended: undefined };
  const isCapped = (message.flags & MessageFlag.capped) !== 0;
  const skipped = isCapped ? MESSAGE_HEADER_BYTES : Math.max(MESSAGE_HEADER_BYTES, requestBytes);
  return { errno, extended: extendedAck(message.attributes(ERROR_CODE_BYTES + skipped)) };
}

/** Of a message of type `done`, which ends a list: it may have failed in the middle. */
export function readDone(message: Message): Acknowledgement {
  const errno = errnoOf(message.header(ERROR_CODE_BYTES, "the code of a list's end").i32le());
  const hasMore = (message.flags & MessageFlag.ackAttributes) !== 0;
  const extended = hasMore ? extendedAck(message.attributes(ERROR_CODE_BYTES)) : undefined;
  return { errno, extended };
}

/** The kernel sends errors as negative numbers; the end of some lists is a positive one. */
function errnoOf(code: number): number {
  return code < 0 ? -code : 0;
}

function extendedAck(attributes: Attributes): ExtendedAck {
  return {
    message: attributes.text(NLMSGERR.MSG),
    offset: attributes.u32(NLMSGERR.OFFS),
    missingType: attributes.u32(NLMSGERR.MISS_TYPE),
    missingNest: attributes.u32(NLMSGERR.MISS_NEST),
  };
}
