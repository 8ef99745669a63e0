import {
  type DatapathMapName,
  datapathMapShape,
  type DatapathSettings,
  makeDatapathMaps,
} from "#datapath";
import { FakeMap } from "#ebpf/fake";

/** As in C. */
const MAX_SLOTS = 4096;
const MAX_POLICIES = 8192;
const MAX_AUTHENTICATIONS = 65_536;
const MAX_DATAGRAMS = 8192;
const METRICS = 512;
const FLOW_TABLES = 2;

type FakeDatapathMaps = { readonly [K in DatapathMapName]: FakeMap };

/** The maps of the programs in memory, as large as the settings say. */
export function makeFakeMaps(tables: DatapathSettings["tables"]): FakeDatapathMaps {
  const maxEntries: Record<DatapathMapName, number> = {
    nodeStates: 1,
    endpoints: MAX_SLOTS,
    localAddresses: 2 * MAX_SLOTS,
    ipcache: tables.ipcache,
    blocks: tables.ipcache,
    policies: MAX_POLICIES,
    policyEntries: tables.policyEntries,
    authentications: MAX_AUTHENTICATIONS,
    tcpFlows: tables.tcpFlows,
    otherFlows: tables.otherFlows,
    flowCounts: FLOW_TABLES,
    metrics: METRICS,
    lostEvents: 1,
    datagrams: MAX_DATAGRAMS,
  };
  return makeDatapathMaps((name) => new FakeMap(datapathMapShape(name, maxEntries[name])));
}
