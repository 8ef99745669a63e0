/** What must hold for a pod to be on a node, in the order in which reasons are looked for. */
import { TAINT_UNSCHEDULABLE, untolerated } from "../model/node.ts";
import { type Filter, unresolvable } from "./cluster.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import { filterPodAffinity } from "./pod-affinity.ts";
import { filterPorts, filterResources } from "./resources.ts";
import { filterSpread } from "./spread.ts";

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
  filterUnschedulable,
  filterTaints,
  filterNodeAffinity,
  filterPorts,
  filterResources,
  filterSpread,
  filterPodAffinity,
];
