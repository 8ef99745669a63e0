import { assert } from "#base";
import { IpProtocol } from "./constants.ts";
import { decodeLayers } from "./decode.ts";
import { encodeLayers } from "./encode.ts";
import type { Ipv4, Ipv4Option } from "./ipv4.ts";
import { IPV6_HEADER_BYTES, type Ipv6 } from "./ipv6.ts";
import type { Fragment, Ipv6Extension } from "./ipv6-extensions.ts";
import type { Layer, LayerDraft } from "./layers.ts";
import type { Packet } from "./packet.ts";

export interface FragmentOptions {
  /** The largest piece, in bytes of IP packet. */
  mtu: number;
  /** What the pieces are known by; if not said, the packet's own for IPv4 and 0 for IPv6. */
  identification?: number;
  /** The header that the bytes begin with: Ethernet's, if not said. */
  from?: "ethernet" | "ip";
}

/** What the payloads of all pieces but the last are a multiple of, in bytes. */
const UNIT = 8;
const FRAGMENT_HEADER_BYTES = 8;
/** The bit of an IPv4 option's type by which it is in every piece. */
const COPIED = 0x80;

type WholeExtension = Exclude<Ipv6Extension, Fragment>;

interface Piece {
  /** Where it stands in the payload, in bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/**
 * Cuts a packet into pieces as a router would for IPv4 and the sender for IPv6, outside of any
 * tunnel. "Don't fragment" is not heeded, and what is behind the IP packet in its frame is left
 * out. A packet that fits comes back alone and as it was.
 */
export function fragmentPacket(bytes: Uint8Array, options: FragmentOptions): Uint8Array[] {
  const { mtu, from = "ethernet" } = options;
  // What is above IP may be as wrong as a test wants it.
  const { packet } = decodeLayers(bytes, { from });
  const index = packet.layers.findIndex(({ kind }) => kind === "ipv4" || kind === "ipv6");
  const ip = packet.layers[index];
  assert(ip?.kind === "ipv4" || ip?.kind === "ipv6", "only an IP packet comes in fragments");
  return ip.kind === "ipv4"
    ? fragmentIpv4(packet, index, ip, mtu, options.identification ?? ip.identification)
    : fragmentIpv6(packet, index, ip, mtu, options.identification ?? 0);
}

function fragmentIpv4(
  packet: Packet,
  index: number,
  ip: Ipv4,
  mtu: number,
  identification: number,
): Uint8Array[] {
  if (ip.totalLength <= mtu) return [packet.bytes];
  const start = packet.offsets[index] as number;
  const payload = packet.bytes.subarray(start + ip.headerLength, start + ip.totalLength);
  const { totalLength: _length, checksum: _checksum, ...header } = ip;
  return cut(payload, mtu - ip.headerLength).map(({ offset, bytes, isLast }) => {
    const draft: LayerDraft = {
      ...header,
      identification,
      fragmentOffset: ip.fragmentOffset + offset,
      moreFragments: ip.moreFragments || !isLast,
      options: offset === 0 ? ip.options : ip.options.flatMap(inLaterPieces),
    };
    return encodeLayers([...packet.layers.slice(0, index), draft, { kind: "payload", bytes }]);
  });
}

/** As Linux does: what is not copied becomes as many bytes that say nothing. */
function inLaterPieces(option: Ipv4Option): Ipv4Option[] {
  if (option.kind !== "raw" || (option.type & COPIED) !== 0) return [option];
  return Array.from({ length: option.data.length + 2 }, () => ({ kind: "nop" }));
}

function fragmentIpv6(
  packet: Packet,
  index: number,
  ip: Ipv6,
  mtu: number,
  identification: number,
): Uint8Array[] {
  const start = packet.offsets[index] as number;
  const end = start + IPV6_HEADER_BYTES + ip.payloadLength;
  if (end - start <= mtu) return [packet.bytes];
  const extensions = extensionsOfEveryPiece(packet.layers.slice(index + 1));
  const { payloadLength: _length, ...header } = ip;
  const headers = [header, ...extensions];
  const last = headers[headers.length - 1] ?? header;
  const front: LayerDraft[] = [
    ...packet.layers.slice(0, index),
    ...headers.slice(0, -1),
    { ...last, nextHeader: IpProtocol.fragment },
  ];
  const headerBytes = extensions.reduce((sum, each) => sum + each.headerLength, IPV6_HEADER_BYTES);
  const payload = packet.bytes.subarray(start + headerBytes, end);
  const room = mtu - headerBytes - FRAGMENT_HEADER_BYTES;
  return cut(payload, room).map(({ offset, bytes, isLast }) => {
    const fragment: LayerDraft = {
      kind: "fragment",
      nextHeader: last.nextHeader,
      fragmentOffset: offset,
      moreFragments: !isLast,
      identification,
    };
    return encodeLayers([...front, fragment, { kind: "payload", bytes }]);
  });
}

/** Those that routers on the way look at: hop-by-hop options, and up to the routing header. */
function extensionsOfEveryPiece(layers: readonly Layer[]): WholeExtension[] {
  const extensions: WholeExtension[] = [];
  let count = 0;
  for (const layer of layers) {
    assert(layer.kind !== "fragment", "a packet with a fragment header is not cut again");
    if (!isWholeExtension(layer)) break;
    extensions.push(layer);
    if (layer.kind !== "destination-options") count = extensions.length;
  }
  return extensions.slice(0, count);
}

function isWholeExtension(layer: Layer): layer is WholeExtension {
  const { kind } = layer;
  return kind === "hop-by-hop" || kind === "destination-options" || kind === "routing";
}

function cut(payload: Uint8Array, room: number): Piece[] {
  const size = Math.floor(room / UNIT) * UNIT;
  assert(size >= UNIT, `an MTU with ${room} bytes for payload is too small`);
  const pieces: Piece[] = [];
  for (let offset = 0; offset < payload.length; offset += size) {
    const bytes = payload.subarray(offset, offset + size);
    pieces.push({ offset, bytes, isLast: offset + size >= payload.length });
  }
  return pieces;
}
