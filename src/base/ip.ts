import { assert } from "./assert.ts";
import { DecodeError } from "./errors.ts";
import { formatIpv4, formatIpv6, parseAddressText } from "./ip-text.ts";
import { quote } from "./text.ts";

export type IpFamily = 4 | 6;

/** The third word of ::ffff:a.b.c.d. */
const MAPPED = 0xffff;

/**
 * An IP address, immutable. There is one kind: 128 bits, in which IPv4 is ::ffff:a.b.c.d, so a
 * mapped address that comes as IPv6 bytes or text *is* the IPv4 address. The two families never
 * mix otherwise: IPv6 is what is outside ::ffff:0:0/96.
 */
export class IpAddress {
  /**
   * The 128 bits, most significant first, as signed 32-bit numbers: those are what V8 keeps in
   * the object itself, where an array of bytes would cost two hundred bytes more.
   */
  readonly word0: number;
  readonly word1: number;
  readonly word2: number;
  readonly word3: number;
  #text: string | undefined;

  private constructor(word0: number, word1: number, word2: number, word3: number) {
    this.word0 = word0 | 0;
    this.word1 = word1 | 0;
    this.word2 = word2 | 0;
    this.word3 = word3 | 0;
  }

  /** Strict: no zone, no leading zeros in IPv4, nothing around it. */
  static parse(text: string): IpAddress {
    const address = IpAddress.tryParse(text);
    if (address === undefined) throw new DecodeError(`${quote(text)} is no IP address`, 0);
    return address;
  }

  static tryParse(text: string): IpAddress | undefined {
    const words = parseAddressText(text);
    return words && new IpAddress(words[0], words[1], words[2], words[3]);
  }

  /** Of 4 or 16 bytes in network order. */
  static fromBytes(bytes: Uint8Array): IpAddress {
    if (bytes.length === 4) return new IpAddress(0, 0, MAPPED, wordAt(bytes, 0));
    if (bytes.length === 16) {
      return new IpAddress(wordAt(bytes, 0), wordAt(bytes, 4), wordAt(bytes, 8), wordAt(bytes, 12));
    }
    throw new DecodeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`, 0);
  }

  /** Of an IPv4 address as a number: 0x7f000001 is 127.0.0.1. */
  static v4(value: number): IpAddress {
    assert(value >>> 0 === value, "an IPv4 address is a number of 32 bits");
    return new IpAddress(0, 0, MAPPED, value);
  }

  /** Of four 32-bit numbers, signed or not, most significant first. */
  static fromWords(word0: number, word1: number, word2: number, word3: number): IpAddress {
    return new IpAddress(word0, word1, word2, word3);
  }

  /** Of the number that `toBigInt` answers. */
  static fromBigInt(value: bigint): IpAddress {
    assert(value >= 0n && value < 1n << 128n, "an IP address is a number of 128 bits");
    const word = (shift: bigint): number => Number((value >> shift) & 0xffff_ffffn);
    return new IpAddress(word(96n), word(64n), word(32n), word(0n));
  }

  get family(): IpFamily {
    return this.word2 === MAPPED && this.word1 === 0 && this.word0 === 0 ? 4 : 6;
  }

  /** The 16 bytes in network order, new each time. */
  get bytes(): Uint8Array {
    const bytes = new Uint8Array(16);
    putWord(bytes, 0, this.word0);
    putWord(bytes, 4, this.word1);
    putWord(bytes, 8, this.word2);
    putWord(bytes, 12, this.word3);
    return bytes;
  }

  /** The bytes as packets carry them, 4 or 16, new each time. */
  get wireBytes(): Uint8Array {
    const bytes = this.bytes;
    return this.family === 4 ? bytes.subarray(12) : bytes;
  }

  /** Names the address and no other: for the keys of Maps. Kept once it was asked for. */
  get key(): string {
    this.#text ??=
      this.family === 4
        ? formatIpv4(this.word3)
        : formatIpv6([this.word0, this.word1, this.word2, this.word3]);
    return this.#text;
  }

  get isUnspecified(): boolean {
    if (this.family === 4) return this.word3 === 0;
    return (this.word0 | this.word1 | this.word2 | this.word3) === 0;
  }

  /** 127.0.0.0/8 or ::1. */
  get isLoopback(): boolean {
    if (this.family === 4) return this.word3 >>> 24 === 127;
    return (this.word0 | this.word1 | this.word2) === 0 && this.word3 === 1;
  }

  /** 169.254.0.0/16 or fe80::/10. */
  get isLinkLocal(): boolean {
    return this.family === 4 ? this.word3 >>> 16 === 0xa9fe : this.word0 >>> 22 === 0x3fa;
  }

  /** 224.0.0.0/4 or ff00::/8. */
  get isMulticast(): boolean {
    return this.family === 4 ? this.word3 >>> 28 === 0xe : this.word0 >>> 24 === 0xff;
  }

  /** Bit `index` of the 128, 0 being the most significant. */
  bit(index: number): 0 | 1 {
    assert(index >>> 0 === index && index < 128, "an IP address has the bits 0 to 127");
    const word =
      index < 64 ? (index < 32 ? this.word0 : this.word1) : index < 96 ? this.word2 : this.word3;
    return ((word >>> (31 - (index & 31))) & 1) as 0 | 1;
  }

  /** The address one higher in the same family; undefined after its last. */
  next(): IpAddress | undefined {
    if (this.family === 4)
      return this.word3 === -1 ? undefined : IpAddress.v4((this.word3 >>> 0) + 1);
    let { word0, word1, word2, word3 } = this;
    word3 = (word3 + 1) | 0;
    if (word3 === 0) word2 = (word2 + 1) | 0;
    if (word3 === 0 && word2 === 0) word1 = (word1 + 1) | 0;
    if (word3 === 0 && word2 === 0 && word1 === 0) word0 = (word0 + 1) | 0;
    const next = new IpAddress(word0, word1, word2, word3);
    if (next.family === 4) return new IpAddress(0, 0, MAPPED + 1, 0);
    return next.isUnspecified ? undefined : next;
  }

  equals(other: IpAddress): boolean {
    return (
      this.word3 === other.word3 &&
      this.word2 === other.word2 &&
      this.word1 === other.word1 &&
      this.word0 === other.word0
    );
  }

  /** Negative, 0 or positive; IPv4 is before IPv6. */
  compare(other: IpAddress): number {
    return (
      this.family - other.family ||
      (this.word0 >>> 0) - (other.word0 >>> 0) ||
      (this.word1 >>> 0) - (other.word1 >>> 0) ||
      (this.word2 >>> 0) - (other.word2 >>> 0) ||
      (this.word3 >>> 0) - (other.word3 >>> 0)
    );
  }

  /** The 128 bits as one number: for IPv4 with the ::ffff before it. */
  toBigInt(): bigint {
    const high = (BigInt(this.word0 >>> 0) << 32n) | BigInt(this.word1 >>> 0);
    const low = (BigInt(this.word2 >>> 0) << 32n) | BigInt(this.word3 >>> 0);
    return (high << 64n) | low;
  }

  /** Canonical: dotted for IPv4, RFC 5952 for IPv6. */
  toString(): string {
    return this.key;
  }

  toJSON(): string {
    return this.key;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
