/** Whether a node is alive: its lease or its status must have been renewed within the grace. */
import { normal, type Operation, type Plan, warning } from "../engine/operations.ts";
import { NODES, PODS } from "../engine/resources.ts";
import type { Condition } from "../model/object.ts";
import { type Lease, type Node, nodeCondition } from "../model/node.ts";
import { isFinished, type Pod, podCondition } from "../model/pod.ts";
import { parseTime, timestamp } from "../model/time.ts";
import type { ControllerOptions } from "../options.ts";
import { wantedTaints } from "./taints.ts";

/** What was last seen of a node, and when by our own clock: nodes' clocks are not compared with it. */
export interface Health {
  readonly seen: string;
  readonly atMs: number;
}

interface NodeFacts {
  readonly node: Node;
  readonly lease: Lease | undefined;
  readonly pods: readonly Pod[];
  readonly health: Health | undefined;
  /** By the monotonic clock. */
  readonly atMs: number;
  readonly nowMs: number;
  readonly options: Pick<ControllerOptions, "nodeMonitorGraceMs" | "nodeStartupGraceMs">;
}

const MONITORED = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

export function planNode(facts: NodeFacts): Plan & { readonly health: Health } {
  const { node, health: before, atMs } = facts;
  const seen = signOfLife(facts);
  const health = before?.seen === seen ? before : { seen, atMs: firstSeenMs(facts) };
  const ready = nodeCondition(node, "Ready");
  const { nodeMonitorGraceMs, nodeStartupGraceMs } = facts.options;
  const graceMs = ready === undefined ? nodeStartupGraceMs : nodeMonitorGraceMs;
  const leftMs = health.atMs + graceMs - atMs;
  const isLost = leftMs < 0 && ready?.status !== "Unknown";
  const operations = isLost ? lost(facts) : settled(facts);
  return { operations, health, ...(leftMs >= 0 ? { againInMs: leftMs + 1 } : {}) };
}

/** A node that has never told anything counts from its making, also over a restart of ours. */
function firstSeenMs({ node, atMs, nowMs, health }: NodeFacts): number {
  const createdMs = parseTime(node.metadata.creationTimestamp);
  const isSilent = nodeCondition(node, "Ready") === undefined;
  if (health !== undefined || !isSilent || createdMs === undefined) return atMs;
  return atMs - Math.max(0, nowMs - createdMs);
}

function signOfLife({ node, lease }: NodeFacts): string {
  const heartbeat = nodeCondition(node, "Ready")?.lastHeartbeatTime ?? "";
  return `${lease?.spec?.renewTime ?? ""} ${heartbeat}`;
}

/**
 * Taints as the conditions say; and pods of a node that is silent are not ready. Of one that says
 * itself that it is not ready, it is for its kubelet to say what its pods are.
 */
function settled({ node, pods, nowMs }: NodeFacts): Operation[] {
  const isSilent = nodeCondition(node, "Ready")?.status === "Unknown";
  return [
    ...taintUpdate(node, nowMs),
    ...(isSilent ? pods.flatMap((pod) => unready(pod, nowMs)) : []),
  ];
}

function lost(facts: NodeFacts): Operation[] {
  const { node, pods, nowMs } = facts;
  const wasReady = nodeCondition(node, "Ready")?.status === "True";
  const object: Node = {
    ...node,
    status: { ...node.status, conditions: unknownConditions(node, nowMs) },
  };
  const { name } = node.metadata;
  const event = normal("NodeNotReady", `Node ${name} status is now: NodeNotReady`);
  return [
    { verb: "updateStatus", resource: NODES, object },
    ...(wasReady ? [{ verb: "event", about: node, event } as const] : []),
    ...taintUpdate(object, nowMs),
    ...pods.flatMap((pod) => unready(pod, nowMs)),
  ];
}

function unknownConditions(node: Node, nowMs: number): Condition[] {
  const now = timestamp(nowMs);
  const conditions = [...(node.status?.conditions ?? [])];
  for (const type of MONITORED) {
    const at = conditions.findIndex((condition) => condition.type === type);
    const before = conditions[at];
    if (before === undefined) {
      conditions.push({
        type,
        status: "Unknown",
        reason: "NodeStatusNeverUpdated",
        message: "Kubelet never posted node status.",
        lastHeartbeatTime: node.metadata.creationTimestamp ?? now,
        lastTransitionTime: now,
      });
    } else if (before.status !== "Unknown") {
      conditions[at] = {
        ...before,
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting node status.",
        lastTransitionTime: now,
      };
    }
  }
  return conditions;
}

/** With the version read: somebody else's taint must not be lost. */
function taintUpdate(node: Node, nowMs: number): Operation[] {
  const taints = wantedTaints(node, nowMs);
  if (taints === undefined) return [];
  const object: Node = { ...node, spec: { ...node.spec, taints } };
  return [{ verb: "update", resource: NODES, object }];
}

function unready(pod: Pod, nowMs: number): Operation[] {
  const ready = podCondition(pod, "Ready");
  if (ready?.status !== "True" || isFinished(pod)) return [];
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === "Ready"
      ? { ...condition, status: "False" as const, lastTransitionTime: timestamp(nowMs) }
      : condition,
  );
  const { namespace = "", name, resourceVersion } = pod.metadata;
  return [
    {
      verb: "patch",
      resource: PODS,
      target: { namespace, name },
      patch: { metadata: { resourceVersion }, status: { conditions } },
      subresource: "status",
      note: { about: pod, done: warning("NodeNotReady", "Node is not ready") },
    },
  ];
}
