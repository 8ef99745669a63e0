import { type ByteReader, type ByteWriter, DecodeError } from "#base";
import { IpProtocol, Ipv6OptionType } from "./constants.ts";
import { type AnyLayer, bits, type Draft, inUnits, needBytes, NO_BYTES } from "./draft.ts";
import { type RawOption, writeOptions } from "./option-bytes.ts";
import { protocolAfter } from "./protocol.ts";

/** What every extension header has. */
interface Extension {
  /** What follows: one of IpProtocol, or another. */
  readonly nextHeader: number;
}

interface OptionsHeader extends Extension {
  /** In bytes, all of this header: a multiple of 8. */
  readonly headerLength: number;
  /** The builder pads to a multiple of 8; decoded, the padding is among the options. */
  readonly options: readonly Ipv6Option[];
}

export interface HopByHop extends OptionsHeader {
  readonly kind: "hop-by-hop";
}

export interface DestinationOptions extends OptionsHeader {
  readonly kind: "destination-options";
}

export interface Routing extends Extension {
  readonly kind: "routing";
  /** In bytes, all of this header: a multiple of 8. */
  readonly headerLength: number;
  /** One of RoutingType, or another. */
  readonly routingType: number;
  readonly segmentsLeft: number;
  /** Everything after the first four bytes. */
  readonly data: Uint8Array;
}

/** It is in every fragment; a packet that has it need not be in pieces, though. */
export interface Fragment extends Extension {
  readonly kind: "fragment";
  /** Where this fragment's payload stands in the whole, in bytes: a multiple of 8. */
  readonly fragmentOffset: number;
  readonly moreFragments: boolean;
  readonly identification: number;
  /** The second byte, and the two bits beside the flag: to be zero. */
  readonly reserved: number;
  readonly reservedBits: number;
}

export type Ipv6Option =
  /** One zero byte. */
  | { readonly kind: "pad1" }
  /** PadN too: its data is as long as the padding less two. */
  | RawOption;

export type Ipv6Extension = HopByHop | DestinationOptions | Routing | Fragment;

const UNIT = 8;
const FRAGMENT_BYTES = 8;
const MORE_FRAGMENTS = 1;

export function isExtension(protocol: number): boolean {
  return (
    protocol === IpProtocol.hopByHop ||
    protocol === IpProtocol.routing ||
    protocol === IpProtocol.fragment ||
    protocol === IpProtocol.destinationOptions
  );
}

/** Reads the extension header of which the header before said that it is `protocol`. */
export function readExtension(reader: ByteReader, protocol: number): Ipv6Extension {
  if (protocol === IpProtocol.fragment) return readFragment(reader);
  needBytes(reader, UNIT, "IPv6 extension header");
  const start = reader.offset;
  const nextHeader = reader.u8();
  const headerLength = (reader.u8() + 1) * UNIT;
  needBytes(reader, headerLength - 2, "IPv6 extension header");
  if (protocol === IpProtocol.routing) {
    const routingType = reader.u8();
    const segmentsLeft = reader.u8();
    const data = reader.bytes(headerLength - 4);
    return { kind: "routing", nextHeader, headerLength, routingType, segmentsLeft, data };
  }
  const kind = protocol === IpProtocol.hopByHop ? "hop-by-hop" : "destination-options";
  return { kind, nextHeader, headerLength, options: readOptions(reader, start + headerLength) };
}

function readOptions(reader: ByteReader, end: number): Ipv6Option[] {
  const options: Ipv6Option[] = [];
  while (reader.offset < end) {
    const at = reader.offset;
    const type = reader.u8();
    if (type === Ipv6OptionType.pad1) {
      options.push({ kind: "pad1" });
      continue;
    }
    // Unlike those of IPv4 and TCP, this length does not count the two bytes before.
    const length = at + 1 < end ? reader.u8() : 0;
    if (at + 2 + length > end) {
      throw new DecodeError(`IPv6 option of ${length + 2} bytes, ${end - at} left`, at);
    }
    options.push({ kind: "raw", type, data: reader.bytes(length) });
  }
  return options;
}

function readFragment(reader: ByteReader): Fragment {
  needBytes(reader, FRAGMENT_BYTES, "IPv6 fragment header");
  const nextHeader = reader.u8();
  const reserved = reader.u8();
  const place = reader.u16be();
  return {
    kind: "fragment",
    nextHeader,
    fragmentOffset: place & 0xfff8,
    moreFragments: (place & MORE_FRAGMENTS) !== 0,
    identification: reader.u32be(),
    reserved,
    reservedBits: (place >> 1) & 3,
  };
}

export function writeExtension(
  writer: ByteWriter,
  draft: Draft<Ipv6Extension>,
  layers: readonly AnyLayer[],
  index: number,
): void {
  writer.u8(draft.nextHeader ?? protocolAfter(layers, index));
  if (draft.kind === "fragment") {
    putFragment(writer, draft);
    return;
  }
  const body = draft.kind === "routing" ? routingBody(draft) : optionsBody(draft.options ?? []);
  const headerLength = draft.headerLength ?? body.length + 2;
  writer.u8(inUnits(headerLength - UNIT, UNIT, 8, "an extension header's length less 8"));
  writer.bytes(body);
}

function putFragment(writer: ByteWriter, draft: Draft<Fragment>): void {
  const offset = inUnits(draft.fragmentOffset ?? 0, 8, 13, "a fragment's offset");
  const reservedBits = bits(draft.reservedBits ?? 0, 2, "the reserved bits");
  writer.u8(draft.reserved ?? 0);
  writer.u16be((offset << 3) | (reservedBits << 1) | (draft.moreFragments ? MORE_FRAGMENTS : 0));
  writer.u32be(draft.identification ?? 0);
}

/** What follows the two bytes that all have. */
function routingBody({ routingType = 0, segmentsLeft = 0, data }: Draft<Routing>): Uint8Array {
  return writeOptions("IPv6 routing header", (writer) => {
    writer.u8(routingType).u8(segmentsLeft);
    writer.bytes(data ?? NO_BYTES).zeros(missingTo8(writer));
  });
}

function optionsBody(options: readonly Ipv6Option[]): Uint8Array {
  return writeOptions("IPv6 options", (writer) => {
    for (const option of options) {
      if (option.kind === "pad1") writer.u8(Ipv6OptionType.pad1);
      else {
        const { type, data, length } = option;
        writer.u8(type).u8(length ?? data.length);
        writer.bytes(data);
      }
    }
    const missing = missingTo8(writer);
    if (missing === 1) writer.u8(Ipv6OptionType.pad1);
    else if (missing > 1) {
      writer
        .u8(Ipv6OptionType.padN)
        .u8(missing - 2)
        .zeros(missing - 2);
    }
  });
}

/** What the header still needs, of which all but the first two bytes are written. */
function missingTo8(writer: ByteWriter): number {
  return (UNIT - ((writer.length + 2) % UNIT)) % UNIT;
}
