import { assert, AssertionError } from "./assert.ts";
import { AppError } from "./errors.ts";

export interface ByteWriterOptions {
  /** What is written, for errors: "DNS answer". */
  what: string;
  /** More than this is an AppError with the code "limit". */
  maxBytes: number;
  /** What to begin with; it doubles as needed. */
  initialBytes?: number;
}

const DEFAULT_INITIAL_BYTES = 128;
const MAX_U64 = 2n ** 64n - 1n;
const MIN_I64 = -(2n ** 63n);
const MAX_I64 = 2n ** 63n - 1n;
const NOTHING = new Uint8Array(0);

/**
 * Puts numbers and pieces together into bytes. A number that does not fit its field is a mistake
 * of the program; a whole that grows over `maxBytes` can be the input's fault, and is an AppError.
 * Each method answers the writer itself.
 */
export class ByteWriter {
  readonly #what: string;
  readonly #maxBytes: number;
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  #isFinished = false;

  constructor(options: ByteWriterOptions) {
    const { what, maxBytes, initialBytes = DEFAULT_INITIAL_BYTES } = options;
    assert(Number.isSafeInteger(maxBytes) && maxBytes >= 0, `${what}: a maximum is a whole number`);
    this.#what = what;
    this.#maxBytes = maxBytes;
    this.#bytes = new Uint8Array(Math.min(initialBytes, maxBytes));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes are written: the offset of the next. */
  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    if ((value & 0xff) !== value) this.#refuse("u8", value);
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16be(value: number): this {
    return this.#putU16(this.#reserve(2), value, false);
  }

  u16le(value: number): this {
    return this.#putU16(this.#reserve(2), value, true);
  }

  u32be(value: number): this {
    return this.#putU32(this.#reserve(4), value, false);
  }

  u32le(value: number): this {
    return this.#putU32(this.#reserve(4), value, true);
  }

  u64be(value: bigint): this {
    return this.#putU64(value, false);
  }

  u64le(value: bigint): this {
    return this.#putU64(value, true);
  }

  i16be(value: number): this {
    return this.#putI16(value, false);
  }

  i16le(value: number): this {
    return this.#putI16(value, true);
  }

  i32be(value: number): this {
    return this.#putI32(value, false);
  }

  i32le(value: number): this {
    return this.#putI32(value, true);
  }

  i64be(value: bigint): this {
    return this.#putI64(value, false);
  }

  i64le(value: bigint): this {
    return this.#putI64(value, true);
  }

  /** Copies `bytes`. */
  bytes(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  zeros(count: number): this {
    assert(Number.isInteger(count) && count >= 0, "zeros come in whole numbers");
    this.#reserve(count);
    return this;
  }

  /** UTF-8 without an end mark. */
  text(text: string): this {
    return this.bytes(new TextEncoder().encode(text));
  }

  /** UTF-8 and a zero byte. A text with such a byte in it cannot be written. */
  cstring(text: string): this {
    if (text.includes("\0")) {
      throw new AppError("encode", `${this.#what}: a text in it has a zero byte`);
    }
    return this.text(text).u8(0);
  }

  /** Zeros up to a multiple of `step` from the start. */
  align(step: number): this {
    assert(Number.isInteger(step) && step > 0, "alignment is to a positive whole number");
    const over = this.#length % step;
    return over === 0 ? this : this.zeros(step - over);
  }

  patchU16be(offset: number, value: number): this {
    return this.#putU16(this.#written(offset, 2), value, false);
  }

  patchU16le(offset: number, value: number): this {
    return this.#putU16(this.#written(offset, 2), value, true);
  }

  patchU32be(offset: number, value: number): this {
    return this.#putU32(this.#written(offset, 4), value, false);
  }

  patchU32le(offset: number, value: number): this {
    return this.#putU32(this.#written(offset, 4), value, true);
  }

  /** Hands over what was written, without a copy; the writer is of no more use. */
  finish(): Uint8Array {
    assert(!this.#isFinished, `${this.#what}: finished twice`);
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#isFinished = true;
    this.#bytes = NOTHING;
    this.#length = 0;
    return bytes;
  }

  #putU16(at: number, value: number, isLittle: boolean): this {
    if ((value & 0xffff) !== value) this.#refuse("u16", value);
    this.#view.setUint16(at, value, isLittle);
    return this;
  }

  #putI16(value: number, isLittle: boolean): this {
    if ((value << 16) >> 16 !== value) this.#refuse("i16", value);
    const at = this.#reserve(2);
    this.#view.setInt16(at, value, isLittle);
    return this;
  }

  #putU32(at: number, value: number, isLittle: boolean): this {
    if (value >>> 0 !== value) this.#refuse("u32", value);
    this.#view.setUint32(at, value, isLittle);
    return this;
  }

  #putI32(value: number, isLittle: boolean): this {
    if ((value | 0) !== value) this.#refuse("i32", value);
    const at = this.#reserve(4);
    this.#view.setInt32(at, value, isLittle);
    return this;
  }

  #putU64(value: bigint, isLittle: boolean): this {
    if (value < 0n || value > MAX_U64) this.#refuse("u64", value);
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value, isLittle);
    return this;
  }

  #putI64(value: bigint, isLittle: boolean): this {
    if (value < MIN_I64 || value > MAX_I64) this.#refuse("i64", value);
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value, isLittle);
    return this;
  }

  /** Makes room, zeroed, at the end, and answers where it is. Replaces `#view` when it grows. */
  #reserve(count: number): number {
    const at = this.#length;
    // A finished writer has no room left, so that this one test covers it too.
    if (at + count > this.#bytes.length) this.#grow(at + count);
    this.#length = at + count;
    return at;
  }

  #grow(needed: number): void {
    assert(!this.#isFinished, `${this.#what}: written to after it was finished`);
    if (needed > this.#maxBytes) {
      throw new AppError("limit", `${this.#what} would be over ${this.#maxBytes} bytes long`, {
        fields: { maxBytes: this.#maxBytes },
      });
    }
    const grown = new Uint8Array(
      Math.min(this.#maxBytes, Math.max(needed, this.#bytes.length * 2)),
    );
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  #written(offset: number, count: number): number {
    const isWritten = offset >>> 0 === offset && offset + count <= this.#length;
    if (!isWritten) throw new AssertionError(`${this.#what}: ${offset} is not written yet`);
    return offset;
  }

  #refuse(type: string, value: number | bigint): never {
    throw new AssertionError(`${this.#what}: ${value} is no ${type}`);
  }
}
