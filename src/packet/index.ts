/**
 * Packets: bytes to headers and back, checksums, and a line of text for people. For tests of the
 * datapath, which build packets and compare them, and for whoever shows one.
 *
 * Not here: Hubble's hot path, which reads a few columns out of many events; sending and
 * receiving; what a packet means (flows, policy, reassembly of fragments or streams); DNS answers.
 * What it does not know (IGMP, GRE, IPsec, LLC) it keeps as payload.
 *
 * Invariants:
 * - Bytes from outside give a value or a DecodeError with the offset, and take time in proportion
 *   to their length: chains of headers, tunnels and pointers have limits with names.
 * - Every byte of a decoded packet is in exactly one layer, and `encodeLayers` of those layers
 *   gives the same bytes, right or wrong; but for DNS names with pointers, which it writes out.
 * - The kind of an IP layer says which header the packet has; the family of an address in it does
 *   not. A mapped address on the wire is an `ipv6` layer with an IpAddress of family 4, and
 *   `formatPacket` shows it as ::ffff:10.0.0.1.
 * - Lengths and offsets of fields are in bytes, whatever units the wire has them in. Decoded
 *   layers borrow from the bytes they were decoded from.
 */
export type { Arp } from "./arp.ts";
export { packet, type PacketBuilder } from "./builder.ts";
export { internetChecksum, pseudoHeaderSum, updateChecksum } from "./checksum.ts";
export {
  ArpOperation,
  DNS_CLASS_INTERNET,
  DnsResponseCode,
  DnsType,
  EtherType,
  Icmpv4Type,
  Icmpv4UnreachableCode,
  Icmpv6Type,
  Icmpv6UnreachableCode,
  IpProtocol,
  Port,
  RoutingType,
  SctpChunkType,
  TCP_FLAGS,
  type TcpFlag,
  VXLAN_HAS_VNI,
} from "./constants.ts";
export { crc32c } from "./crc32c.ts";
export {
  type DecodedLayers,
  decodeEmbedded,
  decodeLayers,
  type DecodeOptions,
  decodePacket,
  MAX_EXTENSION_HEADERS,
  MAX_TUNNELS,
  MAX_VLAN_TAGS,
} from "./decode.ts";
export { diffPackets } from "./diff.ts";
export { decodeDns, type Dns, type DnsQuestion, MAX_DNS_QUESTIONS } from "./dns.ts";
export type { Draft, Fields } from "./draft.ts";
export { encodeLayers } from "./encode.ts";
export type { Ethernet, Vlan } from "./ethernet.ts";
export { formatPacket } from "./format.ts";
export { type FragmentOptions, fragmentPacket } from "./fragment.ts";
export type { Icmpv4 } from "./icmpv4.ts";
export type { Icmpv6 } from "./icmpv6.ts";
export type { Ipv4, Ipv4Option } from "./ipv4.ts";
export type {
  DestinationOptions,
  Fragment,
  HopByHop,
  Ipv6Extension,
  Ipv6Option,
  Routing,
} from "./ipv6-extensions.ts";
export type { Ipv6 } from "./ipv6.ts";
export type {
  Layer,
  LayerDraft,
  LayerKind,
  LayerOf,
  Payload,
  Ports,
  Trailer,
} from "./layers.ts";
export type { NeighbourOption } from "./neighbour-options.ts";
export type { IpLayer, Packet, TransportLayer } from "./packet.ts";
export type { Sctp, SctpChunk } from "./sctp.ts";
export type { SackBlock, TcpOption } from "./tcp-options.ts";
export type { Tcp } from "./tcp.ts";
export type { Udp } from "./udp.ts";
export { verifyChecksums, type WrongChecksum } from "./verify.ts";
export type { Vxlan } from "./vxlan.ts";
