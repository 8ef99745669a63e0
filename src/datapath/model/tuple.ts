import { compareBytes } from "#base";
import { type FlowKey, FlowScope } from "#abi";
import { FlowTable } from "./stores.ts";
import { Protocol } from "./wire.ts";

/** The ends of a flow as one packet of it has them, its sender first. */
export interface Tuple {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly protocol: number;
}

/** Where the flow of a packet is found, and which end of its key has sent the packet. */
export interface Place {
  readonly table: FlowTable;
  readonly key: FlowKey;
  readonly isSenderHigh: boolean;
}

/** The same place for packets of both directions: the smaller end is the low one. */
export function placeOf(tuple: Tuple): Place {
  const order =
    compareBytes(tuple.source, tuple.destination) || tuple.sourcePort - tuple.destinationPort;
  const isSenderHigh = order > 0;
  const { source, destination, sourcePort, destinationPort, protocol } = tuple;
  const key = {
    low: { bytes: isSenderHigh ? destination : source },
    high: { bytes: isSenderHigh ? source : destination },
    lowPort: isSenderHigh ? destinationPort : sourcePort,
    highPort: isSenderHigh ? sourcePort : destinationPort,
    protocol,
    scope: FlowScope.scopePlain,
  };
  const table = protocol === Protocol.tcp ? FlowTable.tcp : FlowTable.other;
  return { table, key, isSenderHigh };
}
