/** A ReplicaSet: as many active pods as it says. */
import type { Operation, Plan } from "../engine/operations.ts";
import { PODS } from "../engine/resources.ts";
import { isTerminating } from "../model/object.ts";
import { isActive, type Pod } from "../model/pod.ts";
import { podFromTemplate } from "../model/template.ts";
import { type ReplicaSet, wantedReplicas } from "../model/workload.ts";
import { claim } from "../workload/claim.ts";
import { createPod, deletePod } from "../workload/pods.ts";
import { podsToDelete } from "./rank.ts";
import { replicaSetStatus, statusUpdate, untilAvailableMs } from "./status.ts";

export interface ReplicaSetFacts {
  readonly replicaSet: ReplicaSet;
  /** All of the namespace, or at least those it owns and those it might adopt. */
  readonly pods: readonly Pod[];
  /** Pods of the ReplicaSets with the same owner, which tell how crowded a node is. */
  readonly related: readonly Pod[];
  readonly nowMs: number;
}

/** How many pods one turn makes or deletes at most. */
const MAX_BURST = 500;

export function planReplicaSet(facts: ReplicaSetFacts): Plan {
  const { replicaSet, pods, nowMs } = facts;
  const claimed = claim(
    replicaSet,
    PODS,
    pods.filter((pod) => isActive(pod) || isTerminating(pod)),
  );
  const active = claimed.owned.filter(isActive);
  const terminating = claimed.owned.length - active.length;
  const changes = isTerminating(replicaSet) ? [] : manage(facts, active);
  const status = replicaSetStatus({ replicaSet, active, terminating, nowMs });
  const againInMs = untilAvailableMs(replicaSet, active, nowMs);
  return {
    operations: [
      // What is seen is told first: whoever reads the status must not wait for many creations.
      ...statusUpdate(replicaSet, status),
      ...claimed.operations,
      ...changes,
    ],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

/** What went wrong with creating or deleting, as a condition. */
export function planReplicaSetFailure(
  facts: ReplicaSetFacts,
  message: string,
): readonly Operation[] {
  const { replicaSet, pods, nowMs } = facts;
  const owned = claim(replicaSet, PODS, pods).owned;
  const active = owned.filter(isActive);
  const terminating = owned.filter(isTerminating).length;
  const missing = wantedReplicas(replicaSet) - active.length;
  if (missing === 0) return [];
  const failure = { reason: missing > 0 ? "FailedCreate" : "FailedDelete", message };
  const status = replicaSetStatus({ replicaSet, active, terminating, nowMs, failure });
  return statusUpdate(replicaSet, status);
}

function manage({ replicaSet, related }: ReplicaSetFacts, active: readonly Pod[]): Operation[] {
  const missing = wantedReplicas(replicaSet) - active.length;
  if (missing > 0) {
    return Array.from({ length: Math.min(missing, MAX_BURST) }, () =>
      createPod(replicaSet, podFromTemplate(replicaSet, replicaSet.spec.template)),
    );
  }
  const count = Math.min(-missing, MAX_BURST);
  return podsToDelete(active, related, count).map((pod) => deletePod(replicaSet, pod));
}
