/** The condition Progressing: what `kubectl rollout status` waits for and gives up by. */
import { findCondition, withCondition, withoutCondition } from "../model/conditions.ts";
import type { Condition } from "../model/object.ts";
import { parseTime, SECOND_MS, timestamp } from "../model/time.ts";
import {
  type Deployment,
  type DeploymentStatus,
  progressDeadlineSeconds,
  wantedReplicas,
} from "../model/workload.ts";
import type { Rollout } from "./facts.ts";

const TYPE = "Progressing";
const AVAILABLE = "NewReplicaSetAvailable";
const TIMED_OUT = "ProgressDeadlineExceeded";
const PAUSED = "DeploymentPaused";

/** The status with Progressing as it is now; `counted` carries the conditions of before. */
export function withProgress(rollout: Rollout, status: DeploymentStatus): DeploymentStatus {
  const { deployment, current, nowMs } = rollout;
  const conditions = status.conditions ?? [];
  if (progressDeadlineSeconds(deployment) === undefined) {
    return { ...status, conditions: withoutCondition(conditions, TYPE) };
  }
  const before = findCondition(conditions, TYPE);
  if (status.replicas === status.updatedReplicas && before?.reason === AVAILABLE) return status;
  const what =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`;
  const set = (value: Condition["status"], reason: string, message: string): DeploymentStatus => ({
    ...status,
    conditions: withCondition(conditions, condition({ status: value, reason, message }, nowMs)),
  });
  if (isComplete(deployment, status)) {
    return set("True", AVAILABLE, `${what} has successfully progressed.`);
  }
  if (hasProgressed(deployment, status)) {
    return { ...status, conditions: progressed(conditions, `${what} is progressing.`, nowMs) };
  }
  if (isTimedOut(deployment, before, nowMs)) {
    return set("False", TIMED_OUT, `${what} has timed out progressing.`);
  }
  return status;
}

/** A new ReplicaSet, one found to be the right one, a pause: told apart from the numbers. */
export function progressNote(
  conditions: readonly Condition[] | undefined,
  note: Pick<Condition, "status" | "reason" | "message">,
  nowMs: number,
): Condition[] {
  return withCondition(conditions, condition(note, nowMs));
}

/** Undefined when the condition need not change for `paused`. */
export function pauseNote(deployment: Deployment, nowMs: number): Condition[] | undefined {
  if (progressDeadlineSeconds(deployment) === undefined) return undefined;
  const conditions = deployment.status?.conditions;
  const reason = findCondition(conditions, TYPE)?.reason;
  const isPaused = deployment.spec.paused === true;
  if (reason === TIMED_OUT || isPaused === (reason === PAUSED)) return undefined;
  const note = isPaused
    ? { reason: PAUSED, message: "Deployment is paused" }
    : { reason: "DeploymentResumed", message: "Deployment is resumed" };
  return progressNote(conditions, { status: "Unknown", ...note }, nowMs);
}

/** When the deadline must be looked at again. */
export function untilDeadlineMs(
  deployment: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const seconds = progressDeadlineSeconds(deployment);
  const progressing = findCondition(status.conditions, TYPE);
  if (seconds === undefined || progressing === undefined) return undefined;
  if (progressing.reason === TIMED_OUT || progressing.reason === PAUSED) return undefined;
  if (isComplete(deployment, status)) return undefined;
  const sinceMs = parseTime(progressing.lastUpdateTime) ?? nowMs;
  return Math.max(SECOND_MS, sinceMs + seconds * SECOND_MS - nowMs + SECOND_MS);
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment);
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

function hasProgressed(deployment: Deployment, status: DeploymentStatus): boolean {
  const before = deployment.status ?? {};
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus): number =>
    replicas - updatedReplicas;
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(status) < old(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(deployment: Deployment, before: Condition | undefined, nowMs: number): boolean {
  const seconds = progressDeadlineSeconds(deployment);
  if (seconds === undefined || before === undefined || before.reason === AVAILABLE) return false;
  if (before.reason === TIMED_OUT) return true;
  const sinceMs = parseTime(before.lastUpdateTime);
  return sinceMs !== undefined && sinceMs + seconds * SECOND_MS < nowMs;
}

/** Progress renews the time of the condition also where its reason stays: the deadline counts from it. */
function progressed(conditions: readonly Condition[], message: string, nowMs: number): Condition[] {
  const before = findCondition(conditions, TYPE);
  const fresh = condition({ status: "True", reason: "ReplicaSetUpdated", message }, nowMs);
  const kept =
    before?.status === "True" && before.lastTransitionTime !== undefined
      ? { lastTransitionTime: before.lastTransitionTime }
      : {};
  return [...withoutCondition(conditions, TYPE), { ...fresh, ...kept }];
}

function condition(
  note: Pick<Condition, "status" | "reason" | "message">,
  nowMs: number,
): Condition {
  const now = timestamp(nowMs);
  return { type: TYPE, ...note, lastUpdateTime: now, lastTransitionTime: now };
}
