/** Pods of other nodes: what is behind a device of the node that is no pod's. */
import { setTimeout as sleep } from "node:timers/promises";
import { assertDefined, type AsyncScope, Cidr, IpAddress, type MacAddress } from "#base";
import { AddressFlag, createAnonymousNamespace, type Netlink, openNetlink } from "#netlink";
import type { Place } from "./world.ts";

/** Beyond the indexes that slots can have. */
const FIRST_INDEX = 5000;
const POLL_MS = 2;
const DEFAULT = { 4: Cidr.parse("0.0.0.0/0"), 6: Cidr.parse("::/0") } as const;

/** The node routes to the address, and the other side routes everything back. */
export async function connectRemote(
  scope: AsyncScope,
  node: Place,
  name: string,
  number: number,
): Promise<Place> {
  const namespace = scope.use(createAnonymousNamespace(name));
  const addresses = [
    { there: IpAddress.parse(`10.20.${number}.2`), here: IpAddress.parse(`10.20.${number}.1`) },
    {
      there: IpAddress.parse(`fd20:0:0:${number}::2`),
      here: IpAddress.parse(`fd20:0:0:${number}::1`),
    },
  ] as const;
  using here = openNetlink({ namespace: node.namespace });
  using there = openNetlink({ namespace });
  const device = `uplink${number}`;
  const peer = { name: device, namespace };
  here.links.create({ name: device, index: FIRST_INDEX + number, details: { kind: "veth", peer } });
  const link = addAddresses(
    here,
    device,
    addresses.map((each) => each.here),
  );
  const back = addAddresses(
    there,
    device,
    addresses.map((each) => each.there),
  );
  while (here.links.get(device)?.operationalState !== "up") await sleep(POLL_MS);
  const [hereMac, thereMac] = [macOf(here, device), macOf(there, device)];
  for (const each of addresses) {
    // Nobody has to be asked, and so nothing has to wait.
    here.neighbours.replace({ link, address: each.there, mac: thereMac });
    there.neighbours.replace({ link: back, address: each.here, mac: hereMac });
    there.routes.add({ destination: DEFAULT[each.here.family], gateway: each.here });
  }
  return { name, namespace, ipv4: addresses[0].there, ipv6: addresses[1].there };
}

/** Answers the device's index. */
function addAddresses(netlink: Netlink, device: string, addresses: readonly IpAddress[]): number {
  const { index: link } = assertDefined(netlink.links.get(device), "the cable's end");
  for (const address of addresses) {
    const prefixLength = address.family === 4 ? 24 : 64;
    const flags = address.family === 4 ? {} : { flags: AddressFlag.noDad };
    netlink.addresses.add({ link, address, prefixLength, ...flags });
  }
  netlink.links.set(link, { isUp: true });
  return link;
}

function macOf(netlink: Netlink, device: string): MacAddress {
  const { mac } = assertDefined(netlink.links.get(device), "the cable's end");
  return assertDefined(mac, "an Ethernet device's address");
}
