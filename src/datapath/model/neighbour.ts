import { bytesEqual, IpAddress } from "#base";
import { DropReason, type Endpoint, Family } from "#abi";
import { internetChecksum, pseudoHeaderSum } from "#packet";
import type { Headers } from "./parse.ts";
import {
  ETHERNET_BYTES,
  EtherType,
  Icmpv6Type,
  IPV6_BYTES,
  isAt,
  Protocol,
  read16,
  readIpv4,
} from "./wire.ts";

/** What becomes of a packet by which pods find each other. */
export type NeighbourVerdict =
  /** A packet goes back to the pod. */
  | { readonly kind: "answered"; readonly frame: Uint8Array }
  /** It ends here, and nobody is told. */
  | { readonly kind: "ignored" }
  | { readonly kind: "dropped"; readonly reason: number };

const ARP_FRAME_BYTES = 42;
const SOLICITATION_FRAME_BYTES = 78;
const ADVERTISEMENT_FRAME_BYTES = 86;
/** Ethernet, IPv4, six and four bytes of addresses, a request. */
const ARP_REQUEST = Uint8Array.of(0, 1, 0x08, 0, 6, 4, 0, 1);
const ARP_REPLY = 2;
const SOLICITED_AND_OVERRIDE = 0x60;
const TARGET_LINK_ADDRESS = 2;
const IGNORED: NeighbourVerdict = { kind: "ignored" };
const FORBIDDEN: NeighbourVerdict = { kind: "dropped", reason: DropReason.dropForbiddenIcmpv6 };
const SPOOFED: NeighbourVerdict = { kind: "dropped", reason: DropReason.dropInvalidSourceIp };

/** ARP of a pod: the host answers for everyone else. */
export function answerArp(frame: Uint8Array, endpoint: Endpoint): NeighbourVerdict {
  const { mac, hostMac, ipv4 } = endpoint;
  const isWhole = frame.length >= ARP_FRAME_BYTES;
  if (!isWhole || !isAt(frame, 6, mac) || !isAt(frame, 22, mac)) return SPOOFED;
  const sender = readIpv4(frame, 28);
  const isItsOwn = bytesEqual(sender, ipv4.bytes);
  const isUnspecified = isAt(sender, 12, new Uint8Array(4));
  if (!isItsOwn && !isUnspecified) return SPOOFED;
  const isAboutItself = bytesEqual(readIpv4(frame, 38), ipv4.bytes);
  if (!isItsOwn || isAboutItself || !isAt(frame, 14, ARP_REQUEST)) return IGNORED;
  const reply = frame.slice();
  reply.set(mac, 0);
  reply.set(hostMac, 6);
  reply[21] = ARP_REPLY;
  reply.set(hostMac, 22);
  reply.set(frame.subarray(38, 42), 28);
  reply.set(mac, 32);
  reply.set(frame.subarray(28, 32), 38);
  return { kind: "answered", frame: reply };
}

/** ICMPv6 of a pod that is between neighbours; undefined for any other packet. */
export function answerIcmpv6(
  frame: Uint8Array,
  headers: Headers,
  endpoint: Endpoint,
): NeighbourVerdict | undefined {
  if (!isWholeIcmpv6(headers)) return undefined;
  const type = headers.sourcePort;
  if (type === Icmpv6Type.neighbourSolicitation) return advertise(frame, headers, endpoint);
  if (type === Icmpv6Type.routerAdvertisement || type === Icmpv6Type.redirect) return FORBIDDEN;
  const isIgnored =
    isListener(type) ||
    type === Icmpv6Type.routerSolicitation ||
    type === Icmpv6Type.neighbourAdvertisement;
  return isIgnored ? IGNORED : undefined;
}

function isListener(type: number): boolean {
  const { listenerQuery, listenerDone, listenerReport2 } = Icmpv6Type;
  return (type >= listenerQuery && type <= listenerDone) || type === listenerReport2;
}

/** Whether a packet to a pod is between neighbours: routers', neighbours' and listeners' messages. */
export function isNeighbourly(headers: Headers): boolean {
  const { sourcePort: type } = headers;
  const { routerSolicitation, redirect } = Icmpv6Type;
  const isNeighbours = type >= routerSolicitation && type <= redirect;
  return isWholeIcmpv6(headers) && (isNeighbours || isListener(type));
}

function isWholeIcmpv6({ family, protocol, isLaterFragment }: Headers): boolean {
  return family === Family.ipv6 && protocol === Protocol.icmpv6 && !isLaterFragment;
}

function advertise(frame: Uint8Array, headers: Headers, endpoint: Endpoint): NeighbourVerdict {
  const isPlain =
    frame[ETHERNET_BYTES + 6] === Protocol.icmpv6 &&
    headers.destinationPort === 0 &&
    frame.length >= SOLICITATION_FRAME_BYTES;
  if (!isPlain) return FORBIDDEN;
  const target = frame.slice(62, 78);
  const isUnspecified = headers.source.every((byte) => byte === 0);
  if (isUnspecified || bytesEqual(target, endpoint.ipv6.bytes)) return IGNORED;
  const reply = new Uint8Array(ADVERTISEMENT_FRAME_BYTES);
  reply.set(frame.subarray(0, ETHERNET_BYTES + IPV6_BYTES));
  reply.set(endpoint.mac, 0);
  reply.set(endpoint.hostMac, 6);
  const payload = reply.subarray(ETHERNET_BYTES + IPV6_BYTES);
  reply[ETHERNET_BYTES + 4] = 0;
  reply[ETHERNET_BYTES + 5] = payload.length;
  reply.set(target, ETHERNET_BYTES + 8);
  reply.set(headers.source, ETHERNET_BYTES + 24);
  payload[0] = Icmpv6Type.neighbourAdvertisement;
  payload[4] = SOLICITED_AND_OVERRIDE;
  payload.set(target, 8);
  payload.set([TARGET_LINK_ADDRESS, 1], 24);
  payload.set(endpoint.hostMac, 26);
  const [from, to] = [IpAddress.fromBytes(target), IpAddress.fromBytes(headers.source)];
  const pseudo = pseudoHeaderSum(from, to, Protocol.icmpv6, payload.length);
  const sum = internetChecksum(payload, pseudo);
  payload.set([sum >> 8, sum & 0xff], 2);
  return { kind: "answered", frame: reply };
}

export function isArp(frame: Uint8Array): boolean {
  return frame.length >= ETHERNET_BYTES && read16(frame, 12) === EtherType.arp;
}
