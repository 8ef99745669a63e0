import { Cidr, type IpAddress, type MacAddress } from "#base";
import {
  AddressFlag,
  Batch,
  type Change,
  type Link,
  type LinkSpec,
  type NamespaceRef,
} from "#netlink";
import { MAX_SLOT } from "./slots.ts";

const NAME_PREFIX = "lxc";
const DEFAULT_POD_LINK = "eth0";
/** Where cables that go together are gathered, for the time that one takes. */
export const REMOVAL_GROUP = 0x6369_6c69;
const DEFAULT_ROUTES = { 4: Cidr.parse("0.0.0.0/0"), 6: Cidr.parse("::/0") };

/** A pod's cable, as it shall be. */
export interface PodDevice {
  /** The index of the host's side, chosen by us: what the programs know the pod by. */
  readonly slot: number;
  /** The pod's, needed only while the cable is made. */
  readonly namespace: NamespaceRef;
  /** What the pod calls its side; eth0 without it. */
  readonly podLink?: string;
  readonly mac: MacAddress;
  /** Of the host's side: who the pod takes everybody else for. */
  readonly hostMac: MacAddress;
  readonly ipv4?: IpAddress;
  readonly ipv6?: IpAddress;
  /** For people who list devices: the pod's name. */
  readonly alias?: string;
}

/** A cable that is there, seen from the host. */
export interface ExistingPodDevice {
  readonly slot: number;
  readonly hostMac: MacAddress | undefined;
  readonly alias: string | undefined;
  readonly mtu: number;
  readonly isUp: boolean;
}

/** The node's own addresses that pods send to everybody through, and that it speaks to pods from. */
export interface RouterAddresses {
  readonly ipv4?: IpAddress;
  readonly ipv6?: IpAddress;
}

/** The host's side has its number in its name, so that nobody takes another's for it. */
export function hostLinkName(slot: number): string {
  return `${NAME_PREFIX}${slot}`;
}

export function podLinkName({ podLink = DEFAULT_POD_LINK }: PodDevice): string {
  return podLink;
}

/** Undefined where a link is not a pod's cable. */
export function existingDevice(link: Link): ExistingPodDevice | undefined {
  const { index: slot, name, mac: hostMac, alias, mtu, isUp, details } = link;
  const isOurs = details?.kind === "veth" && name === hostLinkName(slot) && slot <= MAX_SLOT;
  return isOurs ? { slot, hostMac, alias, mtu, isUp } : undefined;
}

/** Both sides, down: the pod's in the pod's namespace from its first moment on. */
export function cableSpec(device: PodDevice, mtu: number | undefined): LinkSpec {
  const { slot, namespace, mac, hostMac } = device;
  const size = mtu === undefined ? {} : { mtu };
  const peer = { name: podLinkName(device), namespace, mac, ...size };
  return {
    name: hostLinkName(slot),
    index: slot,
    mac: hostMac,
    ...size,
    details: { kind: "veth", peer },
  };
}

/** The host's side comes up, and knows who is behind it. */
export function hostChanges(device: PodDevice, router: RouterAddresses): readonly Change[] {
  const { slot, mac, alias } = device;
  const batch = new Batch();
  batch.links.set(slot, { isUp: true, ...(alias === undefined ? {} : { alias }) });
  for (const [address, preferredSource] of addressesOf(device, router)) {
    // In the place of that of a pod which had the address before, and is still going.
    batch.routes.replace({ destination: Cidr.of(address), link: slot, preferredSource });
    batch.neighbours.replace({ link: slot, address, mac });
  }
  return batch.changes;
}

/** The pod's side comes up with its addresses; everything is by way of the router. */
export function podChanges(
  device: PodDevice,
  link: number,
  router: RouterAddresses,
): readonly Change[] {
  const batch = new Batch();
  batch.links.set("lo", { isUp: true });
  batch.links.set(link, { isUp: true });
  for (const [address, gateway] of addressesOf(device, router)) {
    // Nobody else is on the link; and who asks for duplicates may not send for a second.
    const flags = address.family === 6 ? { flags: AddressFlag.noDad } : {};
    const prefixLength = address.family === 6 ? 128 : 32;
    batch.addresses.add({ link, address, prefixLength, ...flags });
    if (gateway === undefined) continue;
    batch.routes.add({
      destination: DEFAULT_ROUTES[address.family],
      link,
      gateway,
      isOnLink: true,
    });
  }
  return batch.changes;
}

function addressesOf(
  { ipv4, ipv6 }: PodDevice,
  router: RouterAddresses,
): [address: IpAddress, router: IpAddress | undefined][] {
  const addresses: [IpAddress, IpAddress | undefined][] = [];
  if (ipv4 !== undefined) addresses.push([ipv4, router.ipv4]);
  if (ipv6 !== undefined) addresses.push([ipv6, router.ipv6]);
  return addresses;
}
