import { createHash, randomBytes } from "node:crypto";
import { Cidr, type IpAddress, MacAddress, Random } from "#base";
import {
  AddressFlag,
  isNotThere,
  type Link,
  type Namespace,
  type Netlink,
  openNetlink,
  tryReadSysctl,
  writeSysctl,
} from "#netlink";
import { applyRuleset } from "../nft.ts";
import type { BridgeConfig } from "./config.ts";
import { type Attachment, CniError, CniErrorCode } from "./protocol.ts";

const DEFAULT_ROUTES = { 4: Cidr.parse("0.0.0.0/0"), 6: Cidr.parse("::/0") };

export interface Attached {
  readonly bridge: Link;
  readonly host: Link;
  readonly pod: Link;
}

/** The end of a pod's cable on the node: from its name, DEL finds it without any record. */
function hostLinkName({ containerId, ifname }: Attachment): string {
  const hash = createHash("sha256").update(`${containerId}/${ifname}`).digest("hex");
  return `veth${hash.slice(0, 8)}`;
}

/** The first address of a pod subnet is the bridge's. */
export function gatewayOf(subnet: Cidr): IpAddress {
  return subnet.network.next() ?? subnet.network;
}

/** The node's bridge; whoever makes it also makes the rules that go with it. */
export async function ensureBridge(node: Namespace, config: BridgeConfig): Promise<void> {
  using netlink = openNetlink({ namespace: node });
  const { bridge: name, subnets } = config;
  if (netlink.links.get(name)?.isUp === true) return;
  if (config.hasMasquerade) await applyRuleset(node, masqueradeRules(config));
  // Somebody else may have made it meanwhile.
  if (netlink.links.get(name) === undefined) createBridge(netlink, config);
  for (const [key, value] of bridgeSettings(name)) writeIfThere(key, value, node);
  const { index: link } = linkOf(netlink, name);
  for (const subnet of subnets) {
    const { prefixLength } = subnet;
    const flags = subnet.family === 6 ? { flags: AddressFlag.noDad } : {};
    netlink.addresses.replace({ link, address: gatewayOf(subnet), prefixLength, ...flags });
  }
  netlink.links.set(name, { isUp: true });
}

function createBridge(netlink: Netlink, { bridge: name, mtu }: BridgeConfig): void {
  const mac = MacAddress.random(new Random(randomBytes(4).readUInt32LE()));
  const size = mtu === undefined ? {} : { mtu };
  const details = { kind: "bridge", isStp: false, isMulticastSnooping: false } as const;
  netlink.links.create({ name, mac, ...size, details });
}

/**
 * All packets between pods are routed, also between those of one node: each has an address of its
 * own alone. So services lead to pods of the same node without the module br_netfilter, as long as
 * nobody is told of a shorter way.
 */
function bridgeSettings(bridge: string): readonly (readonly [string, number])[] {
  return [
    ["net/bridge/bridge-nf-call-iptables", 0],
    ["net/bridge/bridge-nf-call-ip6tables", 0],
    ["net/ipv4/conf/all/send_redirects", 0],
    [`net/ipv4/conf/${bridge}/send_redirects`, 0],
    [`net/ipv6/conf/${bridge}/accept_ra`, 0],
    [`net/ipv6/conf/${bridge}/accept_dad`, 0],
  ];
}

function podSettings(link: string): readonly (readonly [string, number])[] {
  return [
    ["net/ipv4/conf/all/accept_redirects", 0],
    [`net/ipv4/conf/${link}/accept_redirects`, 0],
    [`net/ipv6/conf/${link}/accept_redirects`, 0],
    [`net/ipv6/conf/${link}/accept_ra`, 0],
    [`net/ipv6/conf/${link}/accept_dad`, 0],
  ];
}

function writeIfThere(key: string, value: number, namespace: Namespace): void {
  if (tryReadSysctl(key, { namespace }) !== undefined) writeSysctl(key, value, { namespace });
}

/** Who leaves the cluster does so under the node's address. */
export function masqueradeRules({ subnets, nonMasqueradeCidrs }: BridgeConfig): string {
  const lines = subnets.map((subnet) => {
    const { family } = subnet;
    const word = family === 4 ? "ip" : "ip6";
    const inside = [subnet, ...nonMasqueradeCidrs.filter((cidr) => cidr.family === family)];
    const multicast = family === 4 ? "224.0.0.0/4" : "ff00::/8";
    const exempt = [...new Set([...inside.map(({ key }) => key), multicast])].join(", ");
    return `    ${word} saddr ${subnet.key} ${word} daddr != { ${exempt} } masquerade fully-random`;
  });
  return `table inet ciliate_bridge
delete table inet ciliate_bridge
table inet ciliate_bridge {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${lines.join("\n")}
  }
}
`;
}

