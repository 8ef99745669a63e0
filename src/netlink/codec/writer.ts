import { ByteWriter, type IpAddress, type IpFamily } from "#base";
import { MessageFlag } from "./wire.ts";

const NESTED = 0x8000;

/**
 * Writes messages one after the other, for one send. A value of undefined writes nothing, so that
 * options that are not given cost their callers no test.
 */
export class MessageWriter {
  /** For the fixed part that a message begins with. */
  readonly bytes: ByteWriter;
  #start = 0;
  #flags = 0;

  constructor(maxBytes: number) {
    this.bytes = new ByteWriter({ what: "netlink request", maxBytes, initialBytes: 512 });
  }

  begin(type: number, flags: number, sequence: number): void {
    this.bytes.align(4);
    this.#start = this.bytes.length;
    this.#flags = flags;
    // Its length comes at the end; port 0 is the kernel.
    this.bytes.u32le(0).u16le(type).u16le(flags).u32le(sequence).u32le(0);
  }

  end(): void {
    this.bytes.patchU32le(this.#start, this.bytes.length - this.#start);
  }

  /** Has the last message answered also when all went well. */
  askForAck(): void {
    this.bytes.patchU16le(this.#start + 6, this.#flags | MessageFlag.ack);
  }

  /** Where the message that was begun last begins. */
  get start(): number {
    return this.#start;
  }

  /** Pads the last message and hands all of them over. */
  finish(): Uint8Array {
    return this.bytes.align(4).finish();
  }

  flag(type: number, isSet: boolean | undefined): void {
    if (isSet === true) this.#header(type, 0);
  }

  u8(type: number, value: number | undefined): void {
    if (value !== undefined) this.#header(type, 1).u8(value).align(4);
  }

  bool(type: number, value: boolean | undefined): void {
    if (value !== undefined) this.u8(type, value ? 1 : 0);
  }

  u16(type: number, value: number | undefined): void {
    if (value !== undefined) this.#header(type, 2).u16le(value).align(4);
  }

  u16be(type: number, value: number | undefined): void {
    if (value !== undefined) this.#header(type, 2).u16be(value).align(4);
  }

  u32(type: number, value: number | undefined): void {
    if (value !== undefined) this.#header(type, 4).u32le(value);
  }

  i32(type: number, value: number | undefined): void {
    if (value !== undefined) this.#header(type, 4).i32le(value);
  }

  u16pair(type: number, value: { first: number; last: number } | undefined): void {
    if (value !== undefined) this.#header(type, 4).u16le(value.first).u16le(value.last);
  }

  u16pairBe(type: number, value: { first: number; last: number } | undefined): void {
    if (value !== undefined) this.#header(type, 4).u16be(value.first).u16be(value.last);
  }

  raw(type: number, value: Uint8Array | undefined): void {
    if (value !== undefined) this.#header(type, value.length).bytes(value).align(4);
  }

  /** With the zero byte at its end, which the kernel wants of some. */
  text(type: number, value: string | undefined): void {
    if (value === undefined) return;
    this.#patched(type, () => this.bytes.cstring(value));
  }

  ip(type: number, address: IpAddress | undefined, family: IpFamily): void {
    if (address !== undefined) this.raw(type, ipBytes(address, family));
  }

  nest(type: number, write: () => void): void {
    this.#patched(type | NESTED, write);
  }

  /** An attribute whose value is not made of attributes, and whose length comes out at the end. */
  block(type: number, write: () => void): void {
    this.#patched(type, write);
  }

  #header(type: number, length: number): ByteWriter {
    return this.bytes.u16le(4 + length).u16le(type);
  }

  #patched(type: number, write: () => void): void {
    const start = this.bytes.length;
    this.#header(type, 0);
    write();
    this.bytes.patchU16le(start, this.bytes.length - start);
    this.bytes.align(4);
  }
}

/** As a message of this family carries it: IPv4 in an IPv6 message is mapped. */
export function ipBytes(address: IpAddress, family: IpFamily): Uint8Array {
  return family === 6 ? address.bytes : address.wireBytes;
}
