import { type IpAddress, unreachable } from "#base";
import type { Arp } from "./arp.ts";
import { ArpOperation } from "./constants.ts";
import { decodeEmbedded, decodeLayers, type DecodeOptions } from "./decode.ts";
import type { Dns } from "./dns.ts";
import { formatIcmpv4, formatIcmpv6 } from "./format-icmp.ts";
import { formatTcp } from "./format-tcp.ts";
import type { Layer, LayerKind, LayerOf } from "./layers.ts";
import { dnsResponseName, dnsTypeName, protocolName, sctpChunkName } from "./names.ts";
import { type IpLayer, Packet, type TransportLayer } from "./packet.ts";
import type { Sctp } from "./sctp.ts";
import { UDP_HEADER_BYTES } from "./udp.ts";

const MAX_SHOWN_CHUNKS = 8;

/**
 * A packet in one line, for people:
 *
 *     10.0.0.1:1234 > 10.0.0.2:80 TCP SYN seq 1 win 64240
 *
 * What is in a tunnel follows after a bar, what an ICMP error is about in brackets. Bytes that
 * are no packet, or not all of one, are shown as far as they can be read, and why no further.
 */
export function formatPacket(packet: Packet | Uint8Array, options: DecodeOptions = {}): string {
  if (packet instanceof Packet) return join([formatLayers(packet), formatEmbedded(packet)]);
  const { packet: decoded, error } = decodeLayers(packet, options);
  return join([formatPacket(decoded), error === undefined ? "" : `(${error.message})`]);
}

/** The packet that an ICMP error brings back; one that it brings back in turn is left out. */
function formatEmbedded({ layers }: Packet): string {
  const error = layers.find((layer) => "embedded" in layer);
  const text = error === undefined ? "" : formatLayers(decodeEmbedded(error).packet);
  return text === "" ? "" : `[${text}]`;
}

function formatLayers(packet: Packet): string {
  const { inner, outer, ip } = packet;
  const words = outer.map((layer) => (layer.kind === "vlan" ? `vlan ${layer.id}` : ""));
  const arp = find(outer, "arp");
  if (ip !== undefined) words.push(formatIp(ip, packet));
  else if (arp !== undefined) words.push(formatArp(arp));
  else words.push(formatFrame(outer));
  if (inner !== undefined) words.push("|", formatLayers(inner));
  return join(words);
}

function formatArp({ operation, senderIp, senderMac, targetIp }: Arp): string {
  if (operation === ArpOperation.request) return `ARP who-has ${targetIp.key} tell ${senderIp.key}`;
  if (operation === ArpOperation.reply) return `ARP ${senderIp.key} is-at ${senderMac.key}`;
  return `ARP operation ${operation} ${senderIp.key} ${targetIp.key}`;
}

function formatFrame(layers: readonly Layer[]): string {
  const ethernet = find(layers, "ethernet");
  if (ethernet === undefined) return "";
  const { etherType } = layers.findLast((layer) => layer.kind === "vlan") ?? ethernet;
  const type = `ethertype 0x${etherType.toString(16).padStart(4, "0")}`;
  return `${ethernet.source.key} > ${ethernet.destination.key} ${type} len ${payloadLength(layers)}`;
}

function formatIp(ip: IpLayer, { outer, transport }: Packet): string {
  const ports = portsOf(transport);
  const source = endpoint(ip, ip.source, ports?.sourcePort);
  const destination = endpoint(ip, ip.destination, ports?.destinationPort);
  const what =
    transport === undefined
      ? withLength(protocolName(lastProtocol(ip, outer)), payloadLength(outer))
      : formatTransport(transport, ip, outer);
  return join([`${source} > ${destination}`, what, formatFragment(outer)]);
}

/** Where no length is meant as none: an empty UDP datagram says so. */
function withLength(text: string, length: number): string {
  return length > 0 ? `${text} len ${length}` : text;
}

function portsOf(
  transport: TransportLayer | undefined,
): { readonly sourcePort: number; readonly destinationPort: number } | undefined {
  return transport !== undefined && "sourcePort" in transport ? transport : undefined;
}

/** "10.0.0.1:80", "[fd00::1]:80", or without a port the address alone. */
function endpoint(ip: IpLayer, address: IpAddress, port: number | undefined): string {
  // An IPv6 header with a mapped address must not look like IPv4.
  const isMapped = ip.kind === "ipv6" && address.family === 4;
  const text = isMapped ? `::ffff:${address.key}` : address.key;
  if (port === undefined) return text;
  return ip.kind === "ipv6" ? `[${text}]:${port}` : `${text}:${port}`;
}

function formatTransport(transport: TransportLayer, ip: IpLayer, layers: readonly Layer[]): string {
  const length = payloadLength(layers);
  switch (transport.kind) {
    case "tcp":
      return formatTcp(transport, length);
    case "udp":
      return formatUdp(layers, transport.length - UDP_HEADER_BYTES);
    case "sctp":
      return formatSctp(transport);
    case "icmpv4":
      return withLength(formatIcmpv4(transport), length);
    case "icmpv6":
      return withLength(formatIcmpv6(transport), length);
    case "ports":
      return `${protocolName(lastProtocol(ip, layers))} cut off`;
    default:
      return unreachable(transport);
  }
}

function formatUdp(layers: readonly Layer[], length: number): string {
  const vxlan = find(layers, "vxlan");
  if (vxlan !== undefined) return `VXLAN vni ${vxlan.vni}`;
  const dns = find(layers, "dns");
  return dns === undefined ? `UDP len ${length}` : formatDns(dns);
}

function formatSctp({ chunks }: Sctp): string {
  const names = chunks.slice(0, MAX_SHOWN_CHUNKS).map(({ type }) => sctpChunkName(type));
  if (chunks.length > names.length) names.push("…");
  return join(["SCTP", names.join(",")]);
}

/** "DNS query 7 A? example.com.", "DNS response 7 NXDOMAIN A? example.com. answers 0". */
function formatDns(dns: Dns): string {
  const questions = dns.questions.map(({ name, type }) => `${dnsTypeName(type)}? ${name}`);
  if (!dns.isResponse) return join(["DNS query", `${dns.id}`, ...questions]);
  const code = dnsResponseName(dns.responseCode);
  return join(["DNS response", `${dns.id}`, code, ...questions, `answers ${dns.answerCount}`]);
}

/** "frag id 7 offset 1480+", the plus where more follow. */
function formatFragment(layers: readonly Layer[]): string {
  const piece = find(layers, "fragment") ?? find(layers, "ipv4");
  if (piece === undefined || !(piece.moreFragments || piece.fragmentOffset > 0)) return "";
  return `frag id ${piece.identification} offset ${piece.fragmentOffset}${piece.moreFragments ? "+" : ""}`;
}

/** The protocol behind all extension headers. */
function lastProtocol(ip: IpLayer, layers: readonly Layer[]): number {
  if (ip.kind === "ipv4") return ip.protocol;
  const header = layers.findLast((layer) => "nextHeader" in layer);
  return header?.nextHeader ?? ip.nextHeader;
}

function payloadLength(layers: readonly Layer[]): number {
  return find(layers, "payload")?.bytes.length ?? 0;
}

function find<Kind extends LayerKind>(
  layers: readonly Layer[],
  kind: Kind,
): LayerOf<Kind> | undefined {
  return layers.find((layer): layer is LayerOf<Kind> => layer.kind === kind);
}

function join(words: readonly string[]): string {
  return words.filter((word) => word !== "").join(" ");
}
