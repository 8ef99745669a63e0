import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO, normal } from "../engine/operations.ts";
import { LEASES, NODES, PODS } from "../engine/resources.ts";
import { joinKey } from "../model/object.ts";
import { type Lease, type Node, nodeCondition } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { itself } from "../workload/owners.ts";
import { type Health, planNode } from "./plan.ts";

const LEASE_NAMESPACE = "kube-node-lease";

export function nodeController(context: Context): Controller {
  const nodes = context.cache<Node>(NODES);
  const leases = context.cache<Lease>(LEASES);
  const pods = context.cache<Pod>(PODS);
  const { clock, options, recorder } = context;
  const health = new Map<string, Health>();
  pods.addIndex("node", ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));
  nodes.onChange(({ before, after }) => {
    const node = after ?? before;
    if (node === undefined || (before !== undefined && after !== undefined)) return;
    const { name } = node.metadata;
    const [reason, what] =
      after === undefined
        ? (["RemovingNode", `Removing Node ${name} from Controller`] as const)
        : (["RegisteredNode", `Registered Node ${name} in Controller`] as const);
    recorder.record("node-controller", node, normal(reason, `Node ${name} event: ${what}`));
  });
  return new Controller(context, {
    name: "node-controller",
    plan: (key) => {
      const node = nodes.get(key);
      if (node === undefined) {
        health.delete(key);
        return NOTHING_TO_DO;
      }
      const plan = planNode({
        node,
        lease: leases.get(joinKey(LEASE_NAMESPACE, key)),
        pods: pods.by("node", key),
        health: health.get(key),
        atMs: clock.monotonicMs(),
        nowMs: clock.nowMs(),
        options,
      });
      health.set(key, plan.health);
      return plan;
    },
  })
    .on(nodes, itself)
    .on(leases, ({ after }) =>
      after?.metadata.namespace === LEASE_NAMESPACE ? [after.metadata.name] : [],
    )
    .on(pods, ({ before, after }) => {
      // A pod that comes to a node which is down, or is told to be ready there.
      const node = after?.spec.nodeName;
      return after === undefined || node === undefined || before?.status === after.status
        ? []
        : isSilent(nodes.get(node))
          ? [node]
          : [];
    });
}

function isSilent(node: Node | undefined): boolean {
  return node !== undefined && nodeCondition(node, "Ready")?.status === "Unknown";
}
