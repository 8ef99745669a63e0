/** Pods that nobody else will take away: of nodes that are gone, unscheduled, or finished and many. */
import type { Context } from "../engine/context.ts";
import { Controller } from "../engine/controller.ts";
import type { Operation } from "../engine/operations.ts";
import { NODES, PODS } from "../engine/resources.ts";
import { byAge, isTerminating } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import { isFinished, type Pod } from "../model/pod.ts";
import { disruption, writeCondition } from "../workload/pod-condition.ts";

/** How long a node must be missing: it may just be registering anew. */
const QUARANTINE_MS = 40_000;
const EVERYTHING = "all";

interface PodGcFacts {
  readonly pods: readonly Pod[];
  readonly nodes: ReadonlySet<string>;
  /** Since when each missing node is missing. */
  readonly missingSinceMs: ReadonlyMap<string, number>;
  readonly atMs: number;
  readonly nowMs: number;
  readonly terminatedPodThreshold: number;
}

function planPodGc(facts: PodGcFacts): Operation[] {
  const { pods, missingSinceMs, atMs, nowMs } = facts;
  const orphaned = pods.filter(({ spec }) => {
    const sinceMs = missingSinceMs.get(spec.nodeName ?? "");
    return sinceMs !== undefined && sinceMs + QUARANTINE_MS <= atMs;
  });
  const stranded = pods.filter((pod) => isTerminating(pod) && (pod.spec.nodeName ?? "") === "");
  return [
    ...tooManyFinished(facts).map(forceDelete),
    ...orphaned.flatMap((pod) => [...markFailed(pod, nowMs), forceDelete(pod)]),
    ...stranded.map(forceDelete),
  ];
}

/** Nodes that pods name and that are not there, with the time from which on. */
function missingNodes(
  { pods, nodes, atMs }: Pick<PodGcFacts, "pods" | "nodes" | "atMs">,
  before: ReadonlyMap<string, number>,
): Map<string, number> {
  const missing = new Map<string, number>();
  for (const { spec } of pods) {
    const name = spec.nodeName ?? "";
    if (name !== "" && !nodes.has(name)) missing.set(name, before.get(name) ?? atMs);
  }
  return missing;
}

function tooManyFinished({ pods, terminatedPodThreshold }: PodGcFacts): Pod[] {
  const finished = pods.filter((pod) => isFinished(pod) && !isTerminating(pod));
  const surplus = Math.max(0, finished.length - terminatedPodThreshold);
  return finished.toSorted(byAge).slice(0, surplus);
}

function forceDelete(target: Pod): Operation {
  return { verb: "delete", resource: PODS, target, settings: { gracePeriodSeconds: 0 } };
}

function markFailed(pod: Pod, nowMs: number): Operation[] {
  if (isFinished(pod)) return [];
  const why = disruption("DeletionByPodGC", "PodGC: node no longer exists");
  return [writeCondition(pod, why, nowMs, { phase: "Failed" })];
}

export function podGcController(context: Context): Controller {
  const pods = context.cache<Pod>(PODS);
  const nodes = context.cache<Node>(NODES);
  const { clock, options } = context;
  let missingSinceMs = new Map<string, number>();
  const controller = new Controller(context, {
    name: "pod-garbage-collector",
    workers: 1,
    plan: () => {
      const names = new Set(nodes.all().map(({ metadata }) => metadata.name));
      const seen = { pods: pods.all(), nodes: names, atMs: clock.monotonicMs() };
      missingSinceMs = missingNodes(seen, missingSinceMs);
      const { terminatedPodThreshold } = options;
      const facts = { ...seen, missingSinceMs, nowMs: clock.nowMs(), terminatedPodThreshold };
      return { operations: planPodGc(facts), againInMs: options.podGcEveryMs };
    },
  });
  controller.add(EVERYTHING);
  return controller;
}
