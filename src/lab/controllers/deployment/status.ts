import type { Operation } from "../engine/operations.ts";
import { DEPLOYMENTS } from "../engine/resources.ts";
import { findCondition, withCondition, withoutCondition } from "../model/conditions.ts";
import type { Condition } from "../model/object.ts";
import { isSame } from "../model/same.ts";
import { timestamp } from "../model/time.ts";
import type { Deployment, DeploymentStatus } from "../model/workload.ts";
import { wantedReplicas } from "../model/workload.ts";
import { revisionOf, REVISION } from "./annotations.ts";
import { allOf, counted, limitsOf, type Rollout, specified } from "./facts.ts";

/** The numbers and the condition Available; Progressing is `progress.ts`'s. */
export function countStatus(rollout: Rollout): DeploymentStatus {
  const { deployment, current, nowMs } = rollout;
  const all = allOf(rollout);
  const available = counted(all, "availableReplicas");
  const collisionCount = deployment.status?.collisionCount;
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: counted(all, "replicas"),
    updatedReplicas: current === undefined ? 0 : counted([current], "replicas"),
    readyReplicas: counted(all, "readyReplicas"),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, specified(all) - available),
    terminatingReplicas: counted(all, "terminatingReplicas"),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(
      deployment.status?.conditions,
      availability(deployment, available, nowMs),
    ),
  };
}

function availability(deployment: Deployment, available: number, nowMs: number): Condition {
  const least = wantedReplicas(deployment) - limitsOf(deployment).maxUnavailable;
  const now = timestamp(nowMs);
  const times = { lastUpdateTime: now, lastTransitionTime: now };
  return available >= least
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
        ...times,
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
        ...times,
      };
}

/** What a ReplicaSet could not do stands in the Deployment too; the current one's first. */
export function withReplicaFailure(rollout: Rollout, conditions: Condition[]): Condition[] {
  const { current, old } = rollout;
  const all = current === undefined ? old : [current, ...old];
  for (const { status } of all) {
    const failure = findCondition(status?.conditions, "ReplicaFailure");
    if (failure === undefined) continue;
    const lastUpdateTime = failure.lastTransitionTime ?? timestamp(rollout.nowMs);
    return withCondition(conditions, { ...failure, lastUpdateTime });
  }
  return withoutCondition(conditions, "ReplicaFailure");
}

/** Nothing where it says no more than it did. */
export function statusUpdate(deployment: Deployment, status: DeploymentStatus): Operation[] {
  if (isSame(withoutZeros(deployment.status), withoutZeros(status))) return [];
  const object: Deployment = { ...deployment, status };
  return [{ verb: "updateStatus", resource: DEPLOYMENTS, object }];
}

/** The Deployment carries the revision of its present ReplicaSet. */
function withRevision(deployment: Deployment, revision: number): Deployment {
  if (revision === 0 || revisionOf(deployment) === revision) return deployment;
  const { metadata } = deployment;
  const annotations = { ...metadata.annotations, [REVISION]: String(revision) };
  return { ...deployment, metadata: { ...metadata, annotations } };
}

/** With its annotations first: a status that is written with earlier ones would undo them. */
export function statusAndRevision(
  deployment: Deployment,
  revision: number,
  status: DeploymentStatus,
): Operation[] {
  const object = withRevision(deployment, revision);
  return [
    ...(object === deployment ? [] : [{ verb: "update", resource: DEPLOYMENTS, object } as const]),
    ...statusUpdate(object, status),
  ];
}

function withoutZeros(status: object | undefined): object {
  return Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => value !== 0));
}
