import { type EventText, type Operation } from "../engine/operations.ts";
import { PODS } from "../engine/resources.ts";
import { isTerminating } from "../model/object.ts";
import { isFinished, type Pod, podCondition } from "../model/pod.ts";
import { disruption, writeCondition } from "../workload/pod-condition.ts";
import type { Cluster } from "./cluster.ts";
import { type Preemption, PREEMPTED } from "./preemption.ts";
import { schedule } from "./schedule.ts";

const SCHEDULER = "default-scheduler";

/** Whether it waits for a node from us. */
export function isPending(pod: Pod): boolean {
  return (
    (pod.spec.nodeName ?? "") === "" &&
    (pod.spec.schedulerName ?? SCHEDULER) === SCHEDULER &&
    (pod.spec.schedulingGates ?? []).length === 0 &&
    !isTerminating(pod) &&
    !isFinished(pod)
  );
}

const NOTHING_HELPS = { leavingPods: false, comingPods: false };

export interface Placement {
  readonly operations: Operation[];
  readonly isPlaced: boolean;
  /** What may help a pod that found no node, beside a change of nodes. */
  readonly helpers: { readonly leavingPods: boolean; readonly comingPods: boolean };
}

export function planPlacement(pod: Pod, cluster: Cluster, nowMs: number): Placement {
  const decision = schedule(pod, cluster);
  if ("node" in decision)
    return { operations: [bind(pod, decision.node)], isPlaced: true, helpers: NOTHING_HELPS };
  const { message, preemption } = decision;
  const event: EventText = {
    type: "Warning",
    reason: "FailedScheduling",
    message,
    action: "Scheduling",
  };
  return {
    operations: [
      { verb: "event", about: pod, event },
      ...statusUpdate(pod, message, preemption?.node, nowMs),
      ...(preemption === undefined ? [] : preempt(pod, preemption, nowMs)),
    ],
    isPlaced: false,
    helpers: { leavingPods: decision.canWaitForRoom, comingPods: wantsCompany(pod) },
  };
}

function wantsCompany({ spec }: Pod): boolean {
  const required = spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return (required ?? []).length > 0 || (spec.topologySpreadConstraints ?? []).length > 0;
}

function bind(pod: Pod, node: string): Operation {
  const { name, namespace = "", uid } = pod.metadata;
  const done: EventText = {
    type: "Normal",
    reason: "Scheduled",
    message: `Successfully assigned ${namespace}/${name} to ${node}`,
    action: "Binding",
  };
  return {
    verb: "send",
    method: "POST",
    resource: PODS,
    target: { namespace, name },
    subresource: "binding",
    body: {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, uid },
      target: { apiVersion: "v1", kind: "Node", name: node },
    },
    leaves: { ...pod, spec: { ...pod.spec, nodeName: node } } as Pod,
    note: { about: pod, done },
  };
}

/** Those who must go are told why, and then to go. */
function preempt(pod: Pod, { node, victims }: Preemption, nowMs: number): Operation[] {
  const event: EventText = {
    type: "Normal",
    reason: "Preempted",
    message: `Preempted by pod ${pod.metadata.uid ?? ""} on node ${node}`,
    action: "Preempting",
  };
  return victims
    .filter((victim) => !isTerminating(victim))
    .flatMap((victim): Operation[] => {
      const why = `${SCHEDULER}: preempting to accommodate a higher priority pod`;
      return [
        writeCondition(victim, disruption(PREEMPTED, why), nowMs),
        { verb: "delete", resource: PODS, target: victim, note: { about: victim, done: event } },
      ];
    });
}

/** The condition, and the node that others were made to leave for it; nothing where it is said. */
function statusUpdate(
  pod: Pod,
  message: string,
  nominated: string | undefined,
  nowMs: number,
): Operation[] {
  const before = podCondition(pod, "PodScheduled");
  const { nominatedNodeName = "" } = pod.status ?? {};
  const isAwaited = message.endsWith("on the nominated node.");
  const wanted = nominated ?? (isAwaited ? nominatedNodeName : "");
  const isSaid = before?.status === "False" && before.message === message;
  if (isSaid && nominatedNodeName === wanted) return [];
  const said = { type: "PodScheduled", status: "False", reason: "Unschedulable", message } as const;
  const nominatedNow = { nominatedNodeName: wanted === "" ? null : wanted };
  return [writeCondition(pod, said, nowMs, nominatedNow)];
}
