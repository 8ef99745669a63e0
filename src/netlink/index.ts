/**
 * The network configuration of namespaces: links, addresses, routes, rules, neighbours, qdiscs and
 * filters, through netlink; and the namespaces themselves.
 *
 * Not here: what the configuration should be (`datapath` decides and reconciles), and eBPF:
 * filters know programs by a descriptor.
 *
 * Invariants:
 * - `Netlink` is the seam: the kernel's and the fake's pass the same contract suite.
 * - What is listed can be added again as it is.
 * - A `Netlink` is about one namespace for its whole life, whichever thread uses it.
 * - The calling thread is where it was when a function returns; a thread that cannot come back
 *   from a namespace ends the process.
 */
export { type Backend, netlinkOver, throwFirst } from "./backend.ts";
export { Batch, type Change } from "./change.ts";
export { openNetlink, type OpenNetlinkOptions } from "./client/open.ts";
export type { Attributes } from "./codec/attributes.ts";
export type { GenericFamily } from "./codec/generic.ts";
export { fits } from "./codec/objects.ts";
export type { MessageWriter } from "./codec/writer.ts";
export { describeChange } from "./describe.ts";
export { isAlreadyThere, isNotThere, NetlinkError } from "./errors.ts";
export { EventQueue } from "./event-queue.ts";
export {
  GenericNetlink,
  type GenericRequest,
  type GenericTake,
  openGenericNetlink,
} from "./generic.ts";
export {
  type Address,
  type AddressFilter,
  AddressFlag,
  type AddressSpec,
  Scope,
} from "./model/address.ts";
export {
  type BridgeDetails,
  type Link,
  type LinkDetails,
  type LinkFilter,
  LinkFlag,
  type LinkKindSpec,
  type LinkRef,
  type LinkSettings,
  type LinkSpec,
  type LinkStatistics,
  type LinkUpdate,
  type MacvlanDetails,
  type NamespaceRef,
  type OperationalState,
  type OtherDetails,
  type PlainDetails,
  type PortRange,
  type TunDetails,
  type VethDetails,
  type VethPeerSpec,
  type VlanDetails,
  type VxlanDetails,
} from "./model/link.ts";
export {
  type Neighbour,
  type NeighbourFilter,
  NeighbourFlag,
  type NeighbourSpec,
  NeighbourState,
} from "./model/neighbour.ts";
export {
  type NextHop,
  type Route,
  type RouteFilter,
  RouteProtocol,
  type RouteSpec,
  RouteTable,
  type RouteType,
} from "./model/route.ts";
export type { Rule, RuleAction, RuleFilter, RuleSpec } from "./model/rule.ts";
export {
  type BpfFilter,
  type BpfFilterSpec,
  type Filter,
  type FilterFilter,
  type FilterHook,
  type FilterKey,
  type Qdisc,
  type QdiscFilter,
  type QdiscSpec,
  TrafficHandle,
} from "./model/traffic.ts";
export {
  createNamespace,
  deleteNamespace,
  listNamespaces,
  type NamedNamespaceOptions,
  NAMESPACE_FOLDER,
  openNamedNamespace,
} from "./namespace/named.ts";
export {
  createAnonymousNamespace,
  currentNamespace,
  Namespace,
  openNamespace,
  openNamespaceOfProcess,
} from "./namespace/namespace.ts";
export { withNamespace } from "./namespace/enter.ts";
export {
  bindUdp,
  connectTcp,
  type ConnectOptions,
  type Endpoint,
  listenTcp,
} from "./namespace/sockets.ts";
export { warmThreadPool } from "./namespace/thread-pool.ts";
export { NamespaceWorker } from "./namespace/worker.ts";
export { readSysctl, type SysctlOptions, tryReadSysctl, writeSysctl } from "./sysctl.ts";
export { createTun, type TunDevice, type TunOptions } from "./tun.ts";
export type {
  AddressChanges,
  ChangeOutcome,
  Changes,
  EventGroup,
  FilterChanges,
  FilterOf,
  LinkChanges,
  LinkReads,
  Listing,
  LostEvents,
  NamespaceId,
  NamespaceIdChanges,
  NamespaceIdReads,
  NeighbourChanges,
  Netlink,
  NetlinkEvent,
  ObjectKind,
  ObjectKinds,
  ObjectOf,
  Promised,
  QdiscChanges,
  Reads,
  RouteChanges,
  RuleChanges,
  Subscription,
  SubscriptionOptions,
} from "./types.ts";
