/** A Deployment: one step towards its template and size, and its status. */
import { type Operation, type Plan, warning } from "../engine/operations.ts";
import { REPLICA_SETS } from "../engine/resources.ts";
import { isTerminating } from "../model/object.ts";
import type { Pod } from "../model/pod.ts";
import { isEmptySelector } from "../model/selector.ts";
import {
  type Deployment,
  type DeploymentStatus,
  progressDeadlineSeconds,
  type ReplicaSet,
  wantedReplicas,
} from "../model/workload.ts";
import { claim } from "../workload/claim.ts";
import { nextRevision, revisionOf } from "./annotations.ts";
import { createCurrent, newReplicaSet, refreshCurrent } from "./current.ts";
import { isRolling, type Rollout, rolloutOf } from "./facts.ts";
import { isComplete, pauseNote, progressNote, untilDeadlineMs, withProgress } from "./progress.ts";
import { recreateStep } from "./recreate.ts";
import { rollingStep } from "./rolling.ts";
import { isScaling, scaleOperations } from "./scale.ts";
import { countStatus, statusAndRevision, statusUpdate, withReplicaFailure } from "./status.ts";

export interface DeploymentFacts {
  readonly deployment: Deployment;
  /** Of its namespace: those it owns and those it might adopt. */
  readonly replicaSets: readonly ReplicaSet[];
  /** Of those ReplicaSets. */
  readonly pods: readonly Pod[];
  readonly nowMs: number;
}

const DEFAULT_HISTORY_LIMIT = 10;
/** Kubernetes writes "no limit" as the largest int32. */
const NO_LIMIT = 2 ** 31 - 1;

export function planDeployment(facts: DeploymentFacts): Plan {
  const { deployment, nowMs } = facts;
  if (isEmptySelector(deployment.spec.selector)) return selectsAll(deployment);
  const { owned, operations } = claim(deployment, REPLICA_SETS, facts.replicaSets);
  const rollout = rolloutOf(deployment, owned, facts.pods, nowMs);
  if (isTerminating(deployment)) return { operations: statusUpdate(deployment, counted(rollout)) };
  const paused = pauseNote(deployment, nowMs);
  if (paused !== undefined) {
    // The rest follows when the API server has told us of this.
    const status = { ...deployment.status, conditions: paused };
    return { operations: [...operations, ...statusUpdate(deployment, status)] };
  }
  const refreshed = refreshCurrent(rollout);
  if (refreshed.length > 0) return { operations: [...operations, ...refreshed] };
  const plan =
    deployment.spec.paused === true || isScaling(rollout) ? resized(rollout) : rolledOut(rollout);
  return { ...plan, operations: [...operations, ...plan.operations] };
}

/** The name for the next template is taken by something else: another hash is needed. */
export function planCollision({ deployment, replicaSets, nowMs }: DeploymentFacts): Operation[] {
  const { owned } = claim(deployment, REPLICA_SETS, replicaSets);
  const rollout = rolloutOf(deployment, owned, [], nowMs);
  if (rollout.current !== undefined) return [];
  const { name } = newReplicaSet(rollout).metadata;
  if (!replicaSets.some((each) => each.metadata.name === name)) return [];
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
  return statusUpdate(deployment, { ...deployment.status, collisionCount });
}

function selectsAll(deployment: Deployment): Plan {
  const message = "This deployment is selecting all pods. A non-empty selector is required.";
  const event = warning("SelectingAll", message);
  return { operations: [{ verb: "event", about: deployment, event }] };
}

/** Paused, or of another size than before: sizes only, and no new template. */
function resized(rollout: Rollout): Plan {
  const { deployment, old } = rollout;
  const changes = scaleOperations(rollout);
  const isSettled = changes.length === 0 && deployment.spec.paused === true;
  const kept = isSettled ? removeHistory(deployment, old) : [];
  return {
    operations: [
      ...changes,
      ...kept,
      ...statusAndRevision(deployment, revisionAfter(rollout, []), numbers(rollout)),
    ],
  };
}

function rolledOut(rollout: Rollout): Plan {
  const { deployment, current, old, nowMs } = rollout;
  const changes =
    current === undefined && isRolling(deployment)
      ? [createCurrent(rollout)]
      : isRolling(deployment)
        ? rollingStep(rollout)
        : recreateStep(rollout);
  const status = counted(rollout, changes);
  const isDone = changes.length === 0 && isComplete(deployment, status);
  const revision = revisionAfter(rollout, changes);
  const againInMs = untilDeadlineMs(deployment, status, nowMs);
  return {
    operations: [
      ...changes,
      ...(isDone ? removeHistory(deployment, old) : []),
      ...statusAndRevision(deployment, revision, status),
    ],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

function revisionAfter({ current, old }: Rollout, changes: readonly Operation[]): number {
  if (current !== undefined) return revisionOf(current);
  return changes.some(({ verb }) => verb === "create") ? nextRevision(old) : 0;
}

function numbers(rollout: Rollout): DeploymentStatus {
  const status = countStatus(rollout);
  return { ...status, conditions: withReplicaFailure(rollout, status.conditions ?? []) };
}

function counted(rollout: Rollout, changes: readonly Operation[] = []): DeploymentStatus {
  const status = withProgress(rollout, numbers(rollout));
  const note = templateNote(rollout, status, changes);
  if (note === undefined) return status;
  return { ...status, conditions: progressNote(status.conditions, note, rollout.nowMs) };
}

/** What is said of a template that was not there before. */
function templateNote(
  { deployment, current }: Rollout,
  status: DeploymentStatus,
  changes: readonly Operation[],
): { status: "True"; reason: string; message: string } | undefined {
  if (progressDeadlineSeconds(deployment) === undefined) return undefined;
  const created = changes.find((change) => change.verb === "create");
  if (created?.verb === "create") {
    const message = `Created new replica set "${created.object.metadata.name}"`;
    return { status: "True", reason: "NewReplicaSetCreated", message };
  }
  const isSaid = status.conditions?.some(({ type }) => type === "Progressing");
  if (current === undefined || isSaid === true) return undefined;
  const message = `Found new replica set "${current.metadata.name}"`;
  return { status: "True", reason: "FoundNewReplicaSet", message };
}

function removeHistory(deployment: Deployment, old: readonly ReplicaSet[]): Operation[] {
  const limit = deployment.spec.revisionHistoryLimit ?? DEFAULT_HISTORY_LIMIT;
  const alive = old.filter((each) => !isTerminating(each));
  if (limit === NO_LIMIT || alive.length <= limit) return [];
  return alive
    .toSorted((left, right) => revisionOf(left) - revisionOf(right))
    .slice(0, alive.length - limit)
    .filter(isEmpty)
    .map((target) => ({ verb: "delete", resource: REPLICA_SETS, target }));
}

function isEmpty(replicaSet: ReplicaSet): boolean {
  const { status, metadata } = replicaSet;
  const isSeen = (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0);
  return isSeen && (status?.replicas ?? 0) === 0 && wantedReplicas(replicaSet) === 0;
}
