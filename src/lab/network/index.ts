/**
 * The network of a lab: the underlay with its nodes, the pods' network of `--cni bridge`, the
 * stand-ins for kube-proxy and CoreDNS, and a little internet outside.
 *
 * Not here: processes of nodes and pods (`lab/kubelet`), and which nodes there shall be (`lab`).
 *
 * Invariants:
 * - All addresses and all names of devices follow from the lab's index, the node's index and their
 *   names: nothing has to be remembered to find what a lab left behind.
 * - What makes something brings what is already there into the same state; what removes something
 *   is fine where it is not there.
 * - Namespaces, devices and rules outlive the process that made them; servers, relays and proxies
 *   end with it, and a proxy's rules stay.
 * - Bytes from the network, and what a runtime gives to the CNI plugin, give an answer or a told
 *   error, and never end the process.
 */
export {
  addressesIn,
  cidrsIn,
  type DualAddress,
  type DualCidr,
  type LabAddresses,
  labAddresses,
  type LabNetwork,
  MAX_LAB_INDEX,
  type NodeAddresses,
  nodeAddresses,
} from "./addresses.ts";
export { installConflist } from "./cni/conflist.ts";
export { installPlugin } from "./cni/script.ts";
export { type PluginServer, servePlugin } from "./cni/server.ts";
export { type DnsOptions, serveDns } from "./dns/cluster-dns.ts";
export {
  type Internet,
  type InternetOptions,
  removeInternet,
  startInternet,
} from "./internet/internet.ts";
export type { Certificate, IssueCertificate } from "./internet/web.ts";
export { type Proxy, type ProxyOptions, startProxy } from "./proxy/proxy.ts";
export { ConditionKeeper, type NodeConditions } from "./underlay/conditions.ts";
export {
  createNode,
  listNodes,
  type NodeNetwork,
  type NodeOptions,
  type NodePlace,
  nodePlace,
  removeLabFolders,
  removeNode,
} from "./underlay/node-network.ts";
export { createUnderlay, removeUnderlay, usedLabIndexes } from "./underlay/underlay.ts";
