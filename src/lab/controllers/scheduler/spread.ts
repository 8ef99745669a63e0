/** Topology spread constraints that must hold. */
import { untolerated } from "../model/node.ts";
import type { Pod, TopologySpreadConstraint } from "../model/pod.ts";
import { matchesSelector } from "../model/selector.ts";
import { type Cluster, type Filter, type NodeFacts, resolvable, unresolvable } from "./cluster.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import { domainOf } from "./pod-affinity.ts";

const REASON = "node(s) didn't match pod topology spread constraints";

export const filterSpread: Filter = (pod, facts, cluster) => {
  const constraints = (pod.spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
  );
  for (const constraint of constraints) {
    const domain = domainOf(facts, constraint.topologyKey);
    if (domain === undefined) return unresolvable(`${REASON} (missing required label)`);
    const counts = countsOf(pod, constraint, constraints, cluster);
    const self = hasLabels(pod, constraint, pod) ? 1 : 0;
    // Domains that are wanted and not there have no pods.
    const least = counts.size < (constraint.minDomains ?? 1) ? 0 : Math.min(...counts.values());
    if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) return resolvable(REASON);
  }
  return undefined;
};

/** Pods that the constraint means, for every domain that counts. */
function countsOf(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  all: readonly TopologySpreadConstraint[],
  cluster: Cluster,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const facts of cluster.nodes) {
    const domain = domainOf(facts, constraint.topologyKey);
    const hasAll = all.every(({ topologyKey }) => domainOf(facts, topologyKey) !== undefined);
    if (domain === undefined || !hasAll || !isCounted(pod, constraint, facts)) continue;
    const here = facts.pods.filter((other) => isPeer(pod, constraint, other));
    counts.set(domain, (counts.get(domain) ?? 0) + here.length);
  }
  return counts;
}

/** Nodes that the pod could not be on do not count, unless a policy says so; taints do not matter. */
function isCounted(
  pod: Pod,
  { nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint,
  { node }: NodeFacts,
): boolean {
  if (nodeAffinityPolicy !== "Ignore" && !matchesNodeAffinity(pod, node)) return false;
  if (nodeTaintsPolicy !== "Honor") return true;
  const effects = ["NoSchedule", "NoExecute"];
  return untolerated(node.spec?.taints, pod.spec.tolerations, effects) === undefined;
}

/** Whether the constraint counts this other pod. */
export function isPeer(pod: Pod, constraint: TopologySpreadConstraint, other: Pod): boolean {
  return (
    other.metadata.namespace === pod.metadata.namespace &&
    other.metadata.deletionTimestamp === undefined &&
    hasLabels(pod, constraint, other)
  );
}

/** By the selector, and by the keys whose values must be the same as the pod's own. */
function hasLabels(
  pod: Pod,
  { labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint,
  { metadata }: Pod,
): boolean {
  const own = pod.metadata.labels ?? {};
  return (
    matchesSelector(labelSelector, metadata.labels) &&
    matchLabelKeys.every((key) => own[key] === undefined || own[key] === metadata.labels?.[key])
  );
}
