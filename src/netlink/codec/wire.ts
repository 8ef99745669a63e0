/** Numbers of linux/netlink.h and linux/rtnetlink.h that messages of every kind share. */

export const MESSAGE_HEADER_BYTES = 16;
export const ATTRIBUTE_HEADER_BYTES = 4;

/** The types below RTM_*, with which the protocol speaks about itself. */
export const ControlType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

export const MessageFlag = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  echo: 0x8,
  /** What was listed changed while it was listed. */
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  /** In an error: without the request's own bytes, and with attributes that explain it. */
  capped: 0x100,
  ackAttributes: 0x200,
} as const;

export const RTM = {
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
  NEWROUTE: 24,
  DELROUTE: 25,
  GETROUTE: 26,
  NEWNEIGH: 28,
  DELNEIGH: 29,
  GETNEIGH: 30,
  NEWRULE: 32,
  DELRULE: 33,
  GETRULE: 34,
  NEWQDISC: 36,
  DELQDISC: 37,
  GETQDISC: 38,
  NEWTFILTER: 44,
  DELTFILTER: 45,
  GETTFILTER: 46,
  NEWNSID: 88,
  DELNSID: 89,
  GETNSID: 90,
} as const;

/** Address families, as messages number them. */
export const AF = { UNSPEC: 0, INET: 2, INET6: 10 } as const;

/** Netlink aligns everything to four bytes. Lengths from outside may have all their 32 bits. */
export function aligned(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** RTNLGRP_*: the multicast groups that tell of changes, by concern. */
export const MULTICAST_GROUPS = {
  link: [1],
  address: [5, 9],
  route: [7, 11],
  rule: [8, 19],
  neighbour: [3],
  traffic: [4],
  namespaceId: [28],
} as const;
