/** The taints that a node's conditions ask for; all others are left alone. */
import {
  type Node,
  nodeCondition,
  type Taint,
  TAINT_NOT_READY,
  TAINT_UNREACHABLE,
  TAINT_UNSCHEDULABLE,
} from "../model/node.ts";
import { isSame } from "../model/same.ts";
import { timestamp } from "../model/time.ts";

const BY_CONDITION = [
  { type: "MemoryPressure", status: "True", key: "node.kubernetes.io/memory-pressure" },
  { type: "DiskPressure", status: "True", key: "node.kubernetes.io/disk-pressure" },
  { type: "PIDPressure", status: "True", key: "node.kubernetes.io/pid-pressure" },
  { type: "NetworkUnavailable", status: "True", key: "node.kubernetes.io/network-unavailable" },
  { type: "Ready", status: "False", key: TAINT_NOT_READY },
  { type: "Ready", status: "Unknown", key: TAINT_UNREACHABLE },
] as const;

const OURS: ReadonlySet<string> = new Set([
  ...BY_CONDITION.map(({ key }) => key),
  TAINT_UNSCHEDULABLE,
]);

/** Undefined where they are right. */
export function wantedTaints(node: Node, nowMs: number): Taint[] | undefined {
  const before = node.spec?.taints ?? [];
  const others = before.filter(
    ({ key, effect }) => !OURS.has(key) || effect === "PreferNoSchedule",
  );
  const ours = keysOf(node).map((taint): Taint => {
    const present = before.find(({ key, effect }) => key === taint.key && effect === taint.effect);
    return present ?? { ...taint, timeAdded: timestamp(nowMs) };
  });
  const wanted = [...others, ...ours];
  const sorted = (taints: readonly Taint[]): string[] =>
    taints.map(({ key, effect }) => `${key} ${effect}`).toSorted();
  return isSame(sorted(before), sorted(wanted)) ? undefined : wanted;
}

function keysOf(node: Node): Taint[] {
  const conditions = BY_CONDITION.filter(
    ({ type, status }) => nodeCondition(node, type)?.status === status,
  ).map(({ key }) => ({ key, effect: "NoSchedule" }));
  const unschedulable =
    node.spec?.unschedulable === true ? [{ key: TAINT_UNSCHEDULABLE, effect: "NoSchedule" }] : [];
  return [...unschedulable, ...conditions, ...evicting(node)];
}

/** By these, pods are sent away from a node that does not answer. */
function evicting(node: Node): Taint[] {
  const status = nodeCondition(node, "Ready")?.status;
  if (status === "False") return [{ key: TAINT_NOT_READY, effect: "NoExecute" }];
  if (status === "Unknown") return [{ key: TAINT_UNREACHABLE, effect: "NoExecute" }];
  return [];
}
