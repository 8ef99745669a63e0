import type { Link, LinkSettings, LinkSpec, LinkStatistics, LinkUpdate } from "../model/link.ts";
import { LinkFlag, type LinkRef, type OperationalState, type VethPeerSpec } from "../model/link.ts";
import type { Attributes } from "./attributes.ts";
import { readDetails, writeDetails } from "./link-kinds.ts";
import type { Message } from "./message.ts";
import type { MessageWriter } from "./writer.ts";
import { AF } from "./wire.ts";

export const LINK_HEADER_BYTES = 16;

export const IFLA = {
  ADDRESS: 1,
  IFNAME: 3,
  MTU: 4,
  LINK: 5,
  QDISC: 6,
  MASTER: 10,
  WIRELESS: 11,
  TXQLEN: 13,
  OPERSTATE: 16,
  LINKINFO: 18,
  IFALIAS: 20,
  STATS64: 23,
  AF_SPEC: 26,
  GROUP: 27,
  NET_NS_FD: 28,
  EXT_MASK: 29,
  NUM_TX_QUEUES: 31,
  NUM_RX_QUEUES: 32,
  LINK_NETNSID: 37,
  GSO_MAX_SEGS: 40,
  GSO_MAX_SIZE: 41,
  XDP: 43,
  PROP_LIST: 52,
  ALT_IFNAME: 53,
  GRO_MAX_SIZE: 58,
  GSO_IPV4_MAX_SIZE: 63,
  GRO_IPV4_MAX_SIZE: 64,
} as const;

const XDP_PROGRAM_ID = 4;
/** Longer names can only be alternative ones. */
const MAX_NAME_BYTES = 15;
/** RTEXT_FILTER_SKIP_STATS: without the counters of IPv6, which are as long as all the rest. */
export const SKIP_STATISTICS = 8;

const OPERATIONAL_STATES: readonly OperationalState[] = [
  "unknown",
  "not-present",
  "down",
  "lower-layer-down",
  "testing",
  "dormant",
  "up",
];

/**
 * Undefined for messages of links that tell something else: a bridge about its ports, a radio
 * about its neighbourhood.
 */
export function readLink(message: Message): Link | undefined {
  const header = message.header(LINK_HEADER_BYTES, "ifinfomsg");
  if (header.u8() !== AF.UNSPEC) return undefined;
  header.skip(1);
  const hardwareType = header.u16le();
  const index = header.i32le();
  const flags = header.u32le();
  const attributes = message.attributes(LINK_HEADER_BYTES);
  if (attributes.has(IFLA.WIRELESS)) return undefined;
  return {
    index,
    name: attributes.text(IFLA.IFNAME) ?? "",
    hardwareType,
    mtu: attributes.u32(IFLA.MTU) ?? 0,
    mac: attributes.mac(IFLA.ADDRESS),
    flags,
    isUp: (flags & LinkFlag.up) !== 0,
    hasCarrier: (flags & LinkFlag.lowerUp) !== 0,
    operationalState: OPERATIONAL_STATES[attributes.u8(IFLA.OPERSTATE) ?? 0] ?? "unknown",
    master: positive(attributes.u32(IFLA.MASTER)),
    parent: positive(attributes.u32(IFLA.LINK)),
    parentNamespaceId: attributes.i32(IFLA.LINK_NETNSID),
    group: attributes.u32(IFLA.GROUP) ?? 0,
    txQueueLength: attributes.u32(IFLA.TXQLEN) ?? 0,
    txQueues: attributes.u32(IFLA.NUM_TX_QUEUES) ?? 1,
    rxQueues: attributes.u32(IFLA.NUM_RX_QUEUES) ?? 1,
    qdisc: attributes.text(IFLA.QDISC) ?? "",
    alias: attributes.text(IFLA.IFALIAS),
    alternativeNames: attributes.textList(IFLA.PROP_LIST, IFLA.ALT_IFNAME),
    gsoMaxSize: attributes.u32(IFLA.GSO_MAX_SIZE),
    gsoMaxSegments: attributes.u32(IFLA.GSO_MAX_SEGS),
    groMaxSize: attributes.u32(IFLA.GRO_MAX_SIZE),
    gsoIpv4MaxSize: attributes.u32(IFLA.GSO_IPV4_MAX_SIZE),
    groIpv4MaxSize: attributes.u32(IFLA.GRO_IPV4_MAX_SIZE),
    xdpProgramId: positive(attributes.nested(IFLA.XDP)?.u32(XDP_PROGRAM_ID)),
    details: readDetails(attributes.nested(IFLA.LINKINFO)),
    statistics: readStatistics(attributes),
  };
}

