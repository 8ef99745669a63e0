import { type Neighbour, type NeighbourSpec, NeighbourState } from "../model/neighbour.ts";
import { RouteProtocol } from "../model/route.ts";
import { familyNumber, familyOf } from "./families.ts";
import type { Message } from "./message.ts";
import type { MessageWriter } from "./writer.ts";

export const NEIGHBOUR_HEADER_BYTES = 12;
export const NDA = { DST: 1, LLADDR: 2, IFINDEX: 8, PROTOCOL: 12, FLAGS_EXT: 15 } as const;
export const PROXY = 0x08;
const MANAGED = 0x1;

/** Undefined for families that are not IP: bridges speak of their ports so. */
export function readNeighbour(message: Message): Neighbour | undefined {
  const header = message.header(NEIGHBOUR_HEADER_BYTES, "ndmsg");
  const family = familyOf(header.u8());
  if (family === undefined) return undefined;
  header.skip(3);
  const link = header.i32le();
  const state = header.u16le();
  const flags = header.u8();
  const attributes = message.attributes(NEIGHBOUR_HEADER_BYTES);
  const address = attributes.ip(NDA.DST, family);
  if (address === undefined) return undefined;
  return {
    link,
    family,
    address,
    mac: attributes.mac(NDA.LLADDR),
    state,
    flags: flags & ~PROXY,
    isProxy: (flags & PROXY) !== 0,
    isManaged: ((attributes.u32(NDA.FLAGS_EXT) ?? 0) & MANAGED) !== 0,
    protocol: attributes.u8(NDA.PROTOCOL) ?? RouteProtocol.unspecified,
  };
}

export function writeNeighbour(writer: MessageWriter, spec: NeighbourSpec): void {
  const family = spec.family ?? spec.address.family;
  const { isManaged = false, isProxy = false } = spec;
  // The kernel finds out about managed neighbours by itself, and refuses a state that lasts.
  const state = spec.state ?? (isManaged ? NeighbourState.none : NeighbourState.permanent);
  writer.bytes
    .u8(familyNumber(family))
    .u8(0)
    .u16le(0)
    .i32le(spec.link)
    .u16le(state)
    .u8((spec.flags ?? 0) | (isProxy ? PROXY : 0))
    .u8(0);
  writer.ip(NDA.DST, spec.address, family);
  writer.raw(NDA.LLADDR, spec.mac?.bytes);
  if (isManaged) writer.u32(NDA.FLAGS_EXT, MANAGED);
  writer.u8(NDA.PROTOCOL, spec.protocol);
}
