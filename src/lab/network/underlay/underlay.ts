import { randomBytes } from "node:crypto";
import { MacAddress, Random } from "#base";
import { AddressFlag, type Netlink, openNetlink, tryReadSysctl, writeSysctl } from "#netlink";
import { addressesIn, labAddresses, type LabNetwork } from "../addresses.ts";
import { bridgeName, nodeOfCable } from "./names.ts";

/** A node's cable as the machine sees it: enough to find the node again. */
interface Cable {
  /** The index of the node, 0 for the little internet. */
  readonly node: number;
  /** The node's name. */
  readonly name: string;
  readonly link: string;
}

/**
 * Makes the lab's bridge, with the machine's own addresses on it. One that is there already is
 * brought into the same state, so that a lab can be started again over what it left.
 */
export function createUnderlay(lab: LabNetwork): void {
  using netlink = openNetlink();
  const name = bridgeName(lab);
  if (netlink.links.get(name) === undefined) {
    // Its own address: a bridge without one takes on those of its ports as they come and go.
    const mac = MacAddress.random(new Random(randomBytes(4).readUInt32LE()));
    const details = { kind: "bridge", isStp: false, isMulticastSnooping: false } as const;
    netlink.links.create({ name, mac, details });
  }
  quietIpv6(name);
  netlink.links.set(name, { isUp: true });
  const { machine, underlay } = labAddresses(lab);
  const { index: link } = existing(netlink, name);
  for (const address of addressesIn(machine)) {
    const prefixLength = (address.family === 4 ? underlay.ipv4 : underlay.ipv6)?.prefixLength;
    const flags = address.family === 6 ? { flags: AddressFlag.noDad } : {};
    netlink.addresses.replace({ link, address, prefixLength: prefixLength ?? 128, ...flags });
  }
}

/** Takes the bridge away, and its routes with it. Nodes are to be gone by then. */
export async function removeUnderlay(lab: LabNetwork): Promise<void> {
  using netlink = openNetlink();
  if (netlink.links.get(bridgeName(lab)) === undefined) return;
  await netlink.async.links.delete(bridgeName(lab));
}

/** The indexes that bridges of labs have on this machine, whether or not those labs run. */
export function usedLabIndexes(): number[] {
  using netlink = openNetlink();
  return netlink.links
    .list({ kind: "bridge" })
    .map(({ name }) => /^ciliate-(\d+)$/.exec(name)?.[1])
    .filter((index) => index !== undefined)
    .map(Number);
}

/** What is plugged into the underlay, also through a relay. */
export function listCables(netlink: Netlink, lab: LabNetwork): Cable[] {
  const cables: Cable[] = [];
  for (const { name: link, alias: name } of netlink.links.list({ kind: "veth" })) {
    const node = nodeOfCable(lab, link);
    if (node !== undefined && name !== undefined) cables.push({ node, name, link });
  }
  return cables.toSorted((a, b) => a.node - b.node);
}

export function existing(netlink: Netlink, name: string): { readonly index: number } {
  const link = netlink.links.get(name);
  if (link === undefined) throw new Error(`link ${name} vanished while it was set up`);
  return link;
}

/** A bridge of ours waits for nobody's advertisements, nor for duplicates of what it made up. */
export function quietIpv6(link: string): void {
  for (const [setting, value] of [
    ["accept_ra", 0],
    ["accept_dad", 0],
  ] as const) {
    const key = `net/ipv6/conf/${link}/${setting}`;
    if (tryReadSysctl(key) !== undefined) writeSysctl(key, value);
  }
}
