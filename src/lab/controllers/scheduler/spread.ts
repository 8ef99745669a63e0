/** Topology spread constraints that must hold. */
import type { Pod, TopologySpreadConstraint } from "../model/pod.ts";
import { matchesSelector } from "../model/selector.ts";
import { type Cluster, type Filter, resolvable, unresolvable } from "./cluster.ts";
import { matchesNodeAffinity } from "./node-affinity.ts";
import { domainOf } from "./pod-affinity.ts";

const REASON = "node(s) didn't match pod topology spread constraints";

export const filterSpread: Filter = (pod, facts, cluster) => {
  for (const constraint of pod.spec.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== "DoNotSchedule") continue;
    const domain = domainOf(facts, constraint.topologyKey);
    if (domain === undefined) return unresolvable(`${REASON} (missing required label)`);
    const counts = countsOf(pod, constraint, cluster);
    const self = matchesSelector(constraint.labelSelector, pod.metadata.labels) ? 1 : 0;
    const least = Math.min(...counts.values());
    if ((counts.get(domain) ?? 0) + self - least > constraint.maxSkew) return resolvable(REASON);
  }
  return undefined;
};

/** Pods that the constraint means, for every domain that the pod could be in. */
function countsOf(
  pod: Pod,
  constraint: TopologySpreadConstraint,
  cluster: Cluster,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const facts of cluster.nodes) {
    const domain = domainOf(facts, constraint.topologyKey);
    if (domain === undefined || !matchesNodeAffinity(pod, facts.node)) continue;
    const here = facts.pods.filter(
      ({ metadata }) =>
        metadata.namespace === pod.metadata.namespace &&
        metadata.deletionTimestamp === undefined &&
        matchesSelector(constraint.labelSelector, metadata.labels),
    );
    counts.set(domain, (counts.get(domain) ?? 0) + here.length);
  }
  return counts;
}
