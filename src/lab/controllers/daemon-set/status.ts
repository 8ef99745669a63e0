import type { Operation } from "../engine/operations.ts";
import { DAEMON_SETS } from "../engine/resources.ts";
import { isAvailable, isReady } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import type { DaemonSet, DaemonSetStatus } from "../model/workload.ts";
import { type Daemons, isUpdated } from "./facts.ts";
import { placementOn } from "./placement.ts";

/** Of two pods on a node the older counts. */
export function statusOf(daemons: Daemons): DaemonSetStatus {
  const { daemonSet, nodes, byNode, nowMs } = daemons;
  const { minReadySeconds = 0 } = daemonSet.spec;
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
    if (isUpdated(daemons, pod)) counts.updated++;
  }
  const collisionCount = daemonSet.status?.collisionCount;
  return {
    observedGeneration: daemonSet.metadata.generation ?? 0,
    desiredNumberScheduled: counts.desired,
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misplaced,
    numberReady: counts.ready,
    numberAvailable: counts.available,
    numberUnavailable: counts.desired - counts.available,
    updatedNumberScheduled: counts.updated,
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };
}

/** Nothing where it says no more than it did; the server leaves zeros out. */
export function statusUpdate(daemonSet: DaemonSet, status: DaemonSetStatus): Operation[] {
  const seen = (value: object | undefined): object =>
    Object.fromEntries(Object.entries(value ?? {}).filter(([, each]) => each !== 0));
  if (daemonSet.status !== undefined && isSame(seen(daemonSet.status), seen(status))) return [];
  const object: DaemonSet = { ...daemonSet, status };
  return [{ verb: "updateStatus", resource: DAEMON_SETS, object }];
}
