import { messageOf } from "../engine/api.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { PODS, REPLICA_SETS } from "../engine/resources.ts";
import { type ApiObject, controllerOf, keyOf } from "../model/object.ts";
import type { Pod } from "../model/pod.ts";
import { selects } from "../model/selector.ts";
import type { ReplicaSet } from "../model/workload.ts";
import { itself, ownersOf } from "../workload/owners.ts";
import { planReplicaSet, planReplicaSetFailure, type ReplicaSetFacts } from "./plan.ts";

export function replicaSetController(context: Context): Controller {
  const replicaSets = context.cache<ReplicaSet>(REPLICA_SETS);
  const pods = context.cache<Pod>(PODS);
  const factsOf = (key: string): ReplicaSetFacts | undefined => {
    const replicaSet = replicaSets.get(key);
    if (replicaSet === undefined) return undefined;
    const owner = controllerOf(replicaSet)?.uid;
    const siblings = owner === undefined ? [replicaSet] : replicaSets.by("owner", owner);
    const podsOf = ({ metadata }: ApiObject): Pod[] => pods.by("owner", metadata.uid ?? "");
    const orphans = pods
      .by("orphans", replicaSet.metadata.namespace ?? "")
      .filter((pod) => selects(replicaSet.spec.selector, pod));
    return {
      replicaSet,
      pods: [...podsOf(replicaSet), ...orphans],
      related: siblings.flatMap(podsOf),
      nowMs: context.clock.nowMs(),
    };
  };
  pods.addIndex("orphans", (pod) =>
    controllerOf(pod) === undefined ? [pod.metadata.namespace ?? ""] : [],
  );
  return new Controller(context, {
    name: "replicaset-controller",
    plan: (key) => {
      const facts = factsOf(key);
      return facts === undefined ? NOTHING_TO_DO : planReplicaSet(facts);
    },
    onFailure: (key, error) => {
      const facts = factsOf(key);
      if (facts === undefined) return NOTHING_TO_DO;
      return { operations: planReplicaSetFailure(facts, messageOf(error)) };
    },
  })
    .on(replicaSets, itself)
    .on(pods, (change) =>
      ownersOf(change, "ReplicaSet", (orphan) =>
        replicaSets
          .by("namespace", orphan.metadata.namespace ?? "")
          .filter(({ spec }) => selects(spec.selector, orphan))
          .map(keyOf),
      ),
    );
}
