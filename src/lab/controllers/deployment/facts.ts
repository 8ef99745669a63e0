/** A Deployment with its ReplicaSets sorted into the one of its template and those of earlier ones. */
import { byAge, isTerminating } from "../model/object.ts";
import type { Pod } from "../model/pod.ts";
import { isSameTemplate } from "../model/template.ts";
import { type Deployment, type ReplicaSet, scaled, wantedReplicas } from "../model/workload.ts";

export interface Rollout {
  readonly deployment: Deployment;
  /** That of the present template, where there is one. */
  readonly current: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
  /** Pods of all of them; what Recreate waits for. */
  readonly pods: readonly Pod[];
  readonly nowMs: number;
}

export function rolloutOf(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
  pods: readonly Pod[],
  nowMs: number,
): Rollout {
  const sorted = replicaSets.toSorted(byAge);
  const current = sorted.find((each) =>
    isSameTemplate(each.spec.template, deployment.spec.template),
  );
  const old = sorted.filter((each) => each !== current);
  return { deployment, current, old, pods, nowMs };
}

export function allOf({ current, old }: Rollout): ReplicaSet[] {
  return current === undefined ? [...old] : [...old, current];
}

export function isRolling(deployment: Deployment): boolean {
  return (deployment.spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

const DEFAULT_SHARE = "25%";

/** How many pods above the wanted number may exist, and how many of it may be missing. */
export function limitsOf(deployment: Deployment): { maxSurge: number; maxUnavailable: number } {
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 };
  const wanted = wantedReplicas(deployment);
  const rolling = deployment.spec.strategy?.rollingUpdate;
  const maxSurge = scaled(rolling?.maxSurge ?? DEFAULT_SHARE, wanted, true);
  const share = scaled(rolling?.maxUnavailable ?? DEFAULT_SHARE, wanted, false);
  // Neither more nor fewer: nothing could ever be replaced.
  const maxUnavailable = maxSurge === 0 && share === 0 ? 1 : share;
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, wanted) };
}

/** What the specifications ask for. */
export function specified(replicaSets: readonly ReplicaSet[]): number {
  return sum(replicaSets, wantedReplicas);
}

export function counted(
  replicaSets: readonly ReplicaSet[],
  field: "replicas" | "readyReplicas" | "availableReplicas" | "terminatingReplicas",
): number {
  return sum(replicaSets, ({ status }) => status?.[field] ?? 0);
}

/**
 * How many pods serve, at least: of a ReplicaSet that has just been made smaller the status still
 * counts pods that are about to go.
 */
export function surelyAvailable(replicaSets: readonly ReplicaSet[]): number {
  return sum(replicaSets, (each) =>
    Math.min(wantedReplicas(each), each.status?.availableReplicas ?? 0),
  );
}

/** How many pods there are, at most: those that are asked for, and those that have yet to go. */
export function possiblyThere(replicaSets: readonly ReplicaSet[]): number {
  return sum(replicaSets, (each) => Math.max(wantedReplicas(each), each.status?.replicas ?? 0));
}

/** Whether their statuses were written knowing their sizes: otherwise they tell of other times. */
export function areObserved(replicaSets: readonly ReplicaSet[]): boolean {
  return replicaSets.every(
    ({ metadata, status }) => (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
  );
}

export function isActiveSet(replicaSet: ReplicaSet): boolean {
  return wantedReplicas(replicaSet) > 0 && !isTerminating(replicaSet);
}

function sum(replicaSets: readonly ReplicaSet[], of: (replicaSet: ReplicaSet) => number): number {
  return replicaSets.reduce((total, each) => total + of(each), 0);
}
