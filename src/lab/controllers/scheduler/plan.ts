import { normal, type Operation, warning } from "../engine/operations.ts";
import { PODS } from "../engine/resources.ts";
import { isTerminating } from "../model/object.ts";
import { isFinished, type Pod, podCondition } from "../model/pod.ts";
import { timestamp } from "../model/time.ts";
import type { Cluster } from "./cluster.ts";
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
  const event = warning("FailedScheduling", decision.message);
  return {
    operations: [
      { verb: "event", about: pod, event },
      ...conditionUpdate(pod, decision.message, nowMs),
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
    note: {
      about: pod,
      done: normal("Scheduled", `Successfully assigned ${namespace}/${name} to ${node}`),
    },
  };
}

function conditionUpdate(pod: Pod, message: string, nowMs: number): Operation[] {
  const before = podCondition(pod, "PodScheduled");
  if (before?.status === "False" && before.message === message) return [];
  const scheduled = {
    type: "PodScheduled",
    status: "False" as const,
    reason: "Unschedulable",
    message,
    lastProbeTime: null,
    lastTransitionTime:
      before?.status === "False" && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : timestamp(nowMs),
  };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== scheduled.type);
  const { namespace = "", name, resourceVersion } = pod.metadata;
  return [
    {
      verb: "patch",
      resource: PODS,
      target: { namespace, name },
      // A merge patch replaces lists whole: the version keeps others' conditions from being lost.
      patch: { metadata: { resourceVersion }, status: { conditions: [...others, scheduled] } },
      subresource: "status",
    },
  ];
}
