import { DecodeError } from "./errors.ts";
import { assert } from "./assert.ts";
import { IpAddress, type IpFamily } from "./ip.ts";
import { quote } from "./text.ts";

/** How many bits stand before those of an IPv4 address. */
const MAPPED_BITS = 96;
const MAPPED_FIRST = 0xffffn << 32n;
const MAPPED_COUNT = 1n << 32n;

/**
 * The addresses that share a prefix, immutable; host bits are always zero.
 *
 * The families never cross. An IPv6 range around ::ffff:0:0/96 does not have the IPv4 addresses
 * in it: it contains, counts and hands out IPv6 addresses only. A range inside it is IPv4.
 */
export class Cidr {
  /** The prefix with zeros after it: the first address. */
  readonly network: IpAddress;
  /** Counted in the 128 bits: for IPv4, 96 more than is written. */
  readonly prefixLength128: number;
  readonly #mask0: number;
  readonly #mask1: number;
  readonly #mask2: number;
  readonly #mask3: number;
  #text: string | undefined;

  private constructor(address: IpAddress, prefixLength128: number) {
    this.prefixLength128 = prefixLength128;
    this.#mask0 = maskWord(prefixLength128);
    this.#mask1 = maskWord(prefixLength128 - 32);
    this.#mask2 = maskWord(prefixLength128 - 64);
    this.#mask3 = maskWord(prefixLength128 - 96);
    this.network = IpAddress.fromWords(
      address.word0 & this.#mask0,
      address.word1 & this.#mask1,
      address.word2 & this.#mask2,
      address.word3 & this.#mask3,
    );
  }

  /**
   * Of "address/length"; host bits are dropped. An address alone is refused: where it may stand
   * for itself, say so with `Cidr.of(address)`.
   */
  static parse(text: string): Cidr {
    const cidr = Cidr.tryParse(text);
    if (cidr !== undefined) return cidr;
    throw new DecodeError(`${quote(text)} is no CIDR, such as 10.0.0.0/8 or fd00::/64`, 0);
  }

  static tryParse(text: string): Cidr | undefined {
    const slash = text.indexOf("/");
    if (slash < 0) return undefined;
    const addressText = text.slice(0, slash);
    const address = IpAddress.tryParse(addressText);
    const length = parsePrefixLength(text.slice(slash + 1));
    if (address === undefined || length === undefined) return undefined;
    // A mapped address counts as it is written: ::ffff:10.0.0.0/104 is 10.0.0.0/8.
    const length128 = addressText.includes(":") ? length : length + MAPPED_BITS;
    return length128 > 128 ? undefined : new Cidr(address, length128);
  }

  /** With the length as it is written for the address's family; without one, the address alone. */
  static of(address: IpAddress, prefixLength?: number): Cidr {
    const above = address.family === 4 ? MAPPED_BITS : 0;
    const length = prefixLength ?? 128 - above;
    if (length >>> 0 !== length || length > 128 - above) {
      throw new DecodeError(`an IPv${address.family} prefix cannot be ${length} bits long`, 0);
    }
    return new Cidr(address, length + above);
  }

  /** With the length counted in the 128 bits; less than 96 makes an IPv6 range of any address. */
  static of128(address: IpAddress, prefixLength128: number): Cidr {
    if (prefixLength128 >>> 0 !== prefixLength128 || prefixLength128 > 128) {
      throw new DecodeError(`a prefix of 128 bits cannot be ${prefixLength128} bits long`, 0);
    }
    return new Cidr(address, prefixLength128);
  }

  get family(): IpFamily {
    return this.network.family;
  }

  /** As it is written: of 32 for IPv4, of 128 for IPv6. */
  get prefixLength(): number {
    return this.family === 4 ? this.prefixLength128 - MAPPED_BITS : this.prefixLength128;
  }

  /** Names the range and no other: for the keys of Maps. Kept once it was asked for. */
  get key(): string {
    this.#text ??= `${this.network.key}/${this.prefixLength}`;
    return this.#text;
  }

  get first(): IpAddress {
    return this.network;
  }

  get last(): IpAddress {
    const { word0, word1, word2, word3 } = this.network;
    const last = IpAddress.fromWords(
      word0 | ~this.#mask0,
      word1 | ~this.#mask1,
      word2 | ~this.#mask2,
      word3 | ~this.#mask3,
    );
    if (last.family === this.family) return last;
    return IpAddress.fromBigInt(MAPPED_FIRST - 1n);
  }

