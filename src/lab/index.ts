/**
 * A whole cluster on one machine: what the commands of `cilium lab` do, and the processes that a
 * lab consists of.
 *
 * Not here: the parts. The API server, the controllers, the kubelet and the network have doors of
 * their own and know nothing of each other; this module puts them together.
 *
 * Invariants:
 * - `cluster.json` says what a lab is to be. Commands write it, the supervisor brings it about,
 *   and any process may be killed at any time: what starts next goes on from the file.
 * - A process is only ever signalled when its start time says that it is the one that was meant.
 * - `down` needs nothing but the lab's name: it takes away what it finds, not what it remembers.
 * - A kubeconfig keeps everything in it that is not ours.
 */
export { clientOfLab, openLab, type Lab, writeOwnKubeconfig } from "./commands/access.ts";
export { down, downAll } from "./commands/down.ts";
export { execInNode } from "./commands/exec-node.ts";
export { processLogs, readProcessLog } from "./commands/logs.ts";
export { checkRoot } from "./commands/machine.ts";
export {
  addInternetHosts,
  addNode,
  removeNodeOfLab,
  setNodeStopped,
  setNodeTrouble,
} from "./commands/nodes.ts";
export { type LabStatus, listLabs, type NodeStatus, statusOf } from "./commands/status.ts";
export { up } from "./commands/up.ts";
export { kubeconfigPath } from "./kubeconfig/file.ts";
export { DEMO_NAMESPACE } from "./objects/demo.ts";
export { execInPod } from "./objects/exec.ts";
export { type Applied, applyObject, needResource, resourceOf } from "./objects/objects.ts";
export { runControlPlane, runKubelet, runSupervisor } from "./processes/run.ts";
