/** Which of the nodes that would do a pod gets. */
import { compareText, controllerOf } from "../model/object.ts";
import { untolerated } from "../model/node.ts";
import type { Pod, PodAffinity } from "../model/pod.ts";
import type { Cluster, NodeFacts } from "./cluster.ts";
import { preferredWeight } from "./node-affinity.ts";
import { domainOf, matchesTerm } from "./pod-affinity.ts";
import { fullness } from "./resources.ts";
import { isPeer } from "./spread.ts";

/** What a node is chosen by among those that would do; each from 0 to 100, then weighed. */
const WEIGHTS = { affinity: 2, taints: 3, spread: 2, load: 1 };
const FULL = 100;

export function bestOf(
  pod: Pod,
  fitting: readonly NodeFacts[],
  cluster: Cluster,
): NodeFacts | undefined {
  const raw = fitting.map((facts) => ({
    facts,
    affinity: preferredWeight(pod, facts.node) + peerWeight(pod, facts, cluster),
    soft: softTaints(pod, facts),
    peers: siblings(pod, facts),
    load: FULL * (1 - Math.min(1, Math.max(0, fullness(pod, facts)))),
  }));
  const range = (values: number[]): ((value: number) => number) => {
    const least = Math.min(...values);
    const span = Math.max(...values) - least;
    return (value) => (span === 0 ? 0 : (FULL * (value - least)) / span);
  };
  const affinity = range(raw.map((each) => each.affinity));
  const soft = range(raw.map((each) => each.soft));
  const peers = range(raw.map((each) => each.peers));
  const scored = raw.map((each) => ({
    facts: each.facts,
    score:
      WEIGHTS.affinity * affinity(each.affinity) -
      WEIGHTS.taints * soft(each.soft) -
      WEIGHTS.spread * peers(each.peers) +
      WEIGHTS.load * each.load,
  }));
  // Of equals the emptier one, then by name: the same cluster gives the same answer.
  scored.sort(
    (left, right) =>
      right.score - left.score ||
      left.facts.pods.length - right.facts.pods.length ||
      compareText(left.facts.node.metadata.name, right.facts.node.metadata.name),
  );
  return scored[0]?.facts;
}

function softTaints(pod: Pod, { node }: NodeFacts): number {
  const soft = (node.spec?.taints ?? []).filter(({ effect }) => effect === "PreferNoSchedule");
  return soft.filter(
    (taint) => untolerated([taint], pod.spec.tolerations, ["PreferNoSchedule"]) !== undefined,
  ).length;
}

/** Pods of the same owner that are there already. */
function siblings(pod: Pod, { pods }: NodeFacts): number {
  const owner = controllerOf(pod)?.uid;
  if (owner === undefined) return 0;
  return pods.filter((other) => controllerOf(other)?.uid === owner).length;
}

/** Preferred affinity to pods, less preferred anti-affinity. */
function peerWeight(pod: Pod, facts: NodeFacts, cluster: Cluster): number {
  const { podAffinity, podAntiAffinity } = pod.spec.affinity ?? {};
  return (
    sumOf(podAffinity, pod, facts, cluster) -
    sumOf(podAntiAffinity, pod, facts, cluster) -
    preferredSpread(pod, facts, cluster)
  );
}

function sumOf(
  affinity: PodAffinity | undefined,
  pod: Pod,
  facts: NodeFacts,
  cluster: Cluster,
): number {
  let total = 0;
  for (const preferred of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
    const { weight, podAffinityTerm: term } = preferred;
    const matches = podsInDomain(facts, term.topologyKey, cluster).filter((other) =>
      matchesTerm(term, pod, other, cluster),
    );
    total += weight * matches.length;
  }
  return total;
}

/** Spread constraints that may be broken: the fewer are there, the better. */
function preferredSpread(pod: Pod, facts: NodeFacts, cluster: Cluster): number {
  let total = 0;
  for (const constraint of pod.spec.topologySpreadConstraints ?? []) {
    if (constraint.whenUnsatisfiable !== "ScheduleAnyway") continue;
    total += podsInDomain(facts, constraint.topologyKey, cluster).filter((other) =>
      isPeer(pod, constraint, other),
    ).length;
  }
  return total;
}

function podsInDomain(facts: NodeFacts, topologyKey: string, cluster: Cluster): Pod[] {
  const domain = domainOf(facts, topologyKey);
  if (domain === undefined) return [];
  return cluster.nodes
    .filter((other) => domainOf(other, topologyKey) === domain)
    .flatMap(({ pods }) => pods);
}
