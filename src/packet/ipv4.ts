import { type ByteReader, type ByteWriter, DecodeError, IpAddress } from "#base";
import { putIpv4, takeIpv4 } from "./address.ts";
import { Ipv4OptionType } from "./constants.ts";
import { type AnyLayer, bits, type Draft, inUnits, needBytes, NO_BYTES } from "./draft.ts";
import { putRawOption, type RawOption, readOptionData, writeOptions } from "./option-bytes.ts";
import { protocolAfter } from "./protocol.ts";

export interface Ipv4 {
  readonly kind: "ipv4";
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Differentiated services, 6 bits. */
  readonly dscp: number;
  /** Explicit congestion notification, 2 bits. */
  readonly ecn: number;
  readonly ttl: number;
  /** What follows: one of IpProtocol, or another. */
  readonly protocol: number;
  readonly identification: number;
  /** The first of the three flags, which nobody may set (RFC 3514 notwithstanding). */
  readonly reservedFlag: boolean;
  readonly dontFragment: boolean;
  readonly moreFragments: boolean;
  /** Where this fragment's payload stands in the whole, in bytes: a multiple of 8. */
  readonly fragmentOffset: number;
  /** In bytes, options included: a multiple of 4 up to 60. */
  readonly headerLength: number;
  /** In bytes, header included. */
  readonly totalLength: number;
  readonly checksum: number;
  readonly options: readonly Ipv4Option[];
}

export type Ipv4Option =
  | { readonly kind: "nop" }
  /** The end of options, and whatever the header has after it. */
  | { readonly kind: "end"; readonly padding: Uint8Array }
  | RawOption;

/** `version` is for packets that are not as they should be. */
export type Ipv4Draft = Draft<Ipv4> & { readonly version?: number };

const IPV4_HEADER_BYTES = 20;

const VERSION = 4;
const RESERVED_FLAG = 0x8000;
const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;
const DEFAULT_TTL = 64;

const NO_OPTIONS: readonly Ipv4Option[] = [];
const UNSPECIFIED = IpAddress.v4(0);

export function readIpv4(reader: ByteReader): Ipv4 {
  needBytes(reader, IPV4_HEADER_BYTES, "IPv4 header");
  const start = reader.offset;
  const first = reader.u8();
  const headerLength = (first & 0x0f) * 4;
  if (first >> 4 !== VERSION) throw new DecodeError(`IP version ${first >> 4}, not 4`, start);
  if (headerLength < IPV4_HEADER_BYTES) {
    throw new DecodeError(`IPv4 header of ${headerLength} bytes`, start);
  }
  const trafficClass = reader.u8();
  const totalLength = reader.u16be();
  if (totalLength < headerLength) {
    throw new DecodeError(`IPv4 total length of ${totalLength}, less than its header`, start + 2);
  }
  const identification = reader.u16be();
  const fragment = reader.u16be();
  const ttl = reader.u8();
  const protocol = reader.u8();
  const checksum = reader.u16be();
  return {
    kind: "ipv4",
    source: takeIpv4(reader),
    destination: takeIpv4(reader),
    dscp: trafficClass >> 2,
    ecn: trafficClass & 3,
    ttl,
    protocol,
    identification,
    reservedFlag: (fragment & RESERVED_FLAG) !== 0,
    dontFragment: (fragment & DONT_FRAGMENT) !== 0,
    moreFragments: (fragment & MORE_FRAGMENTS) !== 0,
    fragmentOffset: (fragment & OFFSET_MASK) * 8,
    headerLength,
    totalLength,
    checksum,
    options:
      headerLength === IPV4_HEADER_BYTES ? NO_OPTIONS : readOptions(reader, start, headerLength),
  };
}

function readOptions(reader: ByteReader, start: number, headerLength: number): Ipv4Option[] {
  needBytes(reader, headerLength - IPV4_HEADER_BYTES, "IPv4 options");
  const end = start + headerLength;
  const options: Ipv4Option[] = [];
  while (reader.offset < end) {
    const type = reader.u8();
    if (type === Ipv4OptionType.nop) options.push({ kind: "nop" });
    else if (type === Ipv4OptionType.end) {
      options.push({ kind: "end", padding: reader.bytes(end - reader.offset) });
    } else options.push({ kind: "raw", type, data: readOptionData(reader, end, "IPv4 option") });
  }
  return options;
}

/** Leaves total length and checksum to `encodeLayers`, where they are not given. */
export function writeIpv4(
  writer: ByteWriter,
  draft: Ipv4Draft,
  layers: readonly AnyLayer[],
  index: number,
): void {
  const options = draft.options === undefined ? NO_BYTES : encodeOptions(draft.options);
  const headerLength = draft.headerLength ?? IPV4_HEADER_BYTES + options.length;
  const version = bits(draft.version ?? VERSION, 4, "an IP version");
  const dscp = bits(draft.dscp ?? 0, 6, "DSCP");
  const flags =
    (draft.reservedFlag ? RESERVED_FLAG : 0) |
    (draft.dontFragment ? DONT_FRAGMENT : 0) |
    (draft.moreFragments ? MORE_FRAGMENTS : 0);
  writer.u8((version << 4) | inUnits(headerLength, 4, 4, "an IPv4 header's length"));
  writer.u8((dscp << 2) | bits(draft.ecn ?? 0, 2, "ECN"));
  writer.u16be(draft.totalLength ?? 0).u16be(draft.identification ?? 0);
  writer.u16be(flags | inUnits(draft.fragmentOffset ?? 0, 8, 13, "a fragment's offset"));
  writer.u8(draft.ttl ?? DEFAULT_TTL).u8(draft.protocol ?? protocolAfter(layers, index));
  writer.u16be(draft.checksum ?? 0);
  putIpv4(writer, draft.source ?? UNSPECIFIED);
  putIpv4(writer, draft.destination ?? UNSPECIFIED);
  writer.bytes(options);
}

function encodeOptions(options: readonly Ipv4Option[]): Uint8Array {
  return writeOptions("IPv4 options", (writer) => {
    for (const option of options) {
      if (option.kind === "nop") writer.u8(Ipv4OptionType.nop);
      else if (option.kind === "end") writer.u8(Ipv4OptionType.end).bytes(option.padding);
      else putRawOption(writer, option);
    }
    writer.align(4);
  });
}
