import type { IpAddress, IpFamily } from "#base";
import { Scope } from "../model/address.ts";
import {
  type NextHop,
  type Route,
  RouteProtocol,
  type RouteSpec,
  RouteTable,
  type RouteType,
} from "../model/route.ts";
import type { Attributes } from "./attributes.ts";
import { familyNumber, familyOf, prefixLengthIn, readCidr } from "./families.ts";
import type { Message } from "./message.ts";
import { aligned } from "./wire.ts";
import { ipBytes, type MessageWriter } from "./writer.ts";

export const ROUTE_HEADER_BYTES = 12;
export const RTA = {
  DST: 1,
  SRC: 2,
  OIF: 4,
  GATEWAY: 5,
  PRIORITY: 6,
  PREFSRC: 7,
  METRICS: 8,
  MULTIPATH: 9,
  TABLE: 15,
  VIA: 18,
} as const;
const METRIC = { MTU: 2, ADVMSS: 8 } as const;
const NEXT_HOP_BYTES = 8;
const ON_LINK = 4;
/** Not configured, but remembered: an exception such as a smaller MTU on the way. */
const CLONED = 0x200;

const TYPES: readonly RouteType[] = [
  "unspecified",
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
];

/** Undefined for families that are not IP, and for what the kernel only remembers. */
export function readRoute(message: Message): Route | undefined {
  const header = message.header(ROUTE_HEADER_BYTES, "rtmsg");
  const family = familyOf(header.u8());
  if (family === undefined) return undefined;
  const destinationLength = header.u8();
  const sourceLength = header.u8();
  const tos = header.u8();
  const table = header.u8();
  const protocol = header.u8();
  const scope = header.u8();
  const type = header.u8();
  const flags = header.u32le();
  if ((flags & CLONED) !== 0) return undefined;
  const attributes = message.attributes(ROUTE_HEADER_BYTES);
  const metrics = attributes.nested(RTA.METRICS);
  const source = attributes.ip(RTA.SRC, family);
  return {
    family,
    destination: readCidr(attributes.ip(RTA.DST, family), destinationLength, family),
    source: source && readCidr(source, sourceLength, family),
    // Tables beyond 255 do not fit the header.
    table: attributes.u32(RTA.TABLE) ?? table,
    protocol,
    scope,
    type: TYPES[type] ?? "unknown",
    tos,
    gateway: readGateway(message, attributes, family),
    link: attributes.u32(RTA.OIF),
    preferredSource: attributes.ip(RTA.PREFSRC, family),
    metric: attributes.u32(RTA.PRIORITY),
    mtu: metrics?.u32(METRIC.MTU),
    advertisedMss: metrics?.u32(METRIC.ADVMSS),
    isOnLink: (flags & ON_LINK) !== 0,
    nextHops: readNextHops(message, attributes, family),
  };
}

function readGateway(
  message: Message,
  attributes: Attributes,
  family: IpFamily,
): IpAddress | undefined {
  const gateway = attributes.ip(RTA.GATEWAY, family);
  const via = gateway === undefined ? attributes.range(RTA.VIA) : undefined;
  if (via === undefined) return gateway;
  // A router of the other family, with that family before it.
  const reader = message.readerAt(via.start, via.end);
  const viaFamily = familyOf(reader.u16le("the family of a gateway"));
  return viaFamily && attributes.ipAt(via.start + 2, via.end, viaFamily);
}

function readNextHops(message: Message, attributes: Attributes, family: IpFamily): NextHop[] {
  const range = attributes.range(RTA.MULTIPATH);
  const nextHops: NextHop[] = [];
  if (range === undefined) return nextHops;
  let at = range.start;
  while (range.end - at >= NEXT_HOP_BYTES) {
    const reader = message.readerAt(at, range.end);
    const length = reader.peek(2, "rtnexthop");
    const bytes = ((length[1] ?? 0) << 8) | (length[0] ?? 0);
    const hop = reader.sub(Math.max(bytes, NEXT_HOP_BYTES), "rtnexthop");
    hop.skip(2);
    const flags = hop.u8();
    const weight = hop.u8() + 1;
    const link = hop.u32le();
    const inner = message.attributesAt(at + NEXT_HOP_BYTES, hop.offset + hop.remaining);
    nextHops.push({
      link: link === 0 ? undefined : link,
      gateway: readGateway(message, inner, family),
      weight,
      isOnLink: (flags & ON_LINK) !== 0,
    });
    at += aligned(Math.max(bytes, NEXT_HOP_BYTES));
  }
  return nextHops;
}

