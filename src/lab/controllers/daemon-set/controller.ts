import type { Context } from "../engine/context.ts";
import { isConflict } from "../engine/api.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { DAEMON_SETS, NODES, PODS, REVISIONS } from "../engine/resources.ts";
import { keyOf } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { selects } from "../model/selector.ts";
import type { DaemonSet } from "../model/workload.ts";
import { itself, ownersOf } from "../workload/owners.ts";
import { planCollision, planDaemonSet } from "./plan.ts";
import type { Revision } from "./revisions.ts";

export function daemonSetController(context: Context): Controller {
  const daemonSets = context.cache<DaemonSet>(DAEMON_SETS);
  const pods = context.cache<Pod>(PODS);
  const nodes = context.cache<Node>(NODES);
  const revisions = context.cache<Revision>(REVISIONS);
  const factsOf = (daemonSet: DaemonSet): Parameters<typeof planDaemonSet>[0] => {
    const { namespace = "" } = daemonSet.metadata;
    return {
      daemonSet,
      pods: pods.by("namespace", namespace),
      revisions: revisions.by("namespace", namespace),
      nodes: nodes.all(),
      nowMs: context.clock.nowMs(),
    };
  };
  return new Controller(context, {
    name: "daemonset-controller",
    plan: (key) => {
      const daemonSet = daemonSets.get(key);
      return daemonSet === undefined ? NOTHING_TO_DO : planDaemonSet(factsOf(daemonSet));
    },
    onFailure: (key, error) => {
      const daemonSet = daemonSets.get(key);
      if (daemonSet === undefined || !isConflict(error)) return NOTHING_TO_DO;
      return { operations: planCollision(factsOf(daemonSet)) };
    },
  })
    .on(daemonSets, itself)
    .on(revisions, (change) => ownersOf(change, "DaemonSet", () => []))
    .on(pods, (change) =>
      ownersOf(change, "DaemonSet", (orphan) =>
        daemonSets
          .by("namespace", orphan.metadata.namespace ?? "")
          .filter(({ spec }) => selects(spec.selector, orphan))
          .map(keyOf),
      ),
    )
    .on(nodes, ({ before, after }) => {
      const facts = (node: Node | undefined): unknown => [
        node === undefined,
        node?.metadata.labels,
        node?.spec?.taints,
      ];
      return isSame(facts(before), facts(after)) ? [] : daemonSets.all().map(keyOf);
    });
}
