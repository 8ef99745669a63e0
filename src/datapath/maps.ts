import type { BpfMap } from "#ebpf";

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
