import type { Change } from "../engine/cache.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { BUDGETS, DEPLOYMENTS, PODS, REPLICA_SETS, STATEFUL_SETS } from "../engine/resources.ts";
import {
  controllerOf,
  isControlledBy,
  joinKey,
  keyOf,
  type OwnerReference,
} from "../model/object.ts";
import type { Pod } from "../model/pod.ts";
import { matchesSelector } from "../model/selector.ts";
import { type Deployment, type ReplicaSet, wantedReplicas } from "../model/workload.ts";
import { itself } from "../workload/owners.ts";
import { type Budget, planBudget } from "./plan.ts";

export function disruptionController(context: Context): Controller {
  const budgets = context.cache<Budget>(BUDGETS);
  const pods = context.cache<Pod>(PODS);
  const deployments = context.cache<Deployment>(DEPLOYMENTS);
  const replicaSets = context.cache<ReplicaSet>(REPLICA_SETS);
  const statefulSets = context.cache<ReplicaSet>(STATEFUL_SETS);
  const sizeIn = (namespace: string, { kind, name, uid }: OwnerReference): number | undefined => {
    const cache =
      kind === "ReplicaSet" ? replicaSets : kind === "StatefulSet" ? statefulSets : undefined;
    const owner = cache?.get(joinKey(namespace, name));
    if (owner === undefined || owner.metadata.uid !== uid) return undefined;
    const above = deployments.get(joinKey(namespace, controllerOf(owner)?.name ?? ""));
    // In a rollout there are several, and together they are what the Deployment wants.
    return above !== undefined && isControlledBy(owner, above)
      ? wantedReplicas(above)
      : wantedReplicas(owner);
  };
  const inNamespace = (namespace: string | undefined): string[] =>
    budgets.by("namespace", namespace ?? "").map(keyOf);
  const controller = new Controller(context, {
    name: "controllermanager",
    plan: (key) => {
      const budget = budgets.get(key);
      if (budget === undefined) return NOTHING_TO_DO;
      const { namespace = "" } = budget.metadata;
      return planBudget({
        budget,
        pods: pods
          .by("namespace", namespace)
          .filter(({ metadata }) => matchesSelector(budget.spec.selector, metadata.labels)),
        sizeOf: (owner) => sizeIn(namespace, owner),
        nowMs: context.clock.nowMs(),
      });
    },
  });
  const resized = ({ before, after }: Change<Deployment | ReplicaSet>): string[] =>
    before?.spec.replicas === after?.spec.replicas
      ? []
      : inNamespace((after ?? before)?.metadata.namespace);
  return controller
    .on(deployments, resized)
    .on(replicaSets, resized)
    .on(statefulSets, resized)
    .on(budgets, itself)
    .on(pods, ({ before, after }) => inNamespace((after ?? before)?.metadata.namespace));
}
