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
import type { DatapathMaps, DatapathSettings } from "#datapath";
import { FakeMap } from "#ebpf/fake";

/** As in C. */
const MAX_SLOTS = 4096;
const MAX_POLICIES = 8192;
const MAX_AUTHENTICATIONS = 65_536;
const MAX_DATAGRAMS = 8192;
const METRICS = 512;
const FLOW_TABLES = 2;

type FakeDatapathMaps = { readonly [K in keyof DatapathMaps]: FakeMap };

/** The maps of the programs in memory, as large as the settings say. */
export function makeFakeMaps(tables: DatapathSettings["tables"]): FakeDatapathMaps {
  return {
    nodeStates: makeMap(nodeStatesMap, 1),
    endpoints: makeMap(endpointsMap, MAX_SLOTS),
    localAddresses: makeMap(localAddressesMap, 2 * MAX_SLOTS),
    ipcache: makeMap(ipcacheMap, tables.ipcache),
    blocks: makeMap(blocksMap, tables.ipcache),
    policies: makeMap(policiesMap, MAX_POLICIES),
    policyEntries: makeMap(policyEntriesMap, tables.policyEntries),
    authentications: makeMap(authenticationsMap, MAX_AUTHENTICATIONS),
    tcpFlows: makeMap(tcpFlowsMap, tables.tcpFlows),
    otherFlows: makeMap(otherFlowsMap, tables.otherFlows),
    flowCounts: makeMap(flowCountsMap, FLOW_TABLES),
    metrics: makeMap(metricsMap, METRICS),
    lostEvents: makeMap(lostEventsMap, 1),
    datagrams: makeMap(datagramsMap, MAX_DATAGRAMS),
  };
}

function makeMap<K, V>({ name, type, key, value }: MapAbi<K, V>, maxEntries: number): FakeMap {
  const shape = { name, type, keySize: key.size, valueSize: value.size, maxEntries, flags: 0 };
  return new FakeMap(shape);
}
