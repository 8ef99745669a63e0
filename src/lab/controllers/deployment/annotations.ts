/** What a Deployment writes on its ReplicaSets, for itself and for `kubectl rollout history`. */
import type { Deployment, ReplicaSet } from "../model/workload.ts";
import { wantedReplicas } from "../model/workload.ts";
import { limitsOf } from "./facts.ts";

export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";

/** Never copied from the Deployment. */
const OWN: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  "deprecated.deployment.rollback.to",
]);
const MAX_HISTORY_CHARACTERS = 2_000;

type Annotations = Record<string, string>;

export function revisionOf(object: Deployment | ReplicaSet): number {
  const text = object.metadata.annotations?.[REVISION];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** The number that the present template gets when it is new or comes back. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** Those of the ReplicaSet of the present template. */
export function currentAnnotations(
  deployment: Deployment,
  before: Annotations | undefined,
  revision: number,
): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([key]) => !OWN.has(key),
  );
  const annotations: Annotations = { ...before, ...Object.fromEntries(copied) };
  const previous = before?.[REVISION];
  if (previous !== undefined && Number(previous) >= revision) return annotations;
  annotations[REVISION] = String(revision);
  if (previous !== undefined) {
    const history = [...(before?.[REVISION_HISTORY]?.split(",") ?? []), previous].filter(Boolean);
    while (history.join(",").length > MAX_HISTORY_CHARACTERS) history.shift();
    annotations[REVISION_HISTORY] = history.join(",");
  }
  return annotations;
}

/** What it was scaled for: by these a change of `replicas` is told from a step of a rollout. */
export function sizeAnnotations(deployment: Deployment): Annotations {
  const wanted = wantedReplicas(deployment);
  return {
    [DESIRED_REPLICAS]: String(wanted),
    [MAX_REPLICAS]: String(wanted + limitsOf(deployment).maxSurge),
  };
}
