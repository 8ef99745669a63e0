import { assertDefined } from "#base";
import {
  type Link,
  type LinkDetails,
  LinkFlag,
  type LinkRef,
  type LinkSettings,
  TrafficHandle,
} from "#netlink";
import { refuse } from "./failure.ts";
import { dropAddresses, linkCameUp, linkWentDown } from "./addresses.ts";
import { dropRoutes } from "./routes.ts";
import type { FakeLink, FakeNamespace } from "./state.ts";

const ETHERNET_HARDWARE = 1;
const DEFAULT_MTU = 1500;
const MIN_MTU = 68;
const MAX_NAME_BYTES = 15;
const MAX_GSO_SIZE = 65536;
const NO_STATISTICS: Link["statistics"] = {
  rxPackets: 0,
  txPackets: 0,
  rxBytes: 0,
  txBytes: 0,
  rxErrors: 0,
  txErrors: 0,
  rxDropped: 0,
  txDropped: 0,
  multicast: 0,
  rxNoHandler: 0,
};

export function findLink(namespace: FakeNamespace, ref: LinkRef): FakeLink {
  const link = typeof ref === "number" ? namespace.links.get(ref) : namespace.linkNamed(ref);
  return link ?? refuse("ENODEV");
}

/** Refuses a name or an index that a new device cannot have. */
export function checkIdentity(
  namespace: FakeNamespace,
  { name, index }: { readonly name: string; readonly index?: number | undefined },
): void {
  if (name === "" || name.length > MAX_NAME_BYTES || /[/\s]/.test(name)) refuse("EINVAL");
  if (namespace.linkNamed(name) !== undefined) refuse("EEXIST");
  if (index !== undefined && namespace.links.has(index)) refuse("EEXIST");
}

type NewLink = Partial<Omit<FakeLink, "details">> & {
  readonly name: string;
  readonly details: LinkDetails | undefined;
};

/** Puts a device into a namespace, with what it was not given filled in. */
export function addLink(namespace: FakeNamespace, given: NewLink): FakeLink {
  const index = given.index ?? namespace.freeIndex();
  const link: FakeLink = {
    hardwareType: ETHERNET_HARDWARE,
    mac: namespace.machine.randomMac(),
    mtu: DEFAULT_MTU,
    flags: LinkFlag.broadcast | LinkFlag.multicast,
    group: 0,
    txQueueLength: 1000,
    txQueues: 1,
    rxQueues: 1,
    alias: undefined,
    master: undefined,
    parent: undefined,
    gsoMaxSize: MAX_GSO_SIZE,
    groMaxSize: MAX_GSO_SIZE,
    gsoIpv4MaxSize: MAX_GSO_SIZE,
    groIpv4MaxSize: MAX_GSO_SIZE,
    qdiscs: [rootQdisc(index, "noqueue")],
    ...given,
    namespace,
    index,
  };
  namespace.links.set(index, link);
  tellLink(link);
  return link;
}

export function rootQdisc(link: number, kind: string): FakeLink["qdiscs"][number] {
  return { link, handle: 0, parent: TrafficHandle.root, kind, options: new Uint8Array(0) };
}

/** Takes a device away, with all that hangs on it: of a veth the other end too. */
export function removeLink(link: FakeLink): void {
  const { namespace } = link;
  if (namespace.links.get(link.index) !== link) return;
  setUp(link, false);
  strip(link);
  for (const other of namespace.links.values()) {
    if (other.master === link) setMaster(other, undefined);
  }
  namespace.links.delete(link.index);
  namespace.tell("link", { kind: "link", action: "deleted", object: reportLink(link) });
  if (link.details?.kind === "veth" && link.parent !== undefined) removeLink(link.parent);
}

/** Takes from a device what belongs to its namespace rather than to itself. */
function strip(link: FakeLink): void {
  const { namespace, index } = link;
  dropAddresses(link);
  dropRoutes(namespace, (route) => {
    return route.link === index || route.nextHops.some((hop) => hop.link === index);
  });
  namespace.neighbours = namespace.neighbours.filter((each) => each.link !== index);
  namespace.filters = namespace.filters.filter((each) => each.link !== index);
  link.qdiscs = [rootQdisc(index, "noqueue")];
}

