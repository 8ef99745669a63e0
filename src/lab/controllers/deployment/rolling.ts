/**
 * One step of a rolling update: never more pods than wanted plus the surge, never fewer available
 * than wanted less what may be missing. Each step is judged by what the ReplicaSets' statuses say,
 * which may be behind: they are read at their worst, and nothing is taken away before they have
 * caught up with the step before. Kubernetes' own controller waits for less, and can pass its limits
 * for a moment.
 */
import type { Operation } from "../engine/operations.ts";
import { type ReplicaSet, wantedReplicas } from "../model/workload.ts";
import { sizeOfCurrent } from "./current.ts";
import {
  allOf,
  areObserved,
  isActiveSet,
  limitsOf,
  type Rollout,
  specified,
  surelyAvailable,
} from "./facts.ts";
import { resize } from "./scale.ts";

/** Empty when nothing is to be done for now. `current` is there. */
export function rollingStep(rollout: Rollout): Operation[] {
  const grown = growCurrent(rollout);
  return grown.length > 0 ? grown : shrinkOld(rollout);
}

function growCurrent(rollout: Rollout): Operation[] {
  const { deployment, current } = rollout;
  if (current === undefined) return [];
  const wanted = wantedReplicas(deployment);
  const size = wantedReplicas(current);
  if (size === wanted) return [];
  const target = size > wanted ? wanted : sizeOfCurrent(rollout);
  return target === size ? [] : resize(deployment, current, target);
}

function shrinkOld(rollout: Rollout): Operation[] {
  const { deployment, current, old } = rollout;
  const active = old.filter(isActiveSet);
  if (current === undefined || active.length === 0) return [];
  const minAvailable = wantedReplicas(deployment) - limitsOf(deployment).maxUnavailable;
  if (!areObserved(allOf(rollout))) return [];
  const missing = wantedReplicas(current) - surelyAvailable([current]);
  const room = specified(allOf(rollout)) - minAvailable - missing;
  if (room <= 0) return [];
  const sizes = withoutUnhealthy(active, room);
  const spare = surelyAvailable(allOf(rollout)) - minAvailable;
  takeAway(active, sizes, spare);
  return active.flatMap((each) => {
    const size = sizes.get(each) ?? 0;
    return size === wantedReplicas(each) ? [] : resize(deployment, each, size);
  });
}

/** Pods that are not available serve nobody: they go first, as many as there is room for. */
function withoutUnhealthy(active: readonly ReplicaSet[], room: number): Map<ReplicaSet, number> {
  let left = room;
  const sizes = new Map<ReplicaSet, number>();
  for (const each of active) {
    const size = wantedReplicas(each);
    const unhealthy = size - surelyAvailable([each]);
    const step = Math.min(left, unhealthy);
    sizes.set(each, size - step);
    left -= step;
  }
  return sizes;
}

function takeAway(
  active: readonly ReplicaSet[],
  sizes: Map<ReplicaSet, number>,
  count: number,
): void {
  let left = Math.max(0, count);
  for (const each of active) {
    const size = sizes.get(each) ?? 0;
    const step = Math.min(left, size);
    sizes.set(each, size - step);
    left -= step;
  }
}
