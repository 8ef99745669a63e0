/** Pods leave nodes with taints of effect NoExecute: at once, or when their tolerations end. */
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO, normal, type Plan } from "../engine/operations.ts";
import { NODES, PODS } from "../engine/resources.ts";
import { isTerminating, keyOf } from "../model/object.ts";
import { type Node, type Taint, tolerates } from "../model/node.ts";
import { isFinished, type Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { parseTime, SECOND_MS } from "../model/time.ts";
import { itself } from "../workload/owners.ts";
import { disruption, writeCondition } from "../workload/pod-condition.ts";

const WHY = "Taint manager: deleting due to NoExecute taint";

export function planEviction(pod: Pod, node: Node, nowMs: number): Plan {
  if (isTerminating(pod) || isFinished(pod)) return NOTHING_TO_DO;
  const dueMs = dueOf(pod, node, nowMs);
  if (dueMs === undefined) return NOTHING_TO_DO;
  if (dueMs > nowMs) return { operations: [], againInMs: dueMs - nowMs };
  const message = `Marking for deletion Pod ${keyOf(pod)}`;
  return {
    operations: [
      { verb: "event", about: pod, event: normal("TaintManagerEviction", message) },
      writeCondition(pod, disruption("DeletionByTaintManager", WHY), nowMs),
      { verb: "delete", resource: PODS, target: pod },
    ],
  };
}

/** When the pod has to go; undefined for never. */
function dueOf(pod: Pod, node: Node, nowMs: number): number | undefined {
  let soonest = Infinity;
  for (const taint of node.spec?.taints ?? []) {
    if (taint.effect === "NoExecute")
      soonest = Math.min(soonest, toleratedUntil(pod, taint, nowMs));
  }
  return soonest === Infinity ? undefined : soonest;
}

function toleratedUntil(pod: Pod, taint: Taint, nowMs: number): number {
  const matching = (pod.spec.tolerations ?? []).filter((each) => tolerates(each, taint));
  if (matching.length === 0) return -Infinity;
  const seconds = matching.flatMap(({ tolerationSeconds }) => tolerationSeconds ?? []);
  // One toleration without an end does not outlast another's end.
  if (seconds.length === 0) return Infinity;
  const sinceMs = parseTime(taint.timeAdded) ?? nowMs;
  return sinceMs + Math.max(0, Math.min(...seconds)) * SECOND_MS;
}

export function taintEvictionController(context: Context): Controller {
  const pods = context.cache<Pod>(PODS);
  const nodes = context.cache<Node>(NODES);
  pods.addIndex("node", ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  return new Controller(context, {
    name: "taint-eviction-controller",
    plan: (key) => {
      const pod = pods.get(key);
      const node = nodes.get(pod?.spec.nodeName ?? "");
      if (pod === undefined || node === undefined) return NOTHING_TO_DO;
      return planEviction(pod, node, context.clock.nowMs());
    },
  })
    .on(pods, (change) =>
      change.before?.spec.nodeName === change.after?.spec.nodeName ? [] : itself(change),
    )
    .on(nodes, ({ before, after }) =>
      after === undefined || isSame(before?.spec?.taints, after.spec?.taints)
        ? []
        : pods.by("node", after.metadata.name).map(keyOf),
    );
}
