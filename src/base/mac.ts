import { hexDigit, toHex } from "./bytes.ts";
import { DecodeError } from "./errors.ts";
import type { Random } from "./random.ts";
import { quote } from "./text.ts";

const MAC_BYTES = 6;
const TEXT_CHARACTERS = 17;
const MULTICAST = 0x01;
const LOCALLY_ADMINISTERED = 0x02;

/** An Ethernet address, immutable. */
export class MacAddress {
  // Public, because comparing by structure sees only what is public.
  /** The first two bytes, and the last four as an unsigned number. */
  readonly high: number;
  readonly low: number;

  private constructor(high: number, low: number) {
    this.high = high;
    this.low = low;
  }

  /** Of six pairs of digits, all with colons or all with hyphens between them. */
  static parse(text: string): MacAddress {
    const mac = MacAddress.tryParse(text);
    if (mac === undefined) throw new DecodeError(`${quote(text)} is no MAC address`, 0);
    return mac;
  }

  static tryParse(text: string): MacAddress | undefined {
    const separator = text[2];
    if (text.length !== TEXT_CHARACTERS || (separator !== ":" && separator !== "-")) {
      return undefined;
    }
    const bytes = new Uint8Array(MAC_BYTES);
    for (let index = 0; index < MAC_BYTES; index++) {
      const at = index * 3;
      const high = hexDigit(text.charCodeAt(at));
      const low = hexDigit(text.charCodeAt(at + 1));
      const isEnded = index === MAC_BYTES - 1 || text[at + 2] === separator;
      if (high < 0 || low < 0 || !isEnded) return undefined;
      bytes[index] = high * 16 + low;
    }
    return MacAddress.fromBytes(bytes);
  }

  static fromBytes(bytes: Uint8Array): MacAddress {
    if (bytes.length !== MAC_BYTES) {
      throw new DecodeError(`a MAC address has ${MAC_BYTES} bytes, not ${bytes.length}`, 0);
    }
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
    return new MacAddress((a << 8) | b, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0);
  }

  /** A locally administered address of one station, as virtual devices have. */
  static random(random: Random): MacAddress {
    const high = random.below(2 ** 16) & ~(MULTICAST << 8);
    return new MacAddress(high | (LOCALLY_ADMINISTERED << 8), random.uint32());
  }

  /** The six bytes, new each time. */
  get bytes(): Uint8Array {
    const low = this.low;
    return Uint8Array.of(this.high >> 8, this.high, low >>> 24, low >>> 16, low >>> 8, low);
  }

  /** Names the address and no other: for the keys of Maps. */
  get key(): string {
    return this.toString();
  }

  /** True of the broadcast address too. */
  get isMulticast(): boolean {
    return ((this.high >> 8) & MULTICAST) !== 0;
  }

  get isBroadcast(): boolean {
    return this.high === 0xffff && this.low === 0xffff_ffff;
  }

  get isLocallyAdministered(): boolean {
    return ((this.high >> 8) & LOCALLY_ADMINISTERED) !== 0;
  }

  get isZero(): boolean {
    return this.high === 0 && this.low === 0;
  }

  equals(other: MacAddress): boolean {
    return this.high === other.high && this.low === other.low;
  }

  /** Negative, 0 or positive. */
  compare(other: MacAddress): number {
    return this.high - other.high || this.low - other.low;
  }

  /** Canonical: lower case with colons. */
  toString(): string {
    return toHex(this.bytes, ":");
  }

  toJSON(): string {
    return this.toString();
  }
}
