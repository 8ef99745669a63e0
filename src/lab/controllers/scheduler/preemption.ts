/** Who must leave a node so that a pod of higher priority can have it. */
import { compareText, isTerminating } from "../model/object.ts";
import { type Pod, podCondition } from "../model/pod.ts";
import {
  type Cluster,
  type Filter,
  histogram,
  type NodeFacts,
  priorityOf,
  type Refused,
  withPods,
} from "./cluster.ts";

export interface Preemption {
  readonly node: string;
  /** The most important first. */
  readonly victims: readonly Pod[];
}

export const PREEMPTED = "PreemptionByScheduler";
const NOT_HELPFUL = "Preemption is not helpful for scheduling";
const NO_VICTIMS = "No preemption victims found for incoming pod";

/** Otherwise why there is nobody. Budgets are not asked: the scheduler, too, passes over them in need. */
export function preemptionFor(
  pod: Pod,
  refused: Refused,
  cluster: Cluster,
  refusalOf: Filter,
): Preemption | string {
  if (pod.spec.preemptionPolicy === "Never") return "not eligible due to preemptionPolicy=Never.";
  if (isAwaited(pod, refused)) {
    return "not eligible due to a terminating pod on the nominated node.";
  }
  const candidates: Preemption[] = [];
  const reasons: string[] = [];
  for (const [facts, { isResolvable }] of refused) {
    const victims = isResolvable ? victimsOn(facts, pod, cluster, refusalOf) : [NOT_HELPFUL];
    if (isReasons(victims)) reasons.push(...victims);
    else candidates.push({ node: facts.node.metadata.name, victims });
  }
  const [best] = candidates.toSorted(compare);
  return best ?? `0/${refused.size} nodes are available: ${histogram(reasons)}.`;
}

function isReasons(victims: readonly Pod[] | readonly string[]): victims is readonly string[] {
  return typeof victims[0] === "string";
}

/** Whether those that it made leave are still on their way. */
function isAwaited(pod: Pod, refused: Refused): boolean {
  const { nominatedNodeName = "" } = pod.status ?? {};
  return [...refused].some(
    ([{ node, pods }, { isResolvable }]) =>
      node.metadata.name === nominatedNodeName &&
      isResolvable &&
      pods.some(
        (other) =>
          isTerminating(other) &&
          priorityOf(other) < priorityOf(pod) &&
          podCondition(other, "DisruptionTarget")?.reason === PREEMPTED,
      ),
  );
}

/** As few as will do: all that may be made to go are thought away, and let back one by one. */
function victimsOn(
  facts: NodeFacts,
  pod: Pod,
  cluster: Cluster,
  refusalOf: Filter,
): readonly Pod[] | readonly string[] {
  const lower = facts.pods.filter((other) => priorityOf(other) < priorityOf(pod));
  if (lower.length === 0) return [NO_VICTIMS];
  const refusalWith = (pods: readonly Pod[]): ReturnType<Filter> => {
    const then = withPods(cluster, facts, pods);
    return refusalOf(pod, then.facts, then.cluster);
  };
  let kept = facts.pods.filter((other) => !lower.includes(other));
  const refusal = refusalWith(kept);
  if (refusal !== undefined) return refusal.reasons;
  const victims: Pod[] = [];
  for (const each of lower.toSorted(byImportance)) {
    const more = [...kept, each];
    if (refusalWith(more) === undefined) kept = more;
    else victims.push(each);
  }
  return victims;
}

function byImportance(left: Pod, right: Pod): number {
  return priorityOf(right) - priorityOf(left) || compareText(startOf(left), startOf(right));
}

function startOf({ status, metadata }: Pod): string {
  return status?.startTime ?? metadata.creationTimestamp ?? "";
}

/** The node whose victims are of least priority, then fewest, then the youngest. */
function compare(left: Preemption, right: Preemption): number {
  const [one, other] = [left.victims, right.victims];
  const highest = (victims: readonly Pod[]): number => Math.max(...victims.map(priorityOf));
  const sum = (victims: readonly Pod[]): number =>
    victims.reduce((total, each) => total + priorityOf(each) + 2 ** 31, 0);
  const oldest = (victims: readonly Pod[]): string =>
    victims
      .filter((each) => priorityOf(each) === highest(victims))
      .map(startOf)
      .toSorted(compareText)[0] ?? "";
  return (
    highest(one) - highest(other) ||
    sum(one) - sum(other) ||
    one.length - other.length ||
    compareText(oldest(other), oldest(one)) ||
    compareText(left.node, right.node)
  );
}
