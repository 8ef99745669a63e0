/**
 * What becomes of the packets of a node's pods: the programs of `bpf/pod.bpf.c` on each pod's
 * cable, the maps that they judge by, and what they tell.
 *
 * Not here: what policy means (`#policy`), and what a packet meets, in TypeScript
 * (`#datapath/model`). Without a kernel, `#datapath/fake` stands in.
 *
 * Invariants:
 * - What is pinned goes on judging packets when this process ends; opened anew, it is taken over
 *   with no moment in which a packet meets no program.
 */
export {
  type Aggregation,
  type CollectedFlows,
  type Datapath,
  type DatapathSettings,
  defaultDatapathSettings,
  type FlowTable,
} from "./datapath.ts";
export {
  type ExistingPodDevice,
  type PodDevice,
  type RouterAddresses,
} from "./devices/pod-device.ts";
export {
  PodDevices,
  type PodDeviceOutcome,
  type PodDevicesOptions,
} from "./devices/pod-devices.ts";
export { SlotAllocator } from "./devices/slots.ts";
export {
  FlowCollector,
  type FlowCollectorOptions,
  type FlowTableReport,
} from "./flow-collector.ts";
export { describeEvent, type EventNames } from "./events/describe.ts";
export { reasonText, reasonTexts, type ReasonText } from "./events/reasons.ts";
export { machineStartedAtMs, readFlowEvents, watchFlowEvents } from "./events/watch.ts";
export {
  KernelDatapath,
  type KernelDatapathOptions,
  openKernelDatapath,
} from "./kernel/kernel-datapath.ts";
export { readPodObject } from "./kernel/object-file.ts";
export {
  datapathMapAbis,
  type DatapathMapName,
  type DatapathMaps,
  datapathMapShape,
  makeDatapathMaps,
} from "./maps.ts";
export {
  EvictionCounter,
  type FlowTableState,
  readFlowCounts,
  readLostEvents,
  readTraffic,
  type TrafficRow,
} from "./metrics.ts";
export {
  type NodeChange,
  NodeDatapath,
  type NodeDatapathOptions,
  type NodeStatus,
} from "./node.ts";
export type { BehindSubject } from "./policy/behind-subjects.ts";
export type { PolicyStatus } from "./policy/policy-maps-options.ts";
export {
  blockTable,
  type EndpointRow,
  endpointTable,
  ipcacheTable,
  type PrefixRow,
} from "./tables.ts";
