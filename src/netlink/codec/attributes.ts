import { DecodeError, IpAddress, type IpFamily, MacAddress } from "#base";
import { aligned, ATTRIBUTE_HEADER_BYTES } from "./wire.ts";

/** The upper two bits say "nested" and "network byte order", and are not always set. */
const TYPE_MASK = 0x3fff;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The attributes of a message or of one attribute around them. Reading one that is not there
 * answers undefined; one that is too short for what it should hold is a DecodeError; one that is
 * longer is read from its start, as kernels to come may make it. Of two with the same type the
 * last counts, as in the kernel.
 *
 * What `bytes` answers is a copy: the buffer under a message is used again.
 */
export class Attributes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #start: number;
  readonly #end: number;
  /** Where the value of each type begins. */
  readonly #values = new Map<number, number>();

  /** Of the bytes from `start` to `end` of a datagram, of which `view` is a view. */
  constructor(bytes: Uint8Array, view: DataView, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = view;
    this.#start = start;
    this.#end = end;
    this.#walk((type, at) => void this.#values.set(type, at));
  }

  has(type: number): boolean {
    return this.#values.has(type);
  }

  u8(type: number): number | undefined {
    const at = this.#find(type, 1);
    return at < 0 ? undefined : this.#view.getUint8(at);
  }

  u16(type: number): number | undefined {
    const at = this.#find(type, 2);
    return at < 0 ? undefined : this.#view.getUint16(at, true);
  }

  /** In network byte order: ports and Ethernet protocols. */
  u16be(type: number): number | undefined {
    const at = this.#find(type, 2);
    return at < 0 ? undefined : this.#view.getUint16(at, false);
  }

  u32(type: number): number | undefined {
    const at = this.#find(type, 4);
    return at < 0 ? undefined : this.#view.getUint32(at, true);
  }

  i32(type: number): number | undefined {
    const at = this.#find(type, 4);
    return at < 0 ? undefined : this.#view.getInt32(at, true);
  }

  /** A C string; the zero byte at its end may be missing. */
  text(type: number): string | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : this.#textAt(at);
  }

  bytes(type: number): Uint8Array | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : this.#bytes.slice(at, at + this.#length(at));
  }

  /** An address as messages of this family carry it. */
  ip(type: number, family: IpFamily): IpAddress | undefined {
    const length = family === 4 ? 4 : 16;
    const at = this.#find(type, length);
    return at < 0 ? undefined : IpAddress.fromBytes(this.#bytes.subarray(at, at + length));
  }

  /** An address at a place that `range` told. */
  ipAt(start: number, end: number, family: IpFamily): IpAddress {
    const length = family === 4 ? 4 : 16;
    if (end - start < length) {
      throw new DecodeError(`an address of ${length} bytes needed, ${end - start} there`, start);
    }
    return IpAddress.fromBytes(this.#bytes.subarray(start, start + length));
  }

  /** Undefined for hardware addresses of other lengths than Ethernet's too. */
  mac(type: number): MacAddress | undefined {
    const at = this.#find(type, 0);
    if (at < 0 || this.#length(at) !== 6) return undefined;
    return MacAddress.fromBytes(this.#bytes.subarray(at, at + 6));
  }

  /** Two 16-bit numbers. */
  u16pair(type: number): readonly [number, number] | undefined {
    const at = this.#find(type, 4);
    if (at < 0) return undefined;
    return [this.#view.getUint16(at, true), this.#view.getUint16(at + 2, true)];
  }

  u16pairBe(type: number): readonly [number, number] | undefined {
    const at = this.#find(type, 4);
    if (at < 0) return undefined;
    return [this.#view.getUint16(at, false), this.#view.getUint16(at + 2, false)];
  }

  /** A counter: the 64-bit number at `index` of an array of them; 0 where the array ends before. */
  counter(type: number, index: number): number {
    const at = this.#find(type, 0);
    if (at < 0 || (index + 1) * 8 > this.#length(at)) return 0;
    // Counters beyond 2^53 lose their lowest bits, after years at the speed of memory.
    return Number(this.#view.getBigUint64(at + index * 8, true));
  }

  nested(type: number): Attributes | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : this.#inner(at);
  }

  /** An array of attributes, each around others. */
  nestedList(type: number): Attributes[] {
    const list: Attributes[] = [];
    const array = this.nested(type);
    if (array !== undefined) array.#walk((_, at) => void list.push(array.#inner(at)));
    return list;
  }

  /** The texts of one type within a nested attribute, which can have many of them. */
  textList(type: number, innerType: number): string[] {
    const list: string[] = [];
    const outer = this.nested(type);
    if (outer === undefined) return list;
    outer.#walk((each, at) => {
      if (each === innerType) list.push(outer.#textAt(at));
    });
    return list;
  }

  /** Where a value is in its datagram, for what has a format of its own. */
  range(type: number): { start: number; end: number } | undefined {
    const at = this.#find(type, 0);
    return at < 0 ? undefined : { start: at, end: at + this.#length(at) };
  }

  #inner(at: number): Attributes {
    return new Attributes(this.#bytes, this.#view, at, at + this.#length(at));
  }

  #textAt(at: number): string {
    const end = at + this.#length(at);
    const zero = this.#bytes.indexOf(0, at);
    // Names are bytes to the kernel: one that is no UTF-8 must not make a whole list unreadable.
    return utf8.decode(this.#bytes.subarray(at, zero >= 0 && zero < end ? zero : end));
  }

  #length(at: number): number {
    return this.#view.getUint16(at - ATTRIBUTE_HEADER_BYTES, true) - ATTRIBUTE_HEADER_BYTES;
  }

  /** Where the value begins, of at least `minBytes`; -1 where there is none. */
  #find(type: number, minBytes: number): number {
    const at = this.#values.get(type);
    if (at === undefined) return -1;
    const length = this.#length(at);
    if (length < minBytes) {
      throw new DecodeError(`attribute ${type}: ${minBytes} bytes needed, ${length} there`, at);
    }
    return at;
  }

  #walk(visit: (type: number, at: number) => void): void {
    const view = this.#view;
    let at = this.#start;
    // Up to three bytes after the last are padding.
    while (this.#end - at >= ATTRIBUTE_HEADER_BYTES) {
      const length = view.getUint16(at, true);
      if (length < ATTRIBUTE_HEADER_BYTES || length > this.#end - at) {
        const left = this.#end - at;
        throw new DecodeError(`an attribute ${length} bytes long where ${left} are left`, at);
      }
      visit(view.getUint16(at + 2, true) & TYPE_MASK, at + ATTRIBUTE_HEADER_BYTES);
      at += aligned(length);
    }
  }
}
