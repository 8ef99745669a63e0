/** One pod at a time: the next is placed knowing where the one before went. */
import type { Change } from "../engine/cache.ts";
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import { NOTHING_TO_DO } from "../engine/operations.ts";
import { CLAIMS, NAMESPACES, NODES, PODS } from "../engine/resources.ts";
import { type ApiObject, keyOf } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import { isFinished, type Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { type Claim, clusterOf } from "./cluster.ts";
import { isPending, type Placement, planPlacement } from "./plan.ts";

/** A pod that found no node is tried again after so long at the soonest, and twice as long each time. */
const MIN_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 10_000;
/** However quiet the cluster is. */
const RETRY_ALL_MS = 300_000;

type Helpers = Placement["helpers"];

/** Pods that found no node, what may help them, and from when on they may be tried again. */
class Unplaced {
  readonly #pods = new Map<string, { backoffMs: number; readyAtMs: number; helpers: Helpers }>();

  failed(key: string, helpers: Helpers, nowMs: number): void {
    const before = this.#pods.get(key)?.backoffMs ?? MIN_BACKOFF_MS / 2;
    const backoffMs = Math.min(MAX_BACKOFF_MS, before * 2);
    this.#pods.set(key, { backoffMs, readyAtMs: nowMs + backoffMs, helpers });
  }

  forget(key: string): void {
    this.#pods.delete(key);
  }

  /** With how long each still has to wait. */
  *helpedBy(what: keyof Helpers | "nodes", nowMs: number): Generator<[string, number]> {
    for (const [key, { readyAtMs, helpers }] of this.#pods) {
      if (what === "nodes" || helpers[what]) yield [key, Math.max(0, readyAtMs - nowMs)];
    }
  }
}

export function scheduler(context: Context): Controller {
  const pods = context.cache<Pod>(PODS);
  const nodes = context.cache<Node>(NODES);
  const namespaces = context.cache<ApiObject>(NAMESPACES);
  const claims = context.cache<Claim>(CLAIMS);
  const { clock } = context;
  const unplaced = new Unplaced();
  const controller = new Controller(context, {
    name: "default-scheduler",
    workers: 1,
    plan: (key) => {
      const pod = pods.get(key);
      if (pod === undefined || !isPending(pod)) {
        unplaced.forget(key);
        return NOTHING_TO_DO;
      }
      const cluster = clusterOf({
        nodes: nodes.all(),
        pods: pods.all(),
        namespaces: namespaces.all(),
        claims: claims.all(),
      });
      const { operations, isPlaced, helpers } = planPlacement(pod, cluster, clock.nowMs());
      if (isPlaced) return { operations };
      unplaced.failed(key, helpers, clock.monotonicMs());
      return { operations, againInMs: RETRY_ALL_MS };
    },
  });
  const retry = (what: keyof Helpers | "nodes"): void => {
    for (const [key, ms] of unplaced.helpedBy(what, clock.monotonicMs())) {
      controller.addAfter(key, ms);
    }
  };
  nodes.onChange((change) => {
    if (matters(change)) retry("nodes");
  });
  claims.onChange(({ before, after }) => {
    if (before?.status?.phase !== after?.status?.phase) retry("nodes");
  });
  return controller.on(pods, (change) => {
    const [before, after] = [holds(change.before), holds(change.after)];
    if (before !== after) retry(before ? "leavingPods" : "comingPods");
    else if (after && !isSame(change.before?.metadata.labels, change.after?.metadata.labels)) {
      // To some it comes, for others it goes.
      retry("leavingPods");
      retry("comingPods");
    }
    return pending(change);
  });
}

/** The pod, if it has just begun to wait for a node, or is waiting no more. */
function pending({ before, after }: Change<Pod>): string[] {
  if (after === undefined) return before === undefined ? [] : [keyOf(before)];
  // What we write about a pod that found no node must not make us look at it again.
  const isNew = before === undefined || !isSame(before.spec, after.spec);
  return isNew ? [keyOf(after)] : [];
}

/** Whether a node may take pods now that it did not before. */
function matters({ before, after }: Change<Node>): boolean {
  if (after === undefined) return false;
  if (before === undefined) return true;
  const facts = ({ metadata, spec, status }: Node): unknown => [
    metadata.labels,
    spec?.unschedulable ?? false,
    spec?.taints,
    status?.allocatable,
  ];
  return !isSame(facts(before), facts(after));
}

/** Whether it takes room on a node. */
function holds(pod: Pod | undefined): boolean {
  return pod !== undefined && (pod.spec.nodeName ?? "") !== "" && !isFinished(pod);
}