/** `isNew` fills in what a new route needs, and what would say too much of one to delete. */
export function writeRoute(writer: MessageWriter, spec: RouteSpec, isNew: boolean): void {
  const family = spec.family ?? spec.destination.family;
  const { table = RouteTable.main, type = "unicast", nextHops = [] } = spec;
  const protocol = spec.protocol ?? (isNew ? RouteProtocol.static : RouteProtocol.unspecified);
  // In a deletion, "nowhere" and "unspecified" fit any.
  const scope = spec.scope ?? (isNew ? defaultScope(spec, family, type) : Scope.nowhere);
  const typeNumber = spec.type === undefined && !isNew ? 0 : Math.max(0, TYPES.indexOf(type));
  writer.bytes
    .u8(familyNumber(family))
    .u8(prefixLengthIn(spec.destination, family))
    .u8(spec.source === undefined ? 0 : prefixLengthIn(spec.source, family))
    .u8(spec.tos ?? 0)
    .u8(table < 256 ? table : 0)
    .u8(protocol)
    .u8(scope)
    .u8(typeNumber)
    .u32le(spec.isOnLink === true ? ON_LINK : 0);
  writer.u32(RTA.TABLE, table);
  writer.ip(RTA.DST, spec.destination.network, family);
  writer.ip(RTA.SRC, spec.source?.network, family);
  writeGateway(writer, spec.gateway, family);
  writer.u32(RTA.OIF, spec.link);
  writer.ip(RTA.PREFSRC, spec.preferredSource, family);
  writer.u32(RTA.PRIORITY, spec.metric);
  const { mtu, advertisedMss } = spec;
  if (mtu !== undefined || advertisedMss !== undefined) {
    writer.nest(RTA.METRICS, () => {
      writer.u32(METRIC.MTU, mtu);
      writer.u32(METRIC.ADVMSS, advertisedMss);
    });
  }
  if (nextHops.length > 0) {
    writer.block(RTA.MULTIPATH, () => {
      for (const hop of nextHops) writeNextHop(writer, hop, family);
    });
  }
}

function writeGateway(
  writer: MessageWriter,
  gateway: IpAddress | undefined,
  family: IpFamily,
): void {
  if (gateway === undefined) return;
  if (gateway.family === family) {
    writer.ip(RTA.GATEWAY, gateway, family);
    return;
  }
  writer.block(RTA.VIA, () => {
    writer.bytes.u16le(familyNumber(gateway.family)).bytes(ipBytes(gateway, gateway.family));
  });
}

function writeNextHop(writer: MessageWriter, hop: NextHop, family: IpFamily): void {
  const start = writer.bytes.length;
  writer.bytes
    .u16le(0)
    .u8(hop.isOnLink ? ON_LINK : 0)
    .u8(hop.weight - 1)
    .u32le(hop.link ?? 0);
  writeGateway(writer, hop.gateway, family);
  writer.bytes.patchU16le(start, writer.bytes.length - start);
}

/** What the kernel asks of an IPv4 route: IPv6 has no scopes of routes. */
function defaultScope(spec: RouteSpec, family: IpFamily, type: RouteType): number {
  if (family === 6) return Scope.universe;
  if (type === "local") return Scope.host;
  if (type === "broadcast" || type === "multicast" || type === "anycast") return Scope.link;
  const goesToLink = spec.gateway === undefined && (spec.nextHops ?? []).length === 0;
  return type === "unicast" && goesToLink ? Scope.link : Scope.universe;
}
