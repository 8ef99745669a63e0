import { type DecodeOptions, decodePacket } from "./decode.ts";
import { IPV6_HEADER_BYTES } from "./ipv6.ts";
import { checksumOffset, computeChecksum } from "./layer-checksum.ts";
import type { Layer, LayerKind } from "./layers.ts";

export interface WrongChecksum {
  readonly kind: LayerKind;
  /** Where the checksum is in the packet. */
  readonly offset: number;
  readonly expected: number;
  readonly actual: number;
}

/**
 * The checksums of a packet that are not what they ought to be, tunnels included; what an ICMP
 * error brings back is not looked into. Of fragments the IP header alone can be judged. Throws
 * DecodeError for what is no packet.
 */
export function verifyChecksums(bytes: Uint8Array, options: DecodeOptions = {}): WrongChecksum[] {
  const packet = decodePacket(bytes, options);
  const wrong: WrongChecksum[] = [];
  let end = bytes.length;
  let isFragment = options.isPrefix ?? false;
  for (const [index, layer] of packet.layers.entries()) {
    const start = packet.offsets[index] as number;
    end = Math.min(end, start + coveredLength(layer));
    isFragment ||= isPieceOfPacket(layer);
    const offset = checksumOffset(packet, index);
    if (offset === undefined || !("checksum" in layer)) continue;
    const canBeJudged = layer.kind === "ipv4" || !isFragment;
    if (!canBeJudged || isLeftOut(packet.layers, index)) continue;
    const expected = computeChecksum(packet, index, end);
    const actual = layer.checksum;
    if (isAsGood(layer.kind, actual, expected)) continue;
    wrong.push({ kind: layer.kind, offset, expected, actual });
  }
  return wrong;
}

/** How many bytes from its start on a layer says that it and its payload have. */
function coveredLength(layer: Layer): number {
  if (layer.kind === "ipv4") return layer.totalLength;
  if (layer.kind === "ipv6") return IPV6_HEADER_BYTES + layer.payloadLength;
  return layer.kind === "udp" ? layer.length : Infinity;
}

function isPieceOfPacket(layer: Layer): boolean {
  const isPiece = layer.kind === "ipv4" || layer.kind === "fragment";
  return isPiece && (layer.moreFragments || layer.fragmentOffset > 0);
}

/** UDP may go without over IPv4, and over IPv6 in tunnels (RFC 6935). */
function isLeftOut(layers: readonly Layer[], index: number): boolean {
  const layer = layers[index];
  if (layer?.kind !== "udp" || layer.checksum !== 0) return false;
  const ip = layers.findLast((each, at) => at < index && /^ipv[46]$/.test(each.kind));
  return ip?.kind === "ipv4" || layers[index + 1]?.kind === "vxlan";
}

/** Receivers add up, and cannot tell the two zeros of one's complement from one another. */
function isAsGood(kind: LayerKind, actual: number, expected: number): boolean {
  if (actual === expected) return true;
  return kind !== "sctp" && kind !== "udp" && actual % 0xffff === expected % 0xffff;
}
