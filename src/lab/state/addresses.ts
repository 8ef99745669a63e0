/** Which addresses a lab has: those of `#lab/network` for its index, and a free index. */
import { networkInterfaces } from "node:os";
import { AppError, IpAddress } from "#base";
import {
  addressesIn,
  cidrsIn,
  labAddresses,
  type LabNetwork,
  MAX_LAB_INDEX,
  nodeAddresses,
} from "#lab/network";
import type { Places } from "./places.ts";
import type { LabSettings } from "./settings-types.ts";

export const API_PORT = 6443;

export function networkOf(
  settings: Pick<LabSettings, "name" | "index" | "isIpv6">,
  places: Places,
): LabNetwork {
  const { name, index, isIpv6 } = settings;
  return { name, index, hasIpv6: isIpv6, runFolder: places.runFolder };
}

/** Where the API server is, as the machine and all nodes reach it. */
export function apiServerUrl(network: LabNetwork): string {
  return `https://${labAddresses(network).machine.ipv4.key}:${API_PORT}`;
}

/** What the API server's certificate speaks for, beside its names. */
export function apiServerAddresses(network: LabNetwork): string[] {
  const { machine, services } = labAddresses(network);
  const first = cidrsIn(services).flatMap((cidr) => cidr.nth(1) ?? []);
  return [...addressesIn(machine), ...first].map(({ key }) => key);
}

export function addressesOfNode(network: LabNetwork, index: number): string[] {
  return addressesIn(nodeAddresses(network, index).address).map(({ key }) => key);
}

/** The least index that no lab has and whose addresses nobody on this machine has. */
export function freeIndex(taken: ReadonlySet<number>): number {
  const here = Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ address }) => IpAddress.tryParse(address) ?? []),
  );
  for (let index = 1; index <= MAX_LAB_INDEX; index++) {
    const network = { name: "any", index, hasIpv6: false, runFolder: "" };
    const { underlay, pods, services, internetCidr } = labAddresses(network);
    const ours = [underlay.ipv4, pods.ipv4, services.ipv4, internetCidr];
    const isUsed = here.some((address) => ours.some((cidr) => cidr.contains(address)));
    if (!taken.has(index) && !isUsed) return index;
  }
  throw new AppError(
    "no-index",
    `All ${MAX_LAB_INDEX} address ranges for labs are in use on this machine: "cilium lab status" lists the labs, "cilium lab down --name NAME" removes one.`,
  );
}