function positive(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

function readStatistics(attributes: Attributes): LinkStatistics {
  const counter = (index: number): number => attributes.counter(IFLA.STATS64, index);
  return {
    rxPackets: counter(0),
    txPackets: counter(1),
    rxBytes: counter(2),
    txBytes: counter(3),
    rxErrors: counter(4),
    txErrors: counter(5),
    rxDropped: counter(6),
    txDropped: counter(7),
    multicast: counter(8),
    rxNoHandler: counter(23),
  };
}

/** The fixed part, and the name where the link is told by it. */
export function writeLinkHeader(
  writer: MessageWriter,
  ref: LinkRef | undefined,
  flags = { values: 0, mask: 0 },
): void {
  const index = typeof ref === "number" ? ref : 0;
  writer.bytes.u8(AF.UNSPEC).u8(0).u16le(0).i32le(index).u32le(flags.values).u32le(flags.mask);
  if (typeof ref !== "string") return;
  const isShort = new TextEncoder().encode(ref).length <= MAX_NAME_BYTES;
  writer.text(isShort ? IFLA.IFNAME : IFLA.ALT_IFNAME, ref);
}

export function writeLinkCreate(writer: MessageWriter, spec: LinkSpec): void {
  const { details } = spec;
  writeLinkHeader(writer, spec.index, changedFlags(spec));
  writer.text(IFLA.IFNAME, spec.name);
  writeSettings(writer, spec);
  writer.u32(IFLA.LINK, spec.parent);
  writer.u32(IFLA.NUM_TX_QUEUES, spec.txQueues);
  writer.u32(IFLA.NUM_RX_QUEUES, spec.rxQueues);
  writer.nest(IFLA.LINKINFO, () =>
    writeDetails(writer, details, {
      isNew: true,
      writePeer: () => {
        if (details.kind === "veth") writePeer(writer, details.peer);
      },
    }),
  );
}

export function writeLinkSet(writer: MessageWriter, ref: LinkRef, update: LinkUpdate): void {
  const { details } = update;
  writeLinkHeader(writer, ref, changedFlags(update));
  writer.text(IFLA.IFNAME, update.name);
  writeSettings(writer, update);
  writer.text(IFLA.IFALIAS, update.alias);
  if (details === undefined) return;
  writer.nest(IFLA.LINKINFO, () => writeDetails(writer, details, { isNew: false }));
}

/** A veth's peer is told as a message within the message. */
function writePeer(writer: MessageWriter, peer: VethPeerSpec): void {
  writeLinkHeader(writer, peer.index);
  writer.text(IFLA.IFNAME, peer.name);
  writeSettings(writer, peer);
}

function changedFlags({ isUp, isPromiscuous, hasArp }: LinkSettings): {
  values: number;
  mask: number;
} {
  let values = 0;
  let mask = 0;
  const put = (bit: number, isSet: boolean | undefined): void => {
    if (isSet === undefined) return;
    mask |= bit;
    if (isSet) values |= bit;
  };
  put(LinkFlag.up, isUp);
  put(LinkFlag.promiscuous, isPromiscuous);
  put(LinkFlag.noArp, hasArp === undefined ? undefined : !hasArp);
  return { values, mask };
}

function writeSettings(writer: MessageWriter, settings: LinkSettings): void {
  writer.u32(IFLA.MTU, settings.mtu);
  writer.raw(IFLA.ADDRESS, settings.mac?.bytes);
  writer.u32(IFLA.MASTER, settings.master);
  writer.u32(IFLA.GROUP, settings.group);
  writer.u32(IFLA.TXQLEN, settings.txQueueLength);
  writer.u32(IFLA.GSO_MAX_SIZE, settings.gsoMaxSize);
  writer.u32(IFLA.GRO_MAX_SIZE, settings.groMaxSize);
  writer.u32(IFLA.GSO_IPV4_MAX_SIZE, settings.gsoIpv4MaxSize);
  writer.u32(IFLA.GRO_IPV4_MAX_SIZE, settings.groIpv4MaxSize);
  writer.u32(IFLA.NET_NS_FD, settings.namespace?.fd);
}
