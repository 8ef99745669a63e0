/** The node for a pod, or why there is none. */
import { compareText, controllerOf } from "../model/object.ts";
import { untolerated } from "../model/node.ts";
import type { Pod, PodAffinity } from "../model/pod.ts";
import { matchesSelector } from "../model/selector.ts";
import type { Cluster, NodeFacts, Refusal } from "./cluster.ts";
import { FILTERS } from "./filters.ts";
import { preferredWeight } from "./node-affinity.ts";
import { domainOf, matchesTerm } from "./pod-affinity.ts";
import { fullness } from "./resources.ts";

type Decision =
  | { readonly node: string }
  /** `canWaitForRoom`: it may fit where it did not when other pods are gone. */
  | { readonly message: string; readonly canWaitForRoom: boolean };

export function schedule(pod: Pod, cluster: Cluster): Decision {
  if (cluster.nodes.length === 0) {
    return { message: "no nodes available to schedule pods", canWaitForRoom: false };
  }
  const refusals: Refusal[] = [];
  const fitting: NodeFacts[] = [];
  for (const facts of cluster.nodes) {
    const refusal = refusalOf(pod, facts, cluster);
    if (refusal === undefined) fitting.push(facts);
    else refusals.push(refusal);
  }
  const best = bestOf(pod, fitting, cluster);
  if (best !== undefined) return { node: best.node.metadata.name };
  const canWaitForRoom = refusals.some(({ isResolvable }) => isResolvable);
  return { message: failure(refusals), canWaitForRoom };
}

function refusalOf(pod: Pod, facts: NodeFacts, cluster: Cluster): Refusal | undefined {
  for (const filter of FILTERS) {
    const refusal = filter(pod, facts, cluster);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** The scheduler's own sentence, with what it says of preemption, which would not help here. */
function failure(refusals: readonly Refusal[]): string {
  const total = refusals.length;
  const reasons = histogram(refusals.flatMap((refusal) => refusal.reasons));
  const preemption = histogram(
    refusals.map(({ isResolvable }) =>
      isResolvable
        ? "No preemption victims found for incoming pod"
        : "Preemption is not helpful for scheduling",
    ),
  );
  const none = `0/${total} nodes are available:`;
  return `${none} ${reasons}. preemption: ${none} ${preemption}.`;
}

function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted(compareText)
    .join(", ");
}

/** What a node is chosen by among those that would do; each from 0 to 100, then weighed. */
const WEIGHTS = { affinity: 2, taints: 3, spread: 2, load: 1 };
const FULL = 100;

function bestOf(pod: Pod, fitting: readonly NodeFacts[], cluster: Cluster): NodeFacts | undefined {
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
    total += podsInDomain(facts, constraint.topologyKey, cluster).filter(
      ({ metadata }) =>
        metadata.namespace === pod.metadata.namespace &&
        matchesSelector(constraint.labelSelector, metadata.labels),
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
