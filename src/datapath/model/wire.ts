// Numbers of protocols that the model reads in packets, and how it reads them.

export const ETHERNET_BYTES = 14;
export const IPV4_BYTES = 20;
export const IPV6_BYTES = 40;

export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  serviceVlan: 0x88a8,
} as const;

export const Protocol = {
  hopByHop: 0,
  icmp: 1,
  tcp: 6,
  udp: 17,
  routing: 43,
  fragment: 44,
  icmpv6: 58,
  destinationOptions: 60,
  sctp: 132,
} as const;

export const TcpBit = { fin: 0x01, syn: 0x02, rst: 0x04, ack: 0x10 } as const;

export const IcmpType = {
  echoReply: 0,
  unreachable: 3,
  echo: 8,
  timeExceeded: 11,
  parameter: 12,
} as const;

export const Icmpv6Type = {
  echo: 128,
  echoReply: 129,
  listenerQuery: 130,
  listenerDone: 132,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
  listenerReport2: 143,
} as const;

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** A number of 16 bits in network order; the caller has looked that it is there. */
export function read16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function read32(bytes: Uint8Array, at: number): number {
  return ((read16(bytes, at) << 16) | read16(bytes, at + 2)) >>> 0;
}

/** The four bytes there as an address of 16. */
export function readIpv4(bytes: Uint8Array, at: number): Uint8Array {
  const address = new Uint8Array(16);
  address.set(MAPPED);
  address.set(bytes.subarray(at, at + 4), 12);
  return address;
}

export function isMapped(address: Uint8Array): boolean {
  return MAPPED.every((byte, at) => address[at] === byte);
}

/** Whether the bytes there are these. */
export function isAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  return expected.every((byte, index) => bytes[at + index] === byte);
}
