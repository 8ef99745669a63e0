import {
  type ByteReader,
  type ByteWriter,
  DecodeError,
  type IpAddress,
  type MacAddress,
} from "#base";
import { putIpv6, putMac, takeIpv6, takeMac } from "./address.ts";
import { NeighbourOptionType } from "./constants.ts";
import { type Draft, needBytes } from "./draft.ts";

/**
 * An option of neighbour discovery. One that has not the form of its type, or sets bits that are
 * to be zero, stays raw, so that what is decoded says all that was there.
 */
export type NeighbourOption =
  | { readonly kind: "source-link-layer"; readonly address: MacAddress }
  | { readonly kind: "target-link-layer"; readonly address: MacAddress }
  | PrefixOption
  /** The beginning of the packet that a redirect is about, from its IPv6 header on. */
  | { readonly kind: "redirected-header"; readonly embedded: Uint8Array }
  | { readonly kind: "mtu"; readonly mtu: number }
  /** `data` is what follows type and length; when built it is padded to 8 bytes with the two. */
  | { readonly kind: "raw"; readonly type: number; readonly data: Uint8Array };

interface PrefixOption {
  readonly kind: "prefix";
  readonly prefix: IpAddress;
  /** In bits. */
  readonly length: number;
  readonly onLink: boolean;
  /** Whether addresses may be made of it. */
  readonly autonomous: boolean;
  readonly validSeconds: number;
  readonly preferredSeconds: number;
}

/** Options count their length in units of so many bytes. */
const UNIT = 8;
const ON_LINK = 0x80;
const AUTONOMOUS = 0x40;

/** With `isCut`, an option that goes on after the end is left in `reader`; else it is an error. */
export function readNeighbourOptions(reader: ByteReader, isCut: boolean): NeighbourOption[] {
  const options: NeighbourOption[] = [];
  while (reader.remaining > 0 && !(isCut && isOptionCut(reader))) options.push(readOption(reader));
  return options;
}

function isOptionCut(reader: ByteReader): boolean {
  if (reader.remaining < 2) return true;
  return (reader.peek(2)[1] as number) * UNIT > reader.remaining;
}

function readOption(reader: ByteReader): NeighbourOption {
  needBytes(reader, 2, "a neighbour discovery option");
  const start = reader.offset;
  const [type = 0, units = 0] = reader.peek(2);
  // Also what keeps a length of zero from standing still.
  if (units === 0) throw new DecodeError("neighbour discovery option of length 0", start);
  const option = reader.sub(units * UNIT, "a neighbour discovery option");
  option.skip(2);
  const known = readKnown(type, units, option);
  if (known !== undefined) return known;
  option.seek(start + 2);
  return { kind: "raw", type, data: option.rest() };
}

/** Undefined for what has no form of its own, or not the one of its type. */
function readKnown(type: number, units: number, option: ByteReader): NeighbourOption | undefined {
  switch (type) {
    case NeighbourOptionType.sourceLinkLayer:
      return units === 1 ? { kind: "source-link-layer", address: takeMac(option) } : undefined;
    case NeighbourOptionType.targetLinkLayer:
      return units === 1 ? { kind: "target-link-layer", address: takeMac(option) } : undefined;
    case NeighbourOptionType.prefix:
      return units === 4 ? readPrefix(option) : undefined;
    case NeighbourOptionType.redirectedHeader: {
      const reserved = option.u16be() + option.u32be();
      return reserved === 0 ? { kind: "redirected-header", embedded: option.rest() } : undefined;
    }
    case NeighbourOptionType.mtu: {
      if (units !== 1 || option.u16be() !== 0) return undefined;
      return { kind: "mtu", mtu: option.u32be() };
    }
    default:
      return undefined;
  }
}

function readPrefix(option: ByteReader): NeighbourOption | undefined {
  const length = option.u8();
  const flags = option.u8();
  const validSeconds = option.u32be();
  const preferredSeconds = option.u32be();
  const reserved = option.u32be();
  if ((flags & ~(ON_LINK | AUTONOMOUS)) !== 0 || reserved !== 0) return undefined;
  return {
    kind: "prefix",
    prefix: takeIpv6(option),
    length,
    onLink: (flags & ON_LINK) !== 0,
    autonomous: (flags & AUTONOMOUS) !== 0,
    validSeconds,
    preferredSeconds,
  };
}

type OptionDraft = NonNullable<Draft<{ options: readonly NeighbourOption[] }>["options"]>[number];

export function writeNeighbourOptions(writer: ByteWriter, options: readonly OptionDraft[]): void {
  for (const option of options) putOption(writer, option);
}

function putOption(writer: ByteWriter, option: OptionDraft): void {
  switch (option.kind) {
    case "source-link-layer":
      putMac(writer.u8(NeighbourOptionType.sourceLinkLayer).u8(1), option.address);
      break;
    case "target-link-layer":
      putMac(writer.u8(NeighbourOptionType.targetLinkLayer).u8(1), option.address);
      break;
    case "prefix":
      writer.u8(NeighbourOptionType.prefix).u8(4).u8(option.length);
      writer.u8((option.onLink ? ON_LINK : 0) | (option.autonomous ? AUTONOMOUS : 0));
      writer.u32be(option.validSeconds).u32be(option.preferredSeconds).u32be(0);
      putIpv6(writer, option.prefix);
      break;
    case "redirected-header":
      putPadded(writer, NeighbourOptionType.redirectedHeader, 6, option.embedded);
      break;
    case "mtu":
      writer.u8(NeighbourOptionType.mtu).u8(1).u16be(0).u32be(option.mtu);
      break;
    case "raw":
      putPadded(writer, option.type, 0, option.data);
      break;
    default:
      option satisfies never;
  }
}

/** Type, length, so many zeros, the data, and zeros up to a whole unit. */
function putPadded(writer: ByteWriter, type: number, zeros: number, data: Uint8Array): void {
  const length = 2 + zeros + data.length;
  const units = Math.ceil(length / UNIT);
  writer.u8(type).u8(units).zeros(zeros);
  writer.bytes(data).zeros(units * UNIT - length);
}
