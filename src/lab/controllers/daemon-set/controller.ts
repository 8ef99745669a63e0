import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { DAEMON_SETS, NODES, PODS } from "../engine/resources.ts";
import { keyOf } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { selects } from "../model/selector.ts";
import type { DaemonSet } from "../model/workload.ts";
import { itself, ownersOf } from "../workload/owners.ts";
import { planDaemonSet } from "./plan.ts";

export function daemonSetController(context: Context): Controller {
  const daemonSets = context.cache<DaemonSet>(DAEMON_SETS);
  const pods = context.cache<Pod>(PODS);
  const nodes = context.cache<Node>(NODES);
  return new Controller(context, {
    name: "daemonset-controller",
    plan: (key) => {
      const daemonSet = daemonSets.get(key);
      if (daemonSet === undefined) return NOTHING_TO_DO;
      return planDaemonSet({
        daemonSet,
        pods: pods.by("namespace", daemonSet.metadata.namespace ?? ""),
        nodes: nodes.all(),
        nowMs: context.clock.nowMs(),
      });
    },
  })
    .on(daemonSets, itself)
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
