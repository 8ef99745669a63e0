import { type Operation, sooner } from "../engine/operations.ts";
import { REPLICA_SETS } from "../engine/resources.ts";
import { withCondition, withoutCondition } from "../model/conditions.ts";
import type { Condition } from "../model/object.ts";
import { isAvailable, isReady, type Pod, readySinceMs } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { matchesLabels } from "../model/selector.ts";
import { SECOND_MS, timestamp } from "../model/time.ts";
import { type ReplicaSet, type ReplicaSetStatus, wantedReplicas } from "../model/workload.ts";

interface StatusFacts {
  readonly replicaSet: ReplicaSet;
  readonly active: readonly Pod[];
  readonly terminating: number;
  readonly nowMs: number;
  /** Without it, an earlier failure is over once nothing is left to try. */
  readonly failure?: { reason: string; message: string };
}

export function replicaSetStatus(facts: StatusFacts): ReplicaSetStatus {
  const { replicaSet, active, terminating, nowMs } = facts;
  const { template, minReadySeconds = 0 } = replicaSet.spec;
  const conditions = failureCondition(facts);
  return {
    replicas: active.length,
    fullyLabeledReplicas: active.filter(({ metadata }) =>
      matchesLabels(template.metadata?.labels, metadata.labels),
    ).length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length,
    terminatingReplicas: terminating,
    observedGeneration: replicaSet.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/** Nothing where it says no more than it did; the server leaves zeros out, so they count as absent. */
export function statusUpdate(replicaSet: ReplicaSet, status: ReplicaSetStatus): Operation[] {
  if (isSame(withoutZeros(replicaSet.status), withoutZeros(status))) return [];
  return [
    {
      verb: "updateStatus",
      resource: REPLICA_SETS,
      object: { ...replicaSet, status } as ReplicaSet,
    },
  ];
}

/** When the next pod that is ready becomes available by having been so for long enough. */
export function untilAvailableMs(
  replicaSet: ReplicaSet,
  active: readonly Pod[],
  nowMs: number,
): number | undefined {
  const { minReadySeconds = 0 } = replicaSet.spec;
  let soonest: number | undefined;
  for (const pod of active) {
    if (!isReady(pod) || isAvailable(pod, minReadySeconds, nowMs)) continue;
    const sinceMs = readySinceMs(pod) ?? nowMs;
    soonest = sooner(soonest, Math.max(0, sinceMs + minReadySeconds * SECOND_MS - nowMs));
  }
  return soonest;
}

function failureCondition(facts: StatusFacts): Condition[] {
  const { replicaSet, active, nowMs, failure } = facts;
  const conditions = replicaSet.status?.conditions ?? [];
  if (failure === undefined) {
    const isSettled = active.length === wantedReplicas(replicaSet);
    return isSettled ? withoutCondition(conditions, "ReplicaFailure") : conditions;
  }
  return withCondition(conditions, {
    type: "ReplicaFailure",
    status: "True",
    ...failure,
    lastTransitionTime: timestamp(nowMs),
  });
}

function withoutZeros(status: object | undefined): object {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
}
