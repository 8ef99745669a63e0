/** A DaemonSet with its pods by node. */
import { byAge, isTerminating } from "../model/object.ts";
import type { Node } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { type DaemonSet, scaled } from "../model/workload.ts";
import { nodeOf, REVISION_HASH } from "./placement.ts";

export interface Daemons {
  readonly daemonSet: DaemonSet;
  readonly nodes: readonly Node[];
  /** The oldest first; also those that are on their way out. */
  readonly byNode: ReadonlyMap<string, readonly Pod[]>;
  /** That of the present template. */
  readonly hash: string;
  readonly nowMs: number;
}

export function groupByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const byNode = new Map<string, Pod[]>();
  for (const pod of pods.toSorted(byAge)) {
    const name = nodeOf(pod);
    byNode.set(name, [...(byNode.get(name) ?? []), pod]);
  }
  return byNode;
}

export function presentOn({ byNode }: Daemons, node: string): Pod[] {
  return (byNode.get(node) ?? []).filter((pod) => !isTerminating(pod));
}

export function isUpdated({ hash }: Daemons, pod: Pod): boolean {
  return pod.metadata.labels?.[REVISION_HASH] === hash;
}

const DEFAULT_MAX_UNAVAILABLE = 1;

/** How many nodes may have a pod too many, and how many may miss theirs, of so many. */
export function limitsOf(
  { spec }: DaemonSet,
  nodes: number,
): { maxSurge: number; maxUnavailable: number } {
  const { rollingUpdate } = spec.updateStrategy ?? {};
  const maxSurge = scaled(rollingUpdate?.maxSurge, nodes, true);
  const share = rollingUpdate?.maxUnavailable ?? DEFAULT_MAX_UNAVAILABLE;
  const maxUnavailable = scaled(share, nodes, true);
  // Neither: nothing could ever be replaced.
  return { maxSurge, maxUnavailable: Math.max(maxUnavailable, maxSurge === 0 ? 1 : 0) };
}

export function isRolling({ spec }: DaemonSet): boolean {
  return (spec.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/** Whether a new pod comes before its predecessor goes. */
export function isSurging(daemonSet: DaemonSet): boolean {
  return isRolling(daemonSet) && limitsOf(daemonSet, 1).maxSurge > 0;
}
