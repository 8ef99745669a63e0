/** A DaemonSet: one pod on every node that it is for; new templates node by node. */
import { normal, type Operation, type Plan, warning } from "../engine/operations.ts";
import { PODS, REVISIONS } from "../engine/resources.ts";
import { isTerminating } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import { isAvailable, isReady, type Pod } from "../model/pod.ts";
import { isEmptySelector } from "../model/selector.ts";
import { SECOND_MS } from "../model/time.ts";
import type { DaemonSet } from "../model/workload.ts";
import { claim } from "../workload/claim.ts";
import { createPod, deletePod } from "../workload/pods.ts";
import { type Daemons, groupByNode, isSurging, presentOn } from "./facts.ts";
import { daemonPod, placementOn } from "./placement.ts";
import { historyOf, isCollision, removeHistory, type Revision } from "./revisions.ts";
import { statusOf, statusUpdate } from "./status.ts";
import { rollingUpdate, surplusOfSurge } from "./update.ts";

interface DaemonSetFacts {
  readonly daemonSet: DaemonSet;
  /** Of its namespace, as the revisions. */
  readonly pods: readonly Pod[];
  readonly revisions: readonly Revision[];
  readonly nodes: readonly Node[];
  readonly nowMs: number;
}

/** How many pods one turn makes or deletes at most. */
const MAX_BURST = 250;

export function planDaemonSet(facts: DaemonSetFacts): Plan {
  const { daemonSet, nodes, nowMs } = facts;
  if (isEmptySelector(daemonSet.spec.selector)) return selectsAll(daemonSet);
  if (isTerminating(daemonSet)) return { operations: [] };
  const { owned, operations: claims } = claim(daemonSet, PODS, facts.pods);
  const revisions = claim(daemonSet, REVISIONS, facts.revisions);
  const { hash, old, operations: history } = historyOf(daemonSet, revisions.owned);
  const daemons = { daemonSet, nodes, byNode: groupByNode(owned), hash, nowMs };
  const changes = manage(daemons);
  const againInMs = untilAvailableMs(daemons, owned);
  return {
    operations: [
      ...revisions.operations,
      ...history,
      ...claims,
      ...statusUpdate(daemonSet, statusOf(daemons)),
      ...(changes.length > 0 ? changes.slice(0, MAX_BURST) : updated(daemons)),
      ...removeHistory(daemonSet, old, owned),
    ],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

/** Another hash is needed where the name of the next revision is another template's. */
export function planCollision({ daemonSet, revisions }: DaemonSetFacts): Operation[] {
  if (!isCollision(daemonSet, revisions) || daemonSet.status === undefined) return [];
  const collisionCount = (daemonSet.status.collisionCount ?? 0) + 1;
  return statusUpdate(daemonSet, { ...daemonSet.status, collisionCount });
}

function selectsAll(daemonSet: DaemonSet): Plan {
  const message = "This daemon set is selecting all pods. A non-empty selector is required.";
  const event = warning("SelectingAll", message);
  return { operations: [{ verb: "event", about: daemonSet, event }] };
}

function untilAvailableMs({ daemonSet, nowMs }: Daemons, pods: readonly Pod[]): number | undefined {
  const { minReadySeconds = 0 } = daemonSet.spec;
  const waits = pods.some((pod) => isReady(pod) && !isAvailable(pod, minReadySeconds, nowMs));
  return waits ? minReadySeconds * SECOND_MS : undefined;
}

/** Missing pods are made; pods that are over, in the wrong place or too many go. */
function manage(daemons: Daemons): Operation[] {
  const { daemonSet, nodes, byNode } = daemons;
  const deletions: Operation[] = [];
  const creations: Operation[] = [];
  for (const node of nodes) {
    const { name } = node.metadata;
    const present = presentOn(daemons, name);
    const running = present.filter(({ status }) => !isOver(status?.phase));
    const { shouldRun, shouldStay } = placementOn(daemonSet, node);
    if (!shouldStay) {
      deletions.push(...present.map((pod) => deletePod(daemonSet, pod)));
      continue;
    }
    deletions.push(
      ...present.filter((pod) => !running.includes(pod)).flatMap(overOn(daemons, name)),
    );
    const surplus = isSurging(daemonSet) ? surplusOfSurge(daemons, running) : running.slice(1);
    deletions.push(...surplus.map((pod) => deletePod(daemonSet, pod)));
    // With a surge nobody waits for a pod that is on its way out.
    const isMissing = isSurging(daemonSet) ? running.length === 0 : !byNode.has(name);
    if (shouldRun && isMissing) creations.push(createOn(daemons, name));
  }
  return [...creations, ...deletions];
}

function updated(daemons: Daemons): Operation[] {
  const { created, deleted } = rollingUpdate(daemons);
  return [
    ...created.map((node) => createOn(daemons, node)),
    ...deleted.map((pod) => deletePod(daemons.daemonSet, pod)),
  ];
}

function isOver(phase: string | undefined): boolean {
  return phase === "Failed" || phase === "Succeeded";
}

function overOn({ daemonSet }: Daemons, node: string): (pod: Pod) => Operation[] {
  return (pod) => {
    const what = `${pod.metadata.namespace ?? ""}/${pod.metadata.name} on node ${node}`;
    const event =
      pod.status?.phase === "Failed"
        ? warning("FailedDaemonPod", `Found failed daemon pod ${what}, will try to kill it`)
        : normal("SucceededDaemonPod", `Found succeeded daemon pod ${what}, will try to delete it`);
    return [{ verb: "event", about: daemonSet, event }, deletePod(daemonSet, pod)];
  };
}

function createOn({ daemonSet, hash }: Daemons, node: string): Operation {
  return createPod(daemonSet, daemonPod(daemonSet, node, hash));
}
