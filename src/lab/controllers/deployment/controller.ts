import { isConflict } from "../engine/api.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { DEPLOYMENTS, PODS, REPLICA_SETS } from "../engine/resources.ts";
import { controllerOf, joinKey, keyOf } from "../model/object.ts";
import type { Pod } from "../model/pod.ts";
import { selects } from "../model/selector.ts";
import type { Deployment, ReplicaSet } from "../model/workload.ts";
import { itself, ownersOf } from "../workload/owners.ts";
import { type DeploymentFacts, planCollision, planDeployment } from "./plan.ts";

export function deploymentController(context: Context): Controller {
  const deployments = context.cache<Deployment>(DEPLOYMENTS);
  const replicaSets = context.cache<ReplicaSet>(REPLICA_SETS);
  const pods = context.cache<Pod>(PODS);
  const factsOf = (key: string): DeploymentFacts | undefined => {
    const deployment = deployments.get(key);
    if (deployment === undefined) return undefined;
    const siblings = replicaSets.by("namespace", deployment.metadata.namespace ?? "");
    const owned = replicaSets.by("owner", deployment.metadata.uid ?? "");
    return {
      deployment,
      replicaSets: siblings,
      pods: owned.flatMap(({ metadata }) => pods.by("owner", metadata.uid ?? "")),
      nowMs: context.clock.nowMs(),
    };
  };
  return new Controller(context, {
    name: "deployment-controller",
    plan: (key) => {
      const facts = factsOf(key);
      return facts === undefined ? NOTHING_TO_DO : planDeployment(facts);
    },
    onFailure: (key, error) => {
      const facts = factsOf(key);
      if (facts === undefined || !isConflict(error)) return NOTHING_TO_DO;
      return { operations: planCollision(facts) };
    },
  })
    .on(deployments, itself)
    .on(replicaSets, (change) =>
      ownersOf(change, "Deployment", (orphan) =>
        deployments
          .by("namespace", orphan.metadata.namespace ?? "")
          .filter(({ spec }) => selects(spec.selector, orphan))
          .map(keyOf),
      ),
    )
    .on(pods, ({ before, after }) => {
      // Recreate waits for the last pod to go.
      if (after !== undefined || before === undefined) return [];
      const namespace = before.metadata.namespace;
      const replicaSet = replicaSets.get(joinKey(namespace, controllerOf(before)?.name ?? ""));
      const owner = replicaSet === undefined ? undefined : controllerOf(replicaSet);
      return owner?.kind === "Deployment" ? [joinKey(namespace, owner.name)] : [];
    });
}
