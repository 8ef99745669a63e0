import { assert, AppError } from "#base";
import { linuxSyscalls, type Mapping } from "#sys";
import { MapType } from "#ebpf/spec";
import type { KernelMap } from "./kernel-map.ts";
import { roundUp8 } from "../round-up.ts";

/** Before each record: its length with two flags, and the page it is in. */
export const RECORD_HEADER_BYTES = 8;
const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const LENGTH_MASK = 0x3fff_ffff;
/** The most that one call of a drain hands over; what is left comes with the next. */
const MAX_SPAN_BYTES = 1 << 20;

export interface RingBufferCounts {
  /** Records handed over. */
  records: number;
  bytes: number;
  /** Records that the program took back. */
  discarded: number;
}

/**
 * The reading end of a ring buffer, without a copy: the memory is shared with the kernel. Only one
 * reader of a ring buffer may exist, in whatever process.
 *
 * A ring buffer does not count what did not fit: programs count that in a map of their own.
 */
export class RingBuffer implements Disposable {
  readonly #consumer: Mapping;
  readonly #producer: Mapping;
  readonly #consumerPosition: BigInt64Array;
  readonly #producerPosition: BigInt64Array;
  /** The data twice in a row, so that no record is cut in two. */
  readonly #data: Uint8Array<ArrayBuffer>;
  readonly #headers: Int32Array;
  readonly #mask: number;
  readonly #fd: number;
  readonly #counts: RingBufferCounts = { records: 0, bytes: 0, discarded: 0 };
  /** How much was read ever; a number holds 2^53, years at any rate. */
  #position: number;
  #isClosed = false;

  /** `map` must live as long as this. */
  constructor(map: KernelMap) {
    const { name, type, maxEntries: size } = map.shape;
    if (type !== MapType.ringbuf)
      throw new AppError("not-a-ring-buffer", `map ${name} is no ring buffer`);
    const system = linuxSyscalls();
    const page = system.pageSize();
    this.#fd = map.fd;
    this.#mask = size - 1;
    this.#consumer = system.mmap(map.fd, { length: page, offset: 0, isWritable: true });
    this.#producer = system.mmap(map.fd, {
      length: page + 2 * size,
      offset: page,
      isWritable: false,
    });
    this.#consumerPosition = new BigInt64Array(this.#consumer.bytes.buffer, 0, 1);
    this.#producerPosition = new BigInt64Array(this.#producer.bytes.buffer, 0, 1);
    this.#data = new Uint8Array(this.#producer.bytes.buffer, page, 2 * size);
    this.#headers = new Int32Array(this.#producer.bytes.buffer, page, size / 2);
    this.#position = Number(Atomics.load(this.#consumerPosition, 0));
  }

  counts(): Readonly<RingBufferCounts> {
    return { ...this.#counts };
  }

  /** Bytes that wait to be read, headers included. */
  waitingBytes(): number {
    return Number(Atomics.load(this.#producerPosition, 0)) - this.#position;
  }

  /**
   * Hands over what has come since, as spans of whole records with their headers, in place: a span
   * is the kernel's again when `take` returns. Answers how many records that was. The fastest way:
   * copy the span, look at the records later (`forEachRecord`).
   */
  drainSpans(take: (span: Uint8Array, records: number) => void): number {
    assert(!this.#isClosed, "a ring buffer is not read after it was closed");
    const end = Number(Atomics.load(this.#producerPosition, 0));
    let total = 0;
    while (this.#position < end) {
      const from = this.#position;
      const records = this.#advance(end);
      const length = this.#position - from;
      if (length === 0) break;
      const start = from & this.#mask;
      if (records > 0) take(this.#data.subarray(start, start + length), records);
      Atomics.store(this.#consumerPosition, 0, BigInt(this.#position));
      total += records;
    }
    return total;
  }

  /** One record after the other, in place: valid until `take` returns. */
  drain(take: (record: Uint8Array) => void): number {
    return this.drainSpans((span) => {
      forEachRecord(span, (offset, length) => take(span.subarray(offset, offset + length)));
    });
  }

  /**
   * Drains whenever the kernel says that something came, or every `everyMs` milliseconds. Programs
   * that wake nobody (BPF_RB_NO_WAKEUP) are much cheaper and need the timer.
   */
  read(
    take: (span: Uint8Array, records: number) => void,
    options: { everyMs?: number } = {},
  ): Disposable {
    const drain = (): void => void this.drainSpans(take);
    if (options.everyMs === undefined) {
      const watch = linuxSyscalls().watchReadable(this.#fd, drain);
      drain();
      return watch;
    }
    const timer = setInterval(drain, options.everyMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  /** Unmaps the memory: no span may be touched any more. */
  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#consumer[Symbol.dispose]();
    this.#producer[Symbol.dispose]();
  }

  /** Moves over finished records up to `end` or the size of a span; answers how many to take. */
  #advance(end: number): number {
    const limit = Math.min(end, this.#position + MAX_SPAN_BYTES);
    let records = 0;
    while (this.#position < limit) {
      const header = Atomics.load(this.#headers, (this.#position & this.#mask) >> 2);
      // Someone has the record in hand; those behind it come when it is done.
      if (header & BUSY) break;
      const length = header & LENGTH_MASK;
      if (header & DISCARDED) this.#counts.discarded += 1;
      else {
        records += 1;
        this.#counts.bytes += length;
      }
      this.#position += RECORD_HEADER_BYTES + roundUp8(length);
    }
    this.#counts.records += records;
    return records;
  }
}

/** The records of a span: where each begins and how long it is. Skips what was discarded. */
export function forEachRecord(
  span: Uint8Array,
  visit: (offset: number, length: number) => void,
): void {
  const view = new DataView(span.buffer, span.byteOffset, span.byteLength);
  for (let at = 0; at + RECORD_HEADER_BYTES <= span.length; ) {
    const header = view.getUint32(at, true);
    const length = header & LENGTH_MASK;
    if ((header & DISCARDED) === 0) visit(at + RECORD_HEADER_BYTES, length);
    at += RECORD_HEADER_BYTES + roundUp8(length);
  }
}