/** What can be set of a device that is there; all is checked before anything is done. */
export function applySettings(link: FakeLink, settings: LinkSettings): void {
  const { mtu, mac, master, namespace } = settings;
  if (mtu !== undefined && mtu < MIN_MTU) refuse("EINVAL");
  const bridge = master === undefined ? undefined : findMaster(link.namespace, master);
  if (namespace !== undefined) moveLink(link, namespace);
  if (master !== undefined) setMaster(link, bridge);
  link.mtu = mtu ?? link.mtu;
  link.mac = mac ?? link.mac;
  link.group = settings.group ?? link.group;
  link.txQueueLength = settings.txQueueLength ?? link.txQueueLength;
  link.gsoMaxSize = settings.gsoMaxSize ?? link.gsoMaxSize;
  link.groMaxSize = settings.groMaxSize ?? link.groMaxSize;
  link.gsoIpv4MaxSize = settings.gsoIpv4MaxSize ?? link.gsoIpv4MaxSize;
  link.groIpv4MaxSize = settings.groIpv4MaxSize ?? link.groIpv4MaxSize;
  setFlag(link, LinkFlag.promiscuous, settings.isPromiscuous);
  setFlag(link, LinkFlag.noArp, settings.hasArp === undefined ? undefined : !settings.hasArp);
  if (settings.isUp !== undefined) setUp(link, settings.isUp);
}

function setFlag(link: FakeLink, bit: number, isSet: boolean | undefined): void {
  if (isSet !== undefined) link.flags = isSet ? link.flags | bit : link.flags & ~bit;
}

/** The device that another is to be a port of; 0 is none. */
function findMaster(namespace: FakeNamespace, index: number): FakeLink | undefined {
  if (index === 0) return undefined;
  const master = namespace.links.get(index) ?? refuse("EINVAL");
  return master.details?.kind === "bridge" ? master : refuse("EOPNOTSUPP");
}

function setMaster(link: FakeLink, master: FakeLink | undefined): void {
  link.master = master;
  tellLink(link);
}

function setUp(link: FakeLink, isUp: boolean): void {
  const wasUp = (link.flags & LinkFlag.up) !== 0;
  if (wasUp === isUp) return;
  setFlag(link, LinkFlag.up, isUp);
  if (isUp) linkCameUp(link);
  else linkWentDown(link);
}

/** It comes down and loses what it had here; its name goes with it, its index if that is free. */
function moveLink(link: FakeLink, ref: NonNullable<LinkSettings["namespace"]>): void {
  const from = link.namespace;
  const to = from.machine.namespaceOf(ref) ?? refuse("EINVAL");
  if (to === from) return;
  if (to.linkNamed(link.name) !== undefined) refuse("EEXIST");
  setUp(link, false);
  setMaster(link, undefined);
  strip(link);
  from.links.delete(link.index);
  from.tell("link", { kind: "link", action: "deleted", object: reportLink(link) });
  link.index = to.links.has(link.index) ? to.freeIndex() : link.index;
  link.namespace = to;
  link.qdiscs = [rootQdisc(link.index, "noqueue")];
  to.links.set(link.index, link);
  tellLink(link);
}

export function tellLink(link: FakeLink): void {
  link.namespace.tell("link", { kind: "link", action: "set", object: reportLink(link) });
}

function hasCarrier(link: FakeLink): boolean {
  const isUp = (each: FakeLink): boolean => (each.flags & LinkFlag.up) !== 0;
  if (!isUp(link)) return false;
  if (link.details?.kind !== "bridge") return link.parent === undefined || isUp(link.parent);
  return [...link.namespace.links.values()].some((port) => port.master === link && isUp(port));
}

/** As the kernel tells of it. */
export function reportLink(link: FakeLink): Link {
  const { namespace, parent, index } = link;
  const isUp = (link.flags & LinkFlag.up) !== 0;
  const isRunning = hasCarrier(link);
  const isElsewhere = parent !== undefined && parent.namespace !== namespace;
  const root = assertDefined(link.qdiscs[0], "a device has a root qdisc");
  const running = LinkFlag.running | LinkFlag.lowerUp;
  return {
    index,
    name: link.name,
    hardwareType: link.hardwareType,
    mtu: link.mtu,
    mac: link.mac,
    flags: link.flags | (isRunning ? running : 0),
    isUp,
    hasCarrier: isRunning,
    operationalState: operationalState(link, isRunning),
    master: link.master?.index,
    parent: parent?.index,
    parentNamespaceId: isElsewhere ? namespace.idOf(parent.namespace) : undefined,
    group: link.group,
    txQueueLength: link.txQueueLength,
    txQueues: link.txQueues,
    rxQueues: link.rxQueues,
    qdisc: root.kind,
    alias: link.alias,
    alternativeNames: [],
    gsoMaxSize: link.gsoMaxSize,
    gsoMaxSegments: 65535,
    groMaxSize: link.groMaxSize,
    gsoIpv4MaxSize: link.gsoIpv4MaxSize,
    groIpv4MaxSize: link.groIpv4MaxSize,
    xdpProgramId: undefined,
    details: link.details,
    statistics: NO_STATISTICS,
  };
}

function operationalState(link: FakeLink, isRunning: boolean): Link["operationalState"] {
  if ((link.flags & LinkFlag.up) === 0) return "down";
  if ((link.flags & LinkFlag.loopback) !== 0) return "unknown";
  if (isRunning) return "up";
  return link.parent === undefined ? "down" : "lower-layer-down";
}
