/** Which pods a ReplicaSet gives up first. */
import { compareText } from "../model/object.ts";
import { isReady, type Pod, readySinceMs } from "../model/pod.ts";
import { parseTime } from "../model/time.ts";

const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/** Of `pods`, the `count` that are missed least. `related` are all pods of the same Deployment. */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number): Pod[] {
  const perNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? "";
    if (isReady(pod)) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const crowd = (pod: Pod): number => perNode.get(pod.spec.nodeName ?? "") ?? 0;
  return pods.toSorted((left, right) => compare(left, right, crowd)).slice(0, count);
}

/**
 * Not yet on a node, not running, not ready, of low cost, in a crowd, ready for a short time,
 * often restarted, young: in this order of weight.
 */
function compare(left: Pod, right: Pod, crowd: (pod: Pod) => number): number {
  return (
    Number(hasNode(left)) - Number(hasNode(right)) ||
    phase(left) - phase(right) ||
    Number(isReady(left)) - Number(isReady(right)) ||
    cost(left) - cost(right) ||
    crowd(right) - crowd(left) ||
    younger(readySinceMs(left), readySinceMs(right)) ||
    restarts(right) - restarts(left) ||
    younger(createdMs(left), createdMs(right)) ||
    compareText(left.metadata.uid ?? "", right.metadata.uid ?? "")
  );
}

function younger(left: number | undefined, right: number | undefined): number {
  if (left === undefined || right === undefined || left === right) return 0;
  return right - left;
}

function hasNode(pod: Pod): boolean {
  return (pod.spec.nodeName ?? "") !== "";
}

function phase(pod: Pod): number {
  return PHASES[pod.status?.phase ?? "Pending"] ?? 0;
}

function cost(pod: Pod): number {
  const text = pod.metadata.annotations?.[DELETION_COST];
  return text !== undefined && /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
}

function restarts(pod: Pod): number {
  const counts = (pod.status?.containerStatuses ?? []).map(({ restartCount = 0 }) => restartCount);
  return Math.max(0, ...counts);
}

function createdMs(pod: Pod): number | undefined {
  return parseTime(pod.metadata.creationTimestamp);
}
