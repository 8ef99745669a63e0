/** What must hold for a pod to be on a node, in the order in which reasons are looked for. */
import { TAINT_UNSCHEDULABLE, untolerated } from "../model/node.ts";
import { joinKey } from "../model/object.ts";
import type { Pod } from "../model/pod.ts";
import { type Cluster, type Filter, unresolvable } from "./cluster.ts";
import { matchesNodeAffinity, namedNodes } from "./node-affinity.ts";
import { filterPodAffinity } from "./pod-affinity.ts";
import { filterPorts, filterResources } from "./resources.ts";
import { filterSpread } from "./spread.ts";

/** A pod that names its nodes is not even looked at for others. */
const filterNamedNodes: Filter = (pod, { node }) => {
  const names = namedNodes(pod);
  return names === undefined || names.has(node.metadata.name)
    ? undefined
    : unresolvable("node(s) didn't satisfy plugin(s) [NodeAffinity]");
};

const filterUnschedulable: Filter = (pod, { node }) => {
  if (node.spec?.unschedulable !== true) return undefined;
  const taint = { key: TAINT_UNSCHEDULABLE, effect: "NoSchedule" };
  const isCovered = untolerated([taint], pod.spec.tolerations, ["NoSchedule"]) === undefined;
  return isCovered ? undefined : unresolvable("node(s) were unschedulable");
};

const filterTaints: Filter = (pod, { node }) =>
  untolerated(node.spec?.taints, pod.spec.tolerations, ["NoSchedule", "NoExecute"]) === undefined
    ? undefined
    : unresolvable("node(s) had untolerated taint(s)");

const filterNodeAffinity: Filter = (pod, { node }) =>
  matchesNodeAffinity(pod, node)
    ? undefined
    : unresolvable("node(s) didn't match Pod's node affinity/selector");

export const FILTERS: readonly Filter[] = [
  filterNamedNodes,
  filterUnschedulable,
  filterTaints,
  filterNodeAffinity,
  filterPorts,
  filterResources,
  filterSpread,
  filterPodAffinity,
];

/** Why no node can be thought of at all. */
export function refusalOfAll(pod: Pod, { claims }: Cluster): string | undefined {
  if (namedNodes(pod)?.size === 0) return "pod affinity terms conflict";
  for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
    if (persistentVolumeClaim === undefined) continue;
    const { claimName } = persistentVolumeClaim;
    const claim = claims.get(joinKey(pod.metadata.namespace, claimName));
    if (claim === undefined) return `persistentvolumeclaim "${claimName}" not found`;
    if (claim.status?.phase !== "Bound") return "pod has unbound immediate PersistentVolumeClaims";
  }
  return undefined;
}
