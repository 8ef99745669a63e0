/** Required affinity and anti-affinity between pods, within a topology. */
import type { Pod, PodAffinityTerm } from "../model/pod.ts";
import { matchesSelector } from "../model/selector.ts";
import { type Cluster, type Filter, type NodeFacts, resolvable, unresolvable } from "./cluster.ts";

export const filterPodAffinity: Filter = (pod, facts, cluster) => {
  if (!satisfiesAffinity(pod, facts, cluster)) {
    return unresolvable("node(s) didn't match pod affinity rules");
  }
  if (breaksOwnAntiAffinity(pod, facts, cluster)) {
    return resolvable("node(s) didn't match pod anti-affinity rules");
  }
  if (breaksOthersAntiAffinity(pod, facts, cluster)) {
    return resolvable("node(s) didn't satisfy existing pods anti-affinity rules");
  }
  return undefined;
};

function satisfiesAffinity(pod: Pod, facts: NodeFacts, cluster: Cluster): boolean {
  const terms =
    pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  if (terms.length === 0) return true;
  if (terms.some(({ topologyKey }) => domainOf(facts, topologyKey) === undefined)) return false;
  const hasPeers = terms.every((term) => hasMatch(term, pod, facts, cluster));
  if (hasPeers) return true;
  // The first of a group that wants to be together has nobody to be with but itself.
  const isFirst = !cluster.nodes.some(({ pods }) =>
    pods.some((other) => terms.every((term) => matchesTerm(term, pod, other, cluster))),
  );
  return isFirst && terms.every((term) => matchesTerm(term, pod, pod, cluster));
}

function breaksOwnAntiAffinity(pod: Pod, facts: NodeFacts, cluster: Cluster): boolean {
  return antiAffinity(pod).some((term) => hasMatch(term, pod, facts, cluster));
}

function breaksOthersAntiAffinity(pod: Pod, facts: NodeFacts, cluster: Cluster): boolean {
  return cluster.nodes.some((other) =>
    other.pods.some((existing) =>
      antiAffinity(existing).some(
        (term) =>
          isSameDomain(term.topologyKey, facts, other) && matchesTerm(term, existing, pod, cluster),
      ),
    ),
  );
}

/** Whether some pod that the term means is in the same domain as the node. */
function hasMatch(term: PodAffinityTerm, owner: Pod, facts: NodeFacts, cluster: Cluster): boolean {
  return cluster.nodes.some(
    (other) =>
      isSameDomain(term.topologyKey, facts, other) &&
      other.pods.some((pod) => matchesTerm(term, owner, pod, cluster)),
  );
}

function antiAffinity(pod: Pod): PodAffinityTerm[] {
  return pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}

export function matchesTerm(
  term: PodAffinityTerm,
  owner: Pod,
  pod: Pod,
  cluster: Cluster,
): boolean {
  return meansNamespace(term, owner, pod, cluster) && meansLabels(term, owner, pod);
}

/** Without names and selector, the owner's own namespace. */
function meansNamespace(term: PodAffinityTerm, owner: Pod, pod: Pod, cluster: Cluster): boolean {
  const { namespaces = [], namespaceSelector } = term;
  const namespace = pod.metadata.namespace ?? "";
  if (namespaces.length === 0 && namespaceSelector === undefined) {
    return namespace === owner.metadata.namespace;
  }
  const labels = cluster.namespaces.get(namespace)?.metadata.labels;
  return namespaces.includes(namespace) || matchesSelector(namespaceSelector, labels);
}

function meansLabels(term: PodAffinityTerm, owner: Pod, pod: Pod): boolean {
  if (!matchesSelector(term.labelSelector, pod.metadata.labels)) return false;
  const own = owner.metadata.labels ?? {};
  const labels = pod.metadata.labels ?? {};
  const { matchLabelKeys = [], mismatchLabelKeys = [] } = term;
  return (
    matchLabelKeys.every((key) => own[key] === undefined || own[key] === labels[key]) &&
    mismatchLabelKeys.every((key) => own[key] === undefined || own[key] !== labels[key])
  );
}

export function domainOf({ node }: NodeFacts, topologyKey: string): string | undefined {
  return node.metadata.labels?.[topologyKey];
}

function isSameDomain(topologyKey: string, one: NodeFacts, other: NodeFacts): boolean {
  const domain = domainOf(one, topologyKey);
  return domain !== undefined && domain === domainOf(other, topologyKey);
}
