import { type ByteReader, type ByteWriter, DecodeError } from "#base";
import { TCP_FLAGS, type TcpFlag } from "./constants.ts";
import { bits, type Draft, inUnits, needBytes, NO_BYTES } from "./draft.ts";
import { encodeTcpOptions, readTcpOptions, type TcpOption } from "./tcp-options.ts";

export interface Tcp {
  readonly kind: "tcp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  /** In bytes, options included: a multiple of 4 up to 60. */
  readonly headerLength: number;
  /** The three bits between header length and flags: to be zero. */
  readonly reserved: number;
  /** In the order of TCP_FLAGS when decoded; in any order to build. */
  readonly flags: readonly TcpFlag[];
  /** As it stands, not scaled. */
  readonly window: number;
  readonly checksum: number;
  readonly urgentPointer: number;
  readonly options: readonly TcpOption[];
}

const TCP_HEADER_BYTES = 20;

/** Where the byte with the header's length is. */
const LENGTH_AT = 12;
const FLAG_BITS = 9;
const FLAG_MASK = 0x1ff;
const DEFAULT_WINDOW = 64_240;
const DEFAULT_FLAGS: readonly TcpFlag[] = ["ACK"];
const NO_OPTIONS: readonly TcpOption[] = [];

/** One frozen list for each set of flags, made when it is first met: packets share them. */
const FLAG_LISTS: (readonly TcpFlag[] | undefined)[] = [];

export function readTcp(reader: ByteReader): Tcp {
  needBytes(reader, TCP_HEADER_BYTES, "TCP header");
  const start = reader.offset;
  const sourcePort = reader.u16be();
  const destinationPort = reader.u16be();
  const sequence = reader.u32be();
  const acknowledgement = reader.u32be();
  const word = reader.u16be();
  const headerLength = (word >> 12) * 4;
  if (headerLength < TCP_HEADER_BYTES) {
    throw new DecodeError(`TCP header of ${headerLength} bytes`, start + LENGTH_AT);
  }
  const window = reader.u16be();
  const checksum = reader.u16be();
  const urgentPointer = reader.u16be();
  needBytes(reader, headerLength - TCP_HEADER_BYTES, "TCP options");
  return {
    kind: "tcp",
    sourcePort,
    destinationPort,
    sequence,
    acknowledgement,
    headerLength,
    reserved: (word >> FLAG_BITS) & 7,
    flags: flagsOf(word & FLAG_MASK),
    window,
    checksum,
    urgentPointer,
    options:
      headerLength === TCP_HEADER_BYTES ? NO_OPTIONS : readTcpOptions(reader, start + headerLength),
  };
}

/** Whether the next header goes on after the end of `reader`, options included. */
export function isTcpCut(reader: ByteReader): boolean {
  if (reader.remaining < TCP_HEADER_BYTES) return true;
  const headerLength = ((reader.peek(LENGTH_AT + 1)[LENGTH_AT] as number) >> 4) * 4;
  return headerLength > reader.remaining;
}

/** Leaves the checksum to `encodeLayers`, where it is not given. */
export function writeTcp(writer: ByteWriter, draft: Draft<Tcp>): void {
  const options = draft.options === undefined ? NO_BYTES : encodeTcpOptions(draft.options);
  const headerLength = draft.headerLength ?? TCP_HEADER_BYTES + options.length;
  const words = inUnits(headerLength, 4, 4, "a TCP header's length");
  const reserved = bits(draft.reserved ?? 0, 3, "the reserved bits");
  writer.u16be(draft.sourcePort ?? 0).u16be(draft.destinationPort ?? 0);
  writer.u32be(draft.sequence ?? 0).u32be(draft.acknowledgement ?? 0);
  writer.u16be((words << 12) | (reserved << FLAG_BITS) | flagBits(draft.flags ?? DEFAULT_FLAGS));
  writer.u16be(draft.window ?? DEFAULT_WINDOW);
  writer.u16be(draft.checksum ?? 0).u16be(draft.urgentPointer ?? 0);
  writer.bytes(options);
}

function flagsOf(set: number): readonly TcpFlag[] {
  const known = FLAG_LISTS[set];
  if (known !== undefined) return known;
  const flags = Object.freeze(TCP_FLAGS.filter((_, bit) => (set & (1 << bit)) !== 0));
  FLAG_LISTS[set] = flags;
  return flags;
}

function flagBits(flags: readonly TcpFlag[]): number {
  let set = 0;
  for (const flag of flags) set |= 1 << TCP_FLAGS.indexOf(flag);
  return set;
}
