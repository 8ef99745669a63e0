/** Recreate: every old pod is gone before the first new one is made. */
import type { Operation } from "../engine/operations.ts";
import { controllerOf } from "../model/object.ts";
import { isFinished } from "../model/pod.ts";
import { wantedReplicas } from "../model/workload.ts";
import { createCurrent } from "./current.ts";
import { isActiveSet, type Rollout } from "./facts.ts";
import { resize } from "./scale.ts";

export function recreateStep(rollout: Rollout): Operation[] {
  const { deployment, current, old } = rollout;
  const shrunk = old.filter(isActiveSet).flatMap((each) => resize(deployment, each, 0));
  if (shrunk.length > 0 || hasOldPods(rollout)) return shrunk;
  if (current === undefined) return [createCurrent(rollout)];
  const wanted = wantedReplicas(deployment);
  return wantedReplicas(current) === wanted ? [] : resize(deployment, current, wanted);
}

/** Also those that are on their way out: they hold what the new ones may need. */
function hasOldPods({ pods, current }: Rollout): boolean {
  return pods.some((pod) => !isFinished(pod) && controllerOf(pod)?.uid !== current?.metadata.uid);
}
