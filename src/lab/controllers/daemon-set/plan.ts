/** A DaemonSet: one pod on every node that it is for; new templates node by node. */
import { normal, type Operation, type Plan, warning } from "../engine/operations.ts";
import { DAEMON_SETS, PODS } from "../engine/resources.ts";
import { byAge, isTerminating } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import { isAvailable, isReady, type Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import { isEmptySelector } from "../model/selector.ts";
import { SECOND_MS } from "../model/time.ts";
import { type DaemonSet, type DaemonSetStatus, scaled } from "../model/workload.ts";
import { claim } from "../workload/claim.ts";
import { daemonPod, hashOf, nodeOf, placementOn, REVISION_HASH } from "./placement.ts";

interface DaemonSetFacts {
  readonly daemonSet: DaemonSet;
  readonly pods: readonly Pod[];
  readonly nodes: readonly Node[];
  readonly nowMs: number;
}

/** How many pods one turn makes or deletes at most. */
const MAX_BURST = 250;
const DEFAULT_MAX_UNAVAILABLE = 1;

type PodsByNode = ReadonlyMap<string, readonly Pod[]>;

export function planDaemonSet(facts: DaemonSetFacts): Plan {
  const { daemonSet, nowMs } = facts;
  if (isEmptySelector(daemonSet.spec.selector)) return selectsAll(daemonSet);
  const claimed = claim(daemonSet, PODS, facts.pods);
  const byNode = groupByNode(claimed.owned);
  const status = statusOf(facts, byNode);
  const operations = [
    ...surgeWarning(daemonSet),
    ...claimed.operations,
    ...statusUpdate(daemonSet, status),
  ];
  if (isTerminating(daemonSet)) return { operations };
  const changes = manage(facts, byNode);
  const update = changes.length > 0 ? [] : rollingUpdate(facts, byNode);
  const { minReadySeconds = 0 } = daemonSet.spec;
  const waits = claimed.owned.some(
    (pod) => isReady(pod) && !isAvailable(pod, minReadySeconds, nowMs),
  );
  const againInMs = waits ? minReadySeconds * SECOND_MS : undefined;
  return {
    operations: [...operations, ...changes.slice(0, MAX_BURST), ...update],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

function selectsAll(daemonSet: DaemonSet): Plan {
  const message = "This daemon set is selecting all pods. A non-empty selector is required.";
  const event = warning("SelectingAll", message);
  return { operations: [{ verb: "event", about: daemonSet, event }] };
}

/** Once for each change of the specification. */
function surgeWarning(daemonSet: DaemonSet): Operation[] {
  const { updateStrategy } = daemonSet.spec;
  const { maxSurge = 0 } = updateStrategy?.rollingUpdate ?? {};
  const { generation } = daemonSet.metadata;
  if (Number.parseInt(String(maxSurge), 10) === 0) return [];
  if (daemonSet.status?.observedGeneration === generation) return [];
  const message =
    "spec.updateStrategy.rollingUpdate.maxSurge is not supported here: " +
    "an old pod is deleted before its successor is made.";
  return [{ verb: "event", about: daemonSet, event: warning("Unsupported", message) }];
}

function groupByNode(pods: readonly Pod[]): PodsByNode {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods.toSorted(byAge)) {
    const name = nodeOf(pod);
    byNode.set(name, [...(byNode.get(name) ?? []), pod]);
  }
  return byNode;
}

/** Missing pods are made; pods that are over, in the wrong place or too many go. */
function manage({ daemonSet, nodes }: DaemonSetFacts, byNode: PodsByNode): Operation[] {
  const deletions: Operation[] = [];
  const creations: Operation[] = [];
  for (const node of nodes) {
    const { name } = node.metadata;
    const here = byNode.get(name) ?? [];
    const { shouldRun, shouldStay } = placementOn(daemonSet, node);
    if (!shouldStay) {
      const present = here.filter((pod) => !isTerminating(pod));
      deletions.push(...present.map((pod) => deletePod(daemonSet, pod)));
    } else if (here.length === 0) {
      if (shouldRun) creations.push(createPod(daemonSet, name));
    } else deletions.push(...surplus(daemonSet, name, here));
  }
  return [...creations, ...deletions];
}

function surplus(daemonSet: DaemonSet, node: string, here: readonly Pod[]): Operation[] {
  const present = here.filter((pod) => !isTerminating(pod));
  const over = present.filter(({ status }) => isOver(status?.phase));
  const running = present.filter(({ status }) => !isOver(status?.phase));
  return [
    ...over.flatMap((pod) => [overEvent(daemonSet, node, pod), deletePod(daemonSet, pod)]),
    ...running.slice(1).map((pod) => deletePod(daemonSet, pod)),
  ];
}

function isOver(phase: string | undefined): boolean {
  return phase === "Failed" || phase === "Succeeded";
}

function overEvent(daemonSet: DaemonSet, node: string, pod: Pod): Operation {
  const what = `${pod.metadata.namespace ?? ""}/${pod.metadata.name} on node ${node}`;
  const event =
    pod.status?.phase === "Failed"
      ? warning("FailedDaemonPod", `Found failed daemon pod ${what}, will try to kill it`)
      : normal("SucceededDaemonPod", `Found succeeded daemon pod ${what}, will try to delete it`);
  return { verb: "event", about: daemonSet, event };
}

/** Old pods go, unavailable ones first, while no more are missing than may be. */
function rollingUpdate(facts: DaemonSetFacts, byNode: PodsByNode): Operation[] {
  const { daemonSet, nodes, nowMs } = facts;
  const { updateStrategy, minReadySeconds = 0 } = daemonSet.spec;
  if ((updateStrategy?.type ?? "RollingUpdate") !== "RollingUpdate") return [];
  const meant = nodes.filter((node) => placementOn(daemonSet, node).shouldRun);
  const share = updateStrategy?.rollingUpdate?.maxUnavailable ?? DEFAULT_MAX_UNAVAILABLE;
  const allowed = Math.max(1, scaled(share, meant.length, true));
  const hash = hashOf(daemonSet);
  const free: Pod[] = [];
  const candidates: Pod[] = [];
  let missing = 0;
  for (const node of meant) {
    const present = (byNode.get(node.metadata.name) ?? []).filter((pod) => !isTerminating(pod));
    const [pod] = present;
    const isUp = pod !== undefined && isAvailable(pod, minReadySeconds, nowMs);
    if (!isUp) missing++;
    if (pod === undefined || pod.metadata.labels?.[REVISION_HASH] === hash) continue;
    if (isUp) candidates.push(pod);
    else free.push(pod);
  }
  const room = Math.max(0, allowed - missing);
  return [...free, ...candidates.slice(0, room)].map((pod) => deletePod(daemonSet, pod));
}

function statusOf(facts: DaemonSetFacts, byNode: PodsByNode): DaemonSetStatus {
  const { daemonSet, nodes, nowMs } = facts;
  const { minReadySeconds = 0 } = daemonSet.spec;
  const hash = hashOf(daemonSet);
  const counts = { desired: 0, current: 0, misplaced: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const [pod] = byNode.get(node.metadata.name) ?? [];
    const { shouldRun } = placementOn(daemonSet, node);
    if (!shouldRun) {
      if (pod !== undefined) counts.misplaced++;
      continue;
    }
    counts.desired++;
    if (pod === undefined) continue;
    counts.current++;
    if (isReady(pod)) counts.ready++;
    if (isAvailable(pod, minReadySeconds, nowMs)) counts.available++;
    if (pod.metadata.labels?.[REVISION_HASH] === hash) counts.updated++;
  }
  return {
    observedGeneration: daemonSet.metadata.generation ?? 0,
    desiredNumberScheduled: counts.desired,
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misplaced,
    numberReady: counts.ready,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    updatedNumberScheduled: counts.updated,
  };
}

function statusUpdate(daemonSet: DaemonSet, status: DaemonSetStatus): Operation[] {
  const seen = (value: object | undefined): object =>
    Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => each !== 0));
  const before = { ...daemonSet.status };
  if (daemonSet.status !== undefined && isSame(seen(before), seen(status))) return [];
  const object: DaemonSet = { ...daemonSet, status };
  return [{ verb: "updateStatus", resource: DAEMON_SETS, object }];
}

function createPod(daemonSet: DaemonSet, node: string): Operation {
  return {
    verb: "create",
    resource: PODS,
    object: daemonPod(daemonSet, node),
    note: {
      about: daemonSet,
      done: normal("SuccessfulCreate", "Created pod: {name}"),
      failed: warning("FailedCreate", "Error creating: {error}"),
    },
  };
}

function deletePod(daemonSet: DaemonSet, target: Pod): Operation {
  return {
    verb: "delete",
    resource: PODS,
    target,
    note: {
      about: daemonSet,
      done: normal("SuccessfulDelete", "Deleted pod: {name}"),
      failed: warning("FailedDelete", "Error deleting: {error}"),
    },
  };
}