/** Plugs a pod's namespace into the bridge. What was made is taken away again where it fails. */
export async function attach(
  config: BridgeConfig,
  attachment: Attachment,
  { node, pod, addresses }: { node: Namespace; pod: Namespace; addresses: readonly IpAddress[] },
): Promise<Attached> {
  using netlink = openNetlink({ namespace: node });
  using inside = openNetlink({ namespace: pod });
  const host = hostLinkName(attachment);
  const { ifname } = attachment;
  if (inside.links.get(ifname) !== undefined) {
    const message = `the container's network namespace has a device ${ifname} already`;
    throw new CniError(CniErrorCode.alreadyAttached, message);
  }
  const bridge = linkOf(netlink, config.bridge);
  const size = config.mtu === undefined ? {} : { mtu: config.mtu };
  const peer = { name: ifname, namespace: pod, ...size };
  netlink.links.create({ name: host, ...size, details: { kind: "veth", peer } });
  try {
    writeIfThere(`net/ipv6/conf/${host}/disable_ipv6`, 1, node);
    const { containerId } = attachment;
    netlink.links.set(host, {
      master: bridge.index,
      alias: `${containerId}/${ifname}`,
      isUp: true,
    });
    for (const [key, value] of podSettings(ifname)) writeIfThere(key, value, pod);
    furnish(inside, ifname, { addresses, subnets: config.subnets });
    return { bridge, host: linkOf(netlink, host), pod: linkOf(inside, ifname) };
  } catch (error) {
    await netlink.async.links.delete(host);
    throw error;
  }
}

function furnish(
  inside: Netlink,
  ifname: string,
  { addresses, subnets }: { addresses: readonly IpAddress[]; subnets: readonly Cidr[] },
): void {
  inside.links.set("lo", { isUp: true });
  inside.links.set(ifname, { isUp: true });
  const { index: link } = linkOf(inside, ifname);
  for (const address of addresses) {
    const subnet = subnets.find((each) => each.contains(address));
    if (subnet === undefined) continue;
    const { family } = address;
    const flags = family === 6 ? { flags: AddressFlag.noDad } : {};
    inside.addresses.add({ link, address, prefixLength: family === 4 ? 32 : 128, ...flags });
    const gateway = gatewayOf(subnet);
    inside.routes.add({ destination: DEFAULT_ROUTES[family], gateway, link, isOnLink: true });
  }
}

/** Fine where it is gone, with its namespace for instance. */
export async function detach(node: Namespace, attachment: Attachment): Promise<void> {
  using netlink = openNetlink({ namespace: node });
  try {
    await netlink.async.links.delete(hostLinkName(attachment));
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}

/** Throws where the pod is not as ADD left it. */
export function inspect(
  config: BridgeConfig,
  attachment: Attachment,
  { node, pod, addresses }: { node: Namespace; pod: Namespace; addresses: readonly IpAddress[] },
): void {
  using netlink = openNetlink({ namespace: node });
  using inside = openNetlink({ namespace: pod });
  const bridge = netlink.links.get(config.bridge);
  const host = netlink.links.get(hostLinkName(attachment));
  const own = inside.links.get(attachment.ifname);
  const expect = (isTrue: boolean | undefined, what: string): void => {
    if (isTrue !== true) throw new CniError(CniErrorCode.notAsAdded, what);
  };
  expect(bridge?.isUp, `bridge ${config.bridge} is missing or down`);
  expect(host?.isUp, `the node's end of the container's cable is missing or down`);
  expect(host?.master === bridge?.index, `the container's cable is not in ${config.bridge}`);
  expect(own?.isUp, `${attachment.ifname} is missing or down in the container`);
  const present = new Set(
    inside.addresses.list({ link: own?.index ?? 0 }).map(({ address }) => address.key),
  );
  for (const { key } of addresses) expect(present.has(key), `the container has not address ${key}`);
}

function linkOf(netlink: Netlink, name: string): Link {
  const link = netlink.links.get(name);
  if (link === undefined) {
    throw new CniError(CniErrorCode.tryLater, `device ${name} vanished while it was set up`);
  }
  return link;
}
