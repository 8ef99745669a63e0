/** A new template, node by node: the old pod goes first, or, with a surge, the new one comes first. */
import { isAvailable, isReady, type Pod } from "../model/pod.ts";
import { type Daemons, isRolling, isUpdated, limitsOf, presentOn } from "./facts.ts";
import { placementOn } from "./placement.ts";

interface Changes {
  /** Nodes that get another pod. */
  readonly created: string[];
  readonly deleted: Pod[];
}

export function rollingUpdate(daemons: Daemons): Changes {
  const { daemonSet, nodes } = daemons;
  if (!isRolling(daemonSet)) return { created: [], deleted: [] };
  const meant = nodes
    .filter((node) => placementOn(daemonSet, node).shouldRun)
    .map(({ metadata }) => metadata.name);
  const { maxSurge, maxUnavailable } = limitsOf(daemonSet, meant.length);
  return maxSurge > 0
    ? surge(daemons, meant, maxSurge)
    : { created: [], deleted: replace(daemons, meant, maxUnavailable) };
}

/** Old pods go, unavailable ones first, while no more are missing than may be. */
function replace(daemons: Daemons, meant: readonly string[], maxUnavailable: number): Pod[] {
  const free: Pod[] = [];
  const candidates: Pod[] = [];
  let missing = 0;
  for (const node of meant) {
    const [pod] = presentOn(daemons, node);
    const isUp = pod !== undefined && isUsable(daemons, pod);
    if (!isUp) missing++;
    if (pod === undefined || isUpdated(daemons, pod)) continue;
    (isUp ? candidates : free).push(pod);
  }
  const room = Math.max(0, maxUnavailable - missing);
  return [...free, ...candidates.slice(0, room)];
}

/** New pods come beside old ones, at once where the old one serves nobody; those that serve relieve them. */
function surge(daemons: Daemons, meant: readonly string[], maxSurge: number): Changes {
  const deleted: Pod[] = [];
  const free: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  for (const node of meant) {
    const present = presentOn(daemons, node);
    const old = present.find((pod) => !isUpdated(daemons, pod));
    const fresh = present.find((pod) => isUpdated(daemons, pod));
    if (old === undefined) continue;
    if (fresh === undefined) (isUsable(daemons, old) ? candidates : free).push(node);
    else if (isUsable(daemons, fresh)) deleted.push(old);
    else surging++;
  }
  const room = Math.max(0, maxSurge - surging);
  return { created: [...free, ...candidates.slice(0, room)], deleted };
}

/**
 * With a surge, two pods may be on a node while the new one is not ready and the old one is; of
 * others, only those of the present template are kept.
 */
export function surplusOfSurge(daemons: Daemons, running: readonly Pod[]): Pod[] {
  const [fresh, ...moreFresh] = running.filter((pod) => isUpdated(daemons, pod));
  const [old, ...moreOld] = running.filter((pod) => !isUpdated(daemons, pod));
  const isOver =
    fresh !== undefined && old !== undefined && (!isReady(old) || isUsable(daemons, fresh));
  return [...moreFresh, ...moreOld, ...(isOver ? [old] : [])];
}

function isUsable({ daemonSet, nowMs }: Daemons, pod: Pod): boolean {
  return isAvailable(pod, daemonSet.spec.minReadySeconds ?? 0, nowMs);
}
