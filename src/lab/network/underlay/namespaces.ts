import { Cidr } from "#base";
import {
  AddressFlag,
  createNamespace,
  listNamespaces,
  type Namespace,
  type Netlink,
  openNamedNamespace,
  openNetlink,
  tryReadSysctl,
  writeSysctl,
} from "#netlink";
import {
  addressesIn,
  cidrsIn,
  type DualAddress,
  type DualCidr,
  labAddresses,
  type LabNetwork,
} from "../addresses.ts";
import { bridgeName, cableName, namespaceName } from "./names.ts";
import { existing } from "./underlay.ts";

const DEFAULT_ROUTES = { 4: Cidr.parse("0.0.0.0/0"), 6: Cidr.parse("::/0") };
const NODE_LINK = "eth0";

/** Somebody on the underlay. */
interface Member {
  readonly node: string;
  /** 0 is the little internet. */
  readonly index: number;
  readonly address: DualAddress;
}

/** Opens the member's namespace, made where it is not there, and plugs it into the underlay. */
export function joinUnderlay(lab: LabNetwork, member: Member): Namespace {
  const name = namespaceName(lab, member.node);
  const isThere = listNamespaces().includes(name);
  const namespace = isThere ? openNamedNamespace(name) : createNamespace(name);
  try {
    prepareSettings(namespace);
    using root = openNetlink();
    using inside = openNetlink({ namespace });
    plug(lab, member, { root, inside, namespace });
    address(lab, member, inside);
    return namespace;
  } catch (error) {
    namespace.close();
    throw error;
  }
}

interface Plugged {
  readonly root: Netlink;
  readonly inside: Netlink;
  readonly namespace: Namespace;
}

function plug(
  lab: LabNetwork,
  { node, index }: Member,
  { root, inside, namespace }: Plugged,
): void {
  const cable = cableName(lab, index);
  if (inside.links.get(NODE_LINK) === undefined) {
    const peer = { name: NODE_LINK, namespace };
    root.links.create({ name: cable, details: { kind: "veth", peer } });
  }
  const off = `net/ipv6/conf/${cable}/disable_ipv6`;
  // A port of a bridge has no addresses of its own.
  if (tryReadSysctl(off) !== undefined) writeSysctl(off, 1);
  const { index: master } = existing(root, bridgeName(lab));
  root.links.set(cable, { master, isUp: true, alias: node });
}

function address(lab: LabNetwork, member: Member, inside: Netlink): void {
  const { underlay, internet } = labAddresses(lab);
  inside.links.set("lo", { isUp: true });
  inside.links.set(NODE_LINK, { isUp: true });
  const { index: link } = existing(inside, NODE_LINK);
  for (const own of addressesIn(member.address)) {
    const prefixLength = (own.family === 4 ? underlay.ipv4 : underlay.ipv6)?.prefixLength ?? 128;
    const flags = own.family === 6 ? { flags: AddressFlag.noDad } : {};
    inside.addresses.replace({ link, address: own, prefixLength, ...flags });
  }
  if (member.index === 0) return;
  for (const gateway of addressesIn(internet)) {
    inside.routes.replace({ destination: DEFAULT_ROUTES[gateway.family], gateway, link });
  }
}

/** Makes packets for `cidrs` go to a node, in one namespace. */
export function routePods(netlink: Netlink, pods: DualCidr, by: DualAddress): void {
  for (const destination of cidrsIn(pods)) {
    const gateway = destination.family === 4 ? by.ipv4 : by.ipv6;
    if (gateway !== undefined) netlink.routes.replace({ destination, gateway });
  }
}

const SETTINGS: readonly (readonly [string, number])[] = [
  ["net.ipv4.ip_forward", 1],
  ["net.ipv6.conf.all.forwarding", 1],
  ["net.ipv6.conf.default.accept_dad", 0],
  ["net.ipv6.conf.default.accept_ra", 0],
  // Answers to services may come by another way than the question went.
  ["net.ipv4.conf.all.rp_filter", 0],
  ["net.ipv4.conf.default.rp_filter", 0],
];

function prepareSettings(namespace: Namespace): void {
  for (const [key, value] of SETTINGS) {
    if (tryReadSysctl(key, { namespace }) !== undefined) writeSysctl(key, value, { namespace });
  }
}
