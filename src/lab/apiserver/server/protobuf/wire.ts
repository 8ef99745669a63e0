/** The outer form of protobuf messages: fields with a number and a value of one of a few shapes. */
import { DecodeError } from "#base";

/** A number, or bytes: text, a message, or what the field's type says. */
export type WireValue = bigint | Uint8Array;

interface WireField {
  readonly number: number;
  readonly value: WireValue;
}

const MAX_VARINT_BYTES = 10;
const WIRE_VARINT = 0;
const WIRE_64_BIT = 1;
const WIRE_BYTES = 2;
const WIRE_32_BIT = 5;

/** All fields in their order; those of unknown numbers too. Throws DecodeError. */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  const reader = new WireReader(bytes);
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    yield { number: Math.floor(tag / 8), value: reader.value(tag % 8) };
  }
}

class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let index = 0; index < MAX_VARINT_BYTES; index++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new DecodeError("the message ends within a number", this.#at);
      this.#at++;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new DecodeError("a number is longer than ten bytes", this.#at);
  }

  value(wireType: number): WireValue {
    switch (wireType) {
      case WIRE_VARINT:
        return this.varint();
      case WIRE_64_BIT:
        this.#skip(8);
        return this.#view.getBigUint64(this.#at - 8, true);
      case WIRE_BYTES: {
        const length = Number(this.varint());
        this.#skip(length);
        return this.#bytes.subarray(this.#at - length, this.#at);
      }
      case WIRE_32_BIT:
        this.#skip(4);
        return BigInt(this.#view.getUint32(this.#at - 4, true));
      default:
        throw new DecodeError(`no field has the wire type ${wireType}`, this.#at);
    }
  }

  #skip(length: number): void {
    if (length > this.#bytes.length - this.#at) {
      throw new DecodeError("the message ends within a field", this.#at);
    }
    this.#at += length;
  }
}
