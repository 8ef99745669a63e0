/** Sizes of ReplicaSets when `replicas` of the Deployment changes, and the writes for new sizes. */
import { normal, type Operation } from "../engine/operations.ts";
import { REPLICA_SETS } from "../engine/resources.ts";
import { byAge } from "../model/object.ts";
import { isSame } from "../model/same.ts";
import { type Deployment, type ReplicaSet, wantedReplicas } from "../model/workload.ts";
import { DESIRED_REPLICAS, MAX_REPLICAS, sizeAnnotations } from "./annotations.ts";
import { allOf, isActiveSet, isRolling, limitsOf, type Rollout, specified } from "./facts.ts";

/** Sets the size, and notes what it was set for. */
export function resize(deployment: Deployment, replicaSet: ReplicaSet, size: number): Operation[] {
  const before = wantedReplicas(replicaSet);
  const annotations = { ...replicaSet.metadata.annotations, ...sizeAnnotations(deployment) };
  if (before === size && isSame(annotations, replicaSet.metadata.annotations)) return [];
  const { name } = replicaSet.metadata;
  const direction = before < size ? "up" : "down";
  const message = `Scaled ${direction} replica set ${name} from ${before} to ${size}`;
  return [
    {
      verb: "update",
      resource: REPLICA_SETS,
      object: {
        ...replicaSet,
        metadata: { ...replicaSet.metadata, annotations },
        spec: { ...replicaSet.spec, replicas: size },
      } as ReplicaSet,
      ...(before === size
        ? {}
        : { note: { about: deployment, done: normal("ScalingReplicaSet", message) } }),
    },
  ];
}

/** Whether `replicas` was changed since the ReplicaSets were last sized. */
export function isScaling(rollout: Rollout): boolean {
  const wanted = String(wantedReplicas(rollout.deployment));
  return allOf(rollout)
    .filter(isActiveSet)
    .some(({ metadata }) => {
      const sizedFor = metadata.annotations?.[DESIRED_REPLICAS];
      return sizedFor !== undefined && sizedFor !== wanted;
    });
}

/** One ReplicaSet takes it all; several, in the midst of a rollout, share it by their sizes. */
export function scaleOperations(rollout: Rollout): Operation[] {
  const { deployment, current, old } = rollout;
  const wanted = wantedReplicas(deployment);
  const only = onlyOrLatest(rollout);
  if (only !== undefined) {
    return wantedReplicas(only) === wanted ? [] : resize(deployment, only, wanted);
  }
  if (current !== undefined && isSaturated(current, wanted)) {
    return old.filter(isActiveSet).flatMap((each) => resize(deployment, each, 0));
  }
  if (!isRolling(deployment)) return [];
  const shares = proportional(rollout);
  return [...shares].flatMap(([replicaSet, size]) => resize(deployment, replicaSet, size));
}

function onlyOrLatest(rollout: Rollout): ReplicaSet | undefined {
  const active = allOf(rollout).filter(isActiveSet);
  if (active.length > 1) return undefined;
  return active[0] ?? rollout.current ?? rollout.old.at(-1);
}

function isSaturated(current: ReplicaSet, wanted: number): boolean {
  const sizedFor = current.metadata.annotations?.[DESIRED_REPLICAS];
  return (
    wantedReplicas(current) === wanted &&
    sizedFor === String(wanted) &&
    (current.status?.availableReplicas ?? 0) === wanted
  );
}

/** The largest ReplicaSet gets what rounding leaves over. */
function proportional(rollout: Rollout): Map<ReplicaSet, number> {
  const { deployment } = rollout;
  const active = allOf(rollout).filter(isActiveSet);
  const wanted = wantedReplicas(deployment);
  const allowed = wanted > 0 ? wanted + limitsOf(deployment).maxSurge : 0;
  const toAdd = allowed - specified(active);
  // Of equals, the newer grows and the older shrinks.
  const age = toAdd > 0 ? -1 : 1;
  const bySize = (left: ReplicaSet, right: ReplicaSet): number =>
    wantedReplicas(right) - wantedReplicas(left) || age * byAge(left, right);
  const sizes = new Map<ReplicaSet, number>();
  let added = 0;
  for (const replicaSet of active.toSorted(bySize)) {
    const left = toAdd - added;
    const share = shareOf(deployment, replicaSet);
    const step = toAdd > 0 ? Math.min(share, left) : toAdd < 0 ? Math.max(share, left) : 0;
    sizes.set(replicaSet, wantedReplicas(replicaSet) + step);
    added += step;
  }
  const [largest] = sizes.keys();
  if (largest !== undefined) {
    sizes.set(largest, Math.max(0, (sizes.get(largest) ?? 0) + toAdd - added));
  }
  return sizes;
}

function shareOf(deployment: Deployment, replicaSet: ReplicaSet): number {
  const size = wantedReplicas(replicaSet);
  const wanted = wantedReplicas(deployment);
  if (wanted === 0) return -size;
  const written = Number(replicaSet.metadata.annotations?.[MAX_REPLICAS] ?? 0);
  const before = written > 0 ? written : (deployment.status?.replicas ?? 0);
  if (before === 0) return 0;
  return Math.round((size * (wanted + limitsOf(deployment).maxSurge)) / before) - size;
}
