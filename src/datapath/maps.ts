import {
  authenticationsMap,
  blocksMap,
  datagramsMap,
  endpointsMap,
  flowCountsMap,
  ipcacheMap,
  localAddressesMap,
  lostEventsMap,
  metricsMap,
  nodeStatesMap,
  otherFlowsMap,
  policiesMap,
  policyEntriesMap,
  tcpFlowsMap,
} from "#abi";
import type { BpfMap, MapShape } from "#ebpf";

/**
 * What the programs of a node look things up in, and what they keep: raw, as `src/abi` lays keys
 * and values out. Named as in C.
 */
export interface DatapathMaps {
  /** One entry: the epoch. */
  readonly nodeStates: BpfMap;
  /** By slot. */
  readonly endpoints: BpfMap;
  readonly localAddresses: BpfMap;
  readonly ipcache: BpfMap;
  readonly blocks: BpfMap;
  readonly policies: BpfMap;
  readonly policyEntries: BpfMap;
  readonly authentications: BpfMap;
  readonly tcpFlows: BpfMap;
  readonly otherFlows: BpfMap;
  /** For each CPU; so are the next two. */
  readonly flowCounts: BpfMap;
  readonly metrics: BpfMap;
  readonly lostEvents: BpfMap;
  readonly datagrams: BpfMap;
}

/** What each of them is in C. */
export const datapathMapAbis = {
  nodeStates: nodeStatesMap,
  endpoints: endpointsMap,
  localAddresses: localAddressesMap,
  ipcache: ipcacheMap,
  blocks: blocksMap,
  policies: policiesMap,
  policyEntries: policyEntriesMap,
  authentications: authenticationsMap,
  tcpFlows: tcpFlowsMap,
  otherFlows: otherFlowsMap,
  flowCounts: flowCountsMap,
  metrics: metricsMap,
  lostEvents: lostEventsMap,
  datagrams: datagramsMap,
} as const;

export type DatapathMapName = keyof DatapathMaps;

/** All of them, each made by its name. */
export function makeDatapathMaps<M>(make: (name: DatapathMapName) => M): {
  readonly [K in DatapathMapName]: M;
} {
  const names = Object.keys(datapathMapAbis) as DatapathMapName[];
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<DatapathMapName, M>;
}

/** Of as many entries as are asked for, where C says another number. */
export function datapathMapShape(map: DatapathMapName, maxEntries: number): MapShape {
  const { name, type, key, value } = datapathMapAbis[map];
  return { name, type, keySize: key.size, valueSize: value.size, maxEntries, flags: 0 };
}
