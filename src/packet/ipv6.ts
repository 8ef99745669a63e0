import { type ByteReader, type ByteWriter, DecodeError, IpAddress } from "#base";
import { putIpv6, takeIpv6 } from "./address.ts";
import { type AnyLayer, bits, type Draft, needBytes } from "./draft.ts";
import { protocolAfter } from "./protocol.ts";

export interface Ipv6 {
  readonly kind: "ipv6";
  /**
   * An address of family 4 here is a mapped one, ::ffff:a.b.c.d, that the packet carried: what
   * the wire says is the layer's kind, not the address's family.
   */
  readonly source: IpAddress;
  readonly destination: IpAddress;
  /** Differentiated services, 6 bits. */
  readonly dscp: number;
  /** Explicit congestion notification, 2 bits. */
  readonly ecn: number;
  /** 20 bits. */
  readonly flowLabel: number;
  /**
   * In bytes, extension headers included, this header not. Jumbograms, which have 0 here, are
   * read as empty packets with a trailer.
   */
  readonly payloadLength: number;
  /** What follows: one of IpProtocol, or another. With extension headers it is the first's. */
  readonly nextHeader: number;
  readonly hopLimit: number;
}

/** `version` is for packets that are not as they should be. */
export type Ipv6Draft = Draft<Ipv6> & { readonly version?: number };

export const IPV6_HEADER_BYTES = 40;

const VERSION = 6;
const DEFAULT_HOP_LIMIT = 64;
const UNSPECIFIED = IpAddress.fromWords(0, 0, 0, 0);

export function readIpv6(reader: ByteReader): Ipv6 {
  needBytes(reader, IPV6_HEADER_BYTES, "IPv6 header");
  const start = reader.offset;
  const first = reader.u32be();
  if (first >>> 28 !== VERSION) throw new DecodeError(`IP version ${first >>> 28}, not 6`, start);
  const payloadLength = reader.u16be();
  const nextHeader = reader.u8();
  const hopLimit = reader.u8();
  return {
    kind: "ipv6",
    source: takeIpv6(reader),
    destination: takeIpv6(reader),
    dscp: (first >>> 22) & 0x3f,
    ecn: (first >>> 20) & 3,
    flowLabel: first & 0xfffff,
    payloadLength,
    nextHeader,
    hopLimit,
  };
}

/** Leaves the payload length to `encodeLayers`, where it is not given. */
export function writeIpv6(
  writer: ByteWriter,
  draft: Ipv6Draft,
  layers: readonly AnyLayer[],
  index: number,
): void {
  const version = bits(draft.version ?? VERSION, 4, "an IP version");
  const dscp = bits(draft.dscp ?? 0, 6, "DSCP");
  const ecn = bits(draft.ecn ?? 0, 2, "ECN");
  const flowLabel = bits(draft.flowLabel ?? 0, 20, "a flow label");
  writer.u32be(((version << 28) | (dscp << 22) | (ecn << 20) | flowLabel) >>> 0);
  writer.u16be(draft.payloadLength ?? 0);
  writer.u8(draft.nextHeader ?? protocolAfter(layers, index));
  writer.u8(draft.hopLimit ?? DEFAULT_HOP_LIMIT);
  putIpv6(writer, draft.source ?? UNSPECIFIED);
  putIpv6(writer, draft.destination ?? UNSPECIFIED);
}
