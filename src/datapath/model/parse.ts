import { DropReason, Family } from "#abi";
import {
  ETHERNET_BYTES,
  EtherType,
  IPV4_BYTES,
  IPV6_BYTES,
  Protocol,
  read16,
  read32,
  readIpv4,
} from "./wire.ts";

/** What is read of a packet. What a cut or wrong packet did not tell is zero. */
export interface Headers {
  /** Why it cannot be read; 0 if it can. */
  reason: number;
  family: number;
  source: Uint8Array;
  destination: Uint8Array;
  protocol: number;
  /** Of ICMP the type. */
  sourcePort: number;
  /** Of ICMP the code. */
  destinationPort: number;
  echoId: number;
  tcpFlags: number;
  /** Whether it is a piece of a datagram, the first or a later one. */
  isFragment: boolean;
  isLaterFragment: boolean;
  fragmentId: number;
  /** What all fragments of the packet say that it begins with: for IPv6 that may be an extension. */
  fragmentProtocol: number;
  /** Where the transport header begins. */
  transportAt: number;
}

/** A packet with more is dropped. */
const MAX_IPV6_EXTENSIONS = 4;
/** Of the shortest extension header, and of a fragment's. */
const EXTENSION_BYTES = 8;

/** Bytes that must be there of a transport header. */
const TRANSPORT_BYTES: ReadonlyMap<number, number> = new Map([
  [Protocol.tcp, 20],
  [Protocol.udp, 8],
  [Protocol.sctp, 12],
  [Protocol.icmp, 8],
  [Protocol.icmpv6, 8],
]);

export function noHeaders(): Headers {
  return {
    reason: DropReason.notDropped,
    family: Family.other,
    source: new Uint8Array(16),
    destination: new Uint8Array(16),
    protocol: 0,
    sourcePort: 0,
    destinationPort: 0,
    echoId: 0,
    tcpFlags: 0,
    isFragment: false,
    isLaterFragment: false,
    fragmentId: 0,
    fragmentProtocol: 0,
    transportAt: 0,
  };
}

/** Reads an Ethernet frame; never throws. */
export function parseHeaders(frame: Uint8Array): Headers {
  const headers = noHeaders();
  headers.reason = parseInto(headers, frame);
  return headers;
}

function parseInto(headers: Headers, frame: Uint8Array): number {
  if (frame.length < ETHERNET_BYTES) return DropReason.dropTruncatedHeader;
  const type = read16(frame, 12);
  if (type !== EtherType.ipv4 && type !== EtherType.ipv6) return DropReason.dropUnsupportedL3;
  const reason = type === EtherType.ipv4 ? parseIpv4(headers, frame) : parseIpv6(headers, frame);
  if (reason !== DropReason.notDropped) return reason;
  return headers.isLaterFragment ? DropReason.notDropped : parseTransport(headers, frame);
}

function parseIpv4(headers: Headers, frame: Uint8Array): number {
  const at = ETHERNET_BYTES;
  if (frame.length < at + IPV4_BYTES) return DropReason.dropTruncatedHeader;
  const first = frame[at] ?? 0;
  const headerBytes = (first & 0x0f) * 4;
  if (first >> 4 !== 4 || headerBytes < IPV4_BYTES) return DropReason.dropTruncatedHeader;
  const offsetWord = read16(frame, at + 6);
  headers.family = Family.ipv4;
  headers.source = readIpv4(frame, at + 12);
  headers.destination = readIpv4(frame, at + 16);
  headers.protocol = frame[at + 9] ?? 0;
  headers.isLaterFragment = (offsetWord & 0x1fff) !== 0;
  headers.isFragment = (offsetWord & 0x3fff) !== 0;
  if (headers.isFragment) headers.fragmentId = read16(frame, at + 4);
  headers.fragmentProtocol = headers.protocol;
  headers.transportAt = at + headerBytes;
  const isWhole = frame.length >= headers.transportAt;
  return isWhole ? DropReason.notDropped : DropReason.dropTruncatedHeader;
}

function parseIpv6(headers: Headers, frame: Uint8Array): number {
  const at = ETHERNET_BYTES;
  const isWhole = frame.length >= at + IPV6_BYTES;
  if (!isWhole || (frame[at] ?? 0) >> 4 !== 6) return DropReason.dropTruncatedHeader;
  headers.family = Family.ipv6;
  headers.source = frame.slice(at + 8, at + 24);
  headers.destination = frame.slice(at + 24, at + 40);
  headers.protocol = frame[at + 6] ?? 0;
  headers.transportAt = at + IPV6_BYTES;
  return skipExtensions(headers, frame);
}

function skipExtensions(headers: Headers, frame: Uint8Array): number {
  for (let count = 0; isExtension(headers.protocol); count++) {
    if (count === MAX_IPV6_EXTENSIONS) return DropReason.dropInvalidIpv6Extension;
    const at = headers.transportAt;
    const isFragment = headers.protocol === Protocol.fragment;
    const bytes = isFragment ? EXTENSION_BYTES : EXTENSION_BYTES + (frame[at + 1] ?? 0) * 8;
    if (frame.length < at + bytes) return DropReason.dropTruncatedHeader;
    headers.protocol = frame[at] ?? 0;
    headers.transportAt = at + bytes;
    if (isFragment) noteFragment(headers, frame, at);
    if (headers.isLaterFragment) break;
  }
  return DropReason.notDropped;
}

function noteFragment(headers: Headers, frame: Uint8Array, at: number): void {
  const word = read16(frame, at + 2);
  headers.isLaterFragment = (word & 0xfff8) !== 0;
  // One with neither offset nor "more" is a whole packet.
  headers.isFragment = (word & 0xfff9) !== 0;
  if (headers.isFragment) headers.fragmentId = read32(frame, at + 4);
  headers.fragmentProtocol = frame[at] ?? 0;
}

function isExtension(protocol: number): boolean {
  return (
    protocol === Protocol.hopByHop ||
    protocol === Protocol.routing ||
    protocol === Protocol.fragment ||
    protocol === Protocol.destinationOptions
  );
}

function parseTransport(headers: Headers, frame: Uint8Array): number {
  const { protocol, transportAt: at } = headers;
  const needed = TRANSPORT_BYTES.get(protocol);
  if (needed === undefined) return DropReason.notDropped;
  if (frame.length < at + needed) return DropReason.dropTruncatedHeader;
  if (isIcmp(headers)) {
    headers.sourcePort = frame[at] ?? 0;
    headers.destinationPort = frame[at + 1] ?? 0;
    headers.echoId = read16(frame, at + 4);
    return DropReason.notDropped;
  }
  headers.sourcePort = read16(frame, at);
  headers.destinationPort = read16(frame, at + 2);
  if (protocol === Protocol.tcp) headers.tcpFlags = frame[at + 13] ?? 0;
  return DropReason.notDropped;
}

export function isIcmp({ protocol }: { protocol: number }): boolean {
  return protocol === Protocol.icmp || protocol === Protocol.icmpv6;
}
