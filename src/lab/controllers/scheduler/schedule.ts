/** The node for a pod, or why there is none, and who must go for it to have one. */
import type { Pod } from "../model/pod.ts";
import {
  type Cluster,
  histogram,
  type NodeFacts,
  priorityOf,
  type Refusal,
  withPods,
} from "./cluster.ts";
import { FILTERS, refusalOfAll } from "./filters.ts";
import { type Preemption, preemptionFor } from "./preemption.ts";
import { bestOf } from "./score.ts";

type Decision =
  | { readonly node: string }
  | {
      readonly message: string;
      /** It may fit where it did not when other pods are gone. */
      readonly canWaitForRoom: boolean;
      readonly preemption?: Preemption;
    };

export function schedule(pod: Pod, cluster: Cluster): Decision {
  const total = cluster.nodes.length;
  if (total === 0) {
    return { message: "no nodes available to schedule pods", canWaitForRoom: false };
  }
  const none = `0/${total} nodes are available:`;
  const whole = refusalOfAll(pod, cluster);
  // What the scheduler says at the end is that no plugin has anything to preempt by.
  if (whole !== undefined) return { message: `${none} ${whole}. not found`, canWaitForRoom: false };
  const refused = new Map<NodeFacts, Refusal>();
  for (const facts of cluster.nodes) {
    const refusal = refusalOf(pod, facts, cluster);
    if (refusal !== undefined) refused.set(facts, refusal);
  }
  const fitting = cluster.nodes.filter((facts) => !refused.has(facts));
  const best = bestOf(pod, fitting, cluster);
  if (best !== undefined) return { node: best.node.metadata.name };
  const reasons = histogram([...refused.values()].flatMap((refusal) => refusal.reasons));
  const canWaitForRoom = [...refused.values()].some(({ isResolvable }) => isResolvable);
  const preemption = preemptionFor(pod, refused, cluster, refusalOf);
  if (typeof preemption !== "string") {
    return { message: `${none} ${reasons}.`, canWaitForRoom, preemption };
  }
  const message = `${none} ${reasons}. no new claims to deallocate, preemption: ${preemption}`;
  return { message, canWaitForRoom };
}

/** With those that others have made room for on the node, and without them. */
function refusalOf(pod: Pod, facts: NodeFacts, cluster: Cluster): Refusal | undefined {
  const expected = cluster.nominated.filter(
    (other) =>
      other.status?.nominatedNodeName === facts.node.metadata.name &&
      other.metadata.uid !== pod.metadata.uid &&
      priorityOf(other) >= priorityOf(pod),
  );
  if (expected.length > 0) {
    const then = withPods(cluster, facts, [...facts.pods, ...expected]);
    const refusal = firstRefusal(pod, then.facts, then.cluster);
    if (refusal !== undefined) return refusal;
  }
  return firstRefusal(pod, facts, cluster);
}

function firstRefusal(pod: Pod, facts: NodeFacts, cluster: Cluster): Refusal | undefined {
  for (const filter of FILTERS) {
    const refusal = filter(pod, facts, cluster);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