  /** How many addresses it contains. */
  get size(): bigint {
    const all = 1n << BigInt(128 - this.prefixLength128);
    return this.#surroundsIpv4 ? all - MAPPED_COUNT : all;
  }

  contains(address: IpAddress): boolean {
    return address.family === this.family && this.#hasPrefixOf(address);
  }

  /** Whether `other` is this range or one inside it. */
  containsCidr(other: Cidr): boolean {
    return other.prefixLength128 >= this.prefixLength128 && this.contains(other.network);
  }

  /** Whether an address is in both, which is so exactly if one contains the other. */
  overlaps(other: Cidr): boolean {
    return this.containsCidr(other) || other.containsCidr(this);
  }

  /** What is left of this without `other`: the fewest ranges, in order. */
  subtract(other: Cidr): Cidr[] {
    if (other.containsCidr(this)) return [];
    if (!this.containsCidr(other)) return [this];
    const below: Cidr[] = [];
    const above: Cidr[] = [];
    // Halving down to `other` leaves, at each step, the half that it is not in.
    for (let length = this.prefixLength128 + 1; length <= other.prefixLength128; length++) {
      const half = new Cidr(flipBit(other.network, length - 1), length);
      if (half.family !== this.family) continue;
      (other.network.bit(length - 1) === 1 ? below : above).push(half);
    }
    return [...below, ...above.toReversed()];
  }

  /** The address at `index`, 0 being the first; undefined outside 0 to `size` - 1. */
  nth(index: number | bigint): IpAddress | undefined {
    assert(typeof index === "bigint" || Number.isSafeInteger(index), "an index is a whole number");
    const offset = BigInt(index);
    if (offset < 0n || offset >= this.size) return undefined;
    const value = this.network.toBigInt() + offset;
    const isPastIpv4 = this.#surroundsIpv4 && value >= MAPPED_FIRST;
    return IpAddress.fromBigInt(isPastIpv4 ? value + MAPPED_COUNT : value);
  }

  /** The `index` at which `nth` gives `address`; undefined if it is not in the range. */
  indexOf(address: IpAddress): bigint | undefined {
    if (!this.contains(address)) return undefined;
    const value = address.toBigInt();
    const isPastIpv4 = this.#surroundsIpv4 && value >= MAPPED_FIRST;
    return value - this.network.toBigInt() - (isPastIpv4 ? MAPPED_COUNT : 0n);
  }

  equals(other: Cidr): boolean {
    return this.prefixLength128 === other.prefixLength128 && this.network.equals(other.network);
  }

  /** Negative, 0 or positive: by first address, IPv4 before IPv6, then the larger range. */
  compare(other: Cidr): number {
    return this.network.compare(other.network) || this.prefixLength128 - other.prefixLength128;
  }

  /** Canonical: 10.0.0.0/8, fd00::/64. */
  toString(): string {
    return this.key;
  }

  toJSON(): string {
    return this.key;
  }

  get #surroundsIpv4(): boolean {
    return this.family === 6 && this.#hasPrefixOf(IpAddress.v4(0));
  }

  #hasPrefixOf(address: IpAddress): boolean {
    const { word0, word1, word2, word3 } = this.network;
    return (
      (address.word3 & this.#mask3) === word3 &&
      (address.word2 & this.#mask2) === word2 &&
      (address.word1 & this.#mask1) === word1 &&
      (address.word0 & this.#mask0) === word0
    );
  }
}

/** A word whose first `bits` bits are set; below 0 none, above 32 all. */
function maskWord(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function flipBit(address: IpAddress, index: number): IpAddress {
  const bit = 1 << (31 - (index & 31));
  const word = index >> 5;
  return IpAddress.fromWords(
    address.word0 ^ (word === 0 ? bit : 0),
    address.word1 ^ (word === 1 ? bit : 0),
    address.word2 ^ (word === 2 ? bit : 0),
    address.word3 ^ (word === 3 ? bit : 0),
  );
}

/** One to three digits with no zero before them. */
function parsePrefixLength(text: string): number | undefined {
  return /^(0|[1-9][0-9]{0,2})$/.test(text) ? Number(text) : undefined;
}
