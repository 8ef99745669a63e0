import { assert, ByteWriter, unreachable } from "#base";
import { writeArp } from "./arp.ts";
import { writeDns } from "./dns.ts";
import { NO_BYTES } from "./draft.ts";
import { writeEthernet, writeVlan } from "./ethernet.ts";
import { writeIcmpv4 } from "./icmpv4.ts";
import { writeIcmpv6 } from "./icmpv6.ts";
import { writeExtension } from "./ipv6-extensions.ts";
import { writeIpv4 } from "./ipv4.ts";
import { IPV6_HEADER_BYTES, writeIpv6 } from "./ipv6.ts";
import { checksumOffset, computeChecksum, putChecksum, type Stack } from "./layer-checksum.ts";
import type { LayerDraft } from "./layers.ts";
import { writeSctp } from "./sctp.ts";
import { writeTcp } from "./tcp.ts";
import { writeUdp } from "./udp.ts";
import { writeVxlan } from "./vxlan.ts";

/** The longest IP packet in its frames, and room for tests that put more into one. */
const MAX_PACKET_BYTES = 128 * 1024;

/**
 * The bytes of a packet of these layers. A field that is not given is filled in so that the
 * packet is right: types, lengths and checksums from what follows, others with their defaults. A
 * field that is given is written as it is, so that a packet can be wrong in any way, and so that
 * the layers of a decoded packet give its bytes.
 *
 * Lengths and checksums cover everything that follows but trailers.
 */
export function encodeLayers(layers: readonly LayerDraft[]): Uint8Array {
  const writer = new ByteWriter({ what: "packet", maxBytes: MAX_PACKET_BYTES });
  const offsets: number[] = [];
  let end = 0;
  for (const [index, layer] of layers.entries()) {
    offsets.push(writer.length);
    writeLayer(writer, layer, layers, index);
    if (layer.kind !== "trailer") end = writer.length;
  }
  const stack = { bytes: writer.finish(), layers, offsets };
  // Innermost first: what a checksum covers must be complete, checksums included.
  for (let index = layers.length - 1; index >= 0; index--) complete(stack, layers, index, end);
  return stack.bytes;
}

function writeLayer(
  writer: ByteWriter,
  layer: LayerDraft,
  layers: readonly LayerDraft[],
  index: number,
): void {
  switch (layer.kind) {
    case "ethernet":
      return writeEthernet(writer, layer, layers, index);
    case "vlan":
      return writeVlan(writer, layer, layers, index);
    case "arp":
      return writeArp(writer, layer);
    case "ipv4":
      return writeIpv4(writer, layer, layers, index);
    case "ipv6":
      return writeIpv6(writer, layer, layers, index);
    case "hop-by-hop":
    case "destination-options":
    case "routing":
    case "fragment":
      return writeExtension(writer, layer, layers, index);
    case "tcp":
      return writeTcp(writer, layer);
    case "udp":
      return writeUdp(writer, layer);
    case "sctp":
      return writeSctp(writer, layer);
    case "icmpv4":
      return writeIcmpv4(writer, layer);
    case "icmpv6":
      return writeIcmpv6(writer, layer);
    case "vxlan":
      return writeVxlan(writer, layer);
    case "dns":
      return writeDns(writer, layer);
    case "ports":
      writer.u16be(layer.sourcePort ?? 0).u16be(layer.destinationPort ?? 0);
      return;
    case "payload":
    case "trailer":
      writer.bytes(layer.bytes ?? NO_BYTES);
      return;
    default:
      unreachable(layer);
  }
}

/** Fills in what depends on everything that follows the header, where it is not given. */
function complete(stack: Stack, layers: readonly LayerDraft[], index: number, end: number): void {
  const layer = layers[index] as LayerDraft;
  const at = stack.offsets[index] as number;
  if (layer.kind === "ipv4" && layer.totalLength === undefined) {
    putLength(stack.bytes, at + 2, end - at, "an IPv4 packet, header included");
  } else if (layer.kind === "ipv6" && layer.payloadLength === undefined) {
    putLength(stack.bytes, at + 4, end - at - IPV6_HEADER_BYTES, "an IPv6 payload");
  } else if (layer.kind === "udp" && layer.length === undefined) {
    putLength(stack.bytes, at + 4, end - at, "a UDP datagram");
  }
  const isGiven = "checksum" in layer && layer.checksum !== undefined;
  if (isGiven || checksumOffset(stack, index) === undefined) return;
  putChecksum(stack, index, computeChecksum(stack, index, end));
}

function putLength(bytes: Uint8Array, at: number, length: number, what: string): void {
  assert(length <= 0xffff, `${length} bytes are too many for ${what}: give its length`);
  bytes[at] = length >> 8;
  bytes[at + 1] = length & 0xff;
}
