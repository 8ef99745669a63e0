/** Maps in memory that write down what is written into them, to be written elsewhere again. */
import {
  authenticationsMap,
  blocksMap,
  datagramsMap,
  endpointsMap,
  flowCountsMap,
  ipcacheMap,
  localAddressesMap,
  lostEventsMap,
  type MapAbi,
  metricsMap,
  nodeStatesMap,
  otherFlowsMap,
  policiesMap,
  policyEntriesMap,
  tcpFlowsMap,
} from "#abi";
import type { DatapathMaps } from "#datapath";
import type { UpdateMode } from "#ebpf";
import { FakeMap } from "#ebpf/fake";
import type { StateMap, Write } from "./step.ts";

/** As many slots and policies as a case may have: small arrays are made faster. */
const SLOTS = 128;
const POLICIES = 64;
const ENTRIES = 4_096;

/** What a map's shape is made of. */
type Abi = Pick<MapAbi<unknown, unknown>, "name" | "type"> & {
  readonly key: { readonly size: number };
  readonly value: { readonly size: number };
};

const MAPS: Readonly<Record<StateMap, [abi: Abi, maxEntries: number]>> = {
  nodeStates: [nodeStatesMap, 1],
  endpoints: [endpointsMap, SLOTS],
  localAddresses: [localAddressesMap, ENTRIES],
  ipcache: [ipcacheMap, ENTRIES],
  blocks: [blocksMap, ENTRIES],
  policies: [policiesMap, POLICIES],
  policyEntries: [policyEntriesMap, ENTRIES],
  authentications: [authenticationsMap, ENTRIES],
};

class RecordedMap extends FakeMap {
  readonly #map: StateMap;
  readonly #writes: Write[];

  constructor(map: StateMap, writes: Write[]) {
    const [{ name, type, key, value }, maxEntries] = MAPS[map];
    super({ name, type, keySize: key.size, valueSize: value.size, maxEntries, flags: 0 });
    this.#map = map;
    this.#writes = writes;
  }

  override update(key: Uint8Array, value: Uint8Array, mode?: UpdateMode): void {
    super.update(key, value, mode);
    this.#writes.push({ map: this.#map, key: key.slice(), value: value.slice() });
  }

  override delete(key: Uint8Array): boolean {
    const isThere = super.delete(key);
    if (isThere) this.#writes.push({ map: this.#map, key: key.slice(), value: undefined });
    return isThere;
  }
}

/** The maps that user space writes, and those that it only reads, empty. */
export function recordedMaps(writes: Write[]): DatapathMaps {
  const recorded = (map: StateMap): RecordedMap => new RecordedMap(map, writes);
  const empty = ({ name, type, key, value }: Abi): FakeMap =>
    new FakeMap({ name, type, keySize: key.size, valueSize: value.size, maxEntries: 1, flags: 0 });
  return {
    nodeStates: recorded("nodeStates"),
    endpoints: recorded("endpoints"),
    localAddresses: recorded("localAddresses"),
    ipcache: recorded("ipcache"),
    blocks: recorded("blocks"),
    policies: recorded("policies"),
    policyEntries: recorded("policyEntries"),
    authentications: recorded("authentications"),
    tcpFlows: empty(tcpFlowsMap),
    otherFlows: empty(otherFlowsMap),
    flowCounts: empty(flowCountsMap),
    metrics: empty(metricsMap),
    lostEvents: empty(lostEventsMap),
    datagrams: empty(datagramsMap),
  };
}
