import { assert } from "./assert.ts";
import { DecodeError } from "./errors.ts";

/** Text up to here is made without the set-up cost of TextDecoder, if it is plain ASCII. */
const SHORT_TEXT_BYTES = 64;

// Keeps no state between calls. A byte order mark is text like any other: two different names
// must not become one.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Takes numbers and pieces out of bytes from outside, from the front. Reading past the end, at
 * any point, is a DecodeError with the offset and `what` was wanted; lengths from the input may
 * be passed as they are, negative ones too.
 *
 * The bytes are borrowed: they must not change while read, and what `bytes`, `peek` and `sub`
 * answer are views of them, not copies.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #baseOffset: number;
  readonly #end: number;
  #at = 0;

  /** `baseOffset` is where these bytes begin in the whole input, for the offsets in errors. */
  constructor(bytes: Uint8Array, baseOffset = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#baseOffset = baseOffset;
    this.#end = bytes.length;
  }

  /** Where the next byte stands, counted from the start of the whole input. */
  get offset(): number {
    return this.#baseOffset + this.#at;
  }

  get remaining(): number {
    return this.#end - this.#at;
  }

  u8(what?: string): number {
    return this.#view.getUint8(this.#take(1, what));
  }

  u16be(what?: string): number {
    return this.#view.getUint16(this.#take(2, what), false);
  }

  u16le(what?: string): number {
    return this.#view.getUint16(this.#take(2, what), true);
  }

  u32be(what?: string): number {
    return this.#view.getUint32(this.#take(4, what), false);
  }

  u32le(what?: string): number {
    return this.#view.getUint32(this.#take(4, what), true);
  }

  u64be(what?: string): bigint {
    return this.#view.getBigUint64(this.#take(8, what), false);
  }

  u64le(what?: string): bigint {
    return this.#view.getBigUint64(this.#take(8, what), true);
  }

  i16be(what?: string): number {
    return this.#view.getInt16(this.#take(2, what), false);
  }

  i16le(what?: string): number {
    return this.#view.getInt16(this.#take(2, what), true);
  }

  i32be(what?: string): number {
    return this.#view.getInt32(this.#take(4, what), false);
  }

  i32le(what?: string): number {
    return this.#view.getInt32(this.#take(4, what), true);
  }

  i64be(what?: string): bigint {
    return this.#view.getBigInt64(this.#take(8, what), false);
  }

  i64le(what?: string): bigint {
    return this.#view.getBigInt64(this.#take(8, what), true);
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number, what?: string): Uint8Array {
    const at = this.#take(length, what);
    return this.#bytes.subarray(at, at + length);
  }

  /** Everything that is left, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  skip(length: number, what?: string): void {
    this.#take(length, what);
  }

  /** The next byte, which stays the next. */
  peekU8(what?: string): number {
    this.#check(1, what);
    return this.#view.getUint8(this.#at);
  }

  /** The next `length` bytes as a view, which stay the next. */
  peek(length: number, what?: string): Uint8Array {
    this.#check(length, what);
    return this.#bytes.subarray(this.#at, this.#at + length);
  }

  /** A reader of the next `length` bytes alone; its offsets count from the same start. */
  sub(length: number, what?: string): ByteReader {
    const baseOffset = this.offset;
    return new ByteReader(this.bytes(length, what), baseOffset);
  }

  /** Goes to `offset`, counted as `offset` is; the end of this reader is still a place to go. */
  seek(offset: number, what = "data"): void {
    const at = offset - this.#baseOffset;
    if (!Number.isInteger(at) || at < 0 || at > this.#end) {
      const range = `${this.#baseOffset} to ${this.#baseOffset + this.#end}`;
      throw new DecodeError(`${what} said to be at ${offset}, outside ${range}`, this.offset);
    }
    this.#at = at;
  }

  /**
   * Skips to a multiple of `step` from the start of this reader, whatever the padding holds.
   * Padding cut off by the end is an error: where a format lets the last one be missing, ask
   * `remaining` first.
   */
  align(step: number, what = "padding"): void {
    assert(Number.isInteger(step) && step > 0, "alignment is to a positive whole number");
    const over = this.#at % step;
    if (over !== 0) this.#take(step - over, what);
  }

  /** The next `length` bytes as UTF-8; anything else is a DecodeError. */
  text(length: number, what = "text"): string {
    const offset = this.offset;
    return decodeUtf8(this.bytes(length, what), offset, what);
  }

  /** UTF-8 up to a zero byte, which is taken too. */
  cstring(what = "text"): string {
    const zero = this.#bytes.indexOf(0, this.#at);
    if (zero < 0) {
      throw new DecodeError(`no zero byte ends ${what}, ${this.remaining} left`, this.offset);
    }
    const text = this.text(zero - this.#at, what);
    this.#at += 1;
    return text;
  }

  #take(length: number, what: string | undefined): number {
    this.#check(length, what);
    const at = this.#at;
    this.#at = at + length;
    return at;
  }

  #check(length: number, what: string | undefined): void {
    // The first half is false for negative, fractional and huge numbers, and for NaN.
    if (length >>> 0 !== length || length > this.#end - this.#at) this.#fail(length, what);
  }

  #fail(length: number, what = "data"): never {
    const unit = length === 1 ? "byte" : "bytes";
    const problem =
      Number.isInteger(length) && length >= 0
        ? `${length} ${unit} of ${what} needed, ${this.remaining} left`
        : `${what} cannot be ${length} bytes long`;
    throw new DecodeError(problem, this.offset);
  }
}

function decodeUtf8(bytes: Uint8Array, offset: number, what: string): string {
  if (bytes.length <= SHORT_TEXT_BYTES && isAscii(bytes)) return String.fromCharCode(...bytes);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new DecodeError(`${what} is not UTF-8`, offset, { cause });
  }
}

function isAscii(bytes: Uint8Array): boolean {
  let all = 0;
  for (let at = 0; at < bytes.length; at++) all |= bytes[at] as number;
  return all < 0x80;
}
