/** What the agent says of this node, and reconcilers bring into the maps. */
import type { Cidr, IpAddress, MacAddress } from "#base";
import { defineTable, numberKey, type Table } from "#statedb";

/** A pod of this node. */
export interface EndpointRow {
  /** The agent's number for it, of 16 bits, for events. */
  readonly id: number;
  /** `namespace/pod` */
  readonly name: string;
  /** Index of the device on the host's side of its cable. */
  readonly slot: number;
  readonly ipv4?: IpAddress;
  readonly ipv6?: IpAddress;
  readonly mac: MacAddress;
  readonly hostMac: MacAddress;
  readonly identity: number;
  /** The key of the policy engine's subject. */
  readonly subject: string;
}

/** Who is at the addresses of a prefix. */
export interface PrefixRow {
  readonly prefix: Cidr;
  readonly identity: number;
}

/** By slot, since that is where they stand in the kernel. */
export const endpointTable: Table<EndpointRow, "name" | "identity"> = defineTable({
  name: "endpoints",
  key: ({ slot }) => numberKey(slot),
  indexes: {
    name: ({ name }) => [name],
    identity: ({ identity }) => [numberKey(identity)],
  },
});

/** Of addresses that are not a pod's of this node. */
export const ipcacheTable: Table<PrefixRow, "identity"> = prefixTable("ipcache");

/** The second identity of an address, where policies speak of blocks of them. */
export const blockTable: Table<PrefixRow, "identity"> = prefixTable("blocks");

function prefixTable(name: string): Table<PrefixRow, "identity"> {
  return defineTable({
    name,
    key: ({ prefix }) => prefix.key,
    indexes: { identity: ({ identity }) => [numberKey(identity)] },
  });
}
