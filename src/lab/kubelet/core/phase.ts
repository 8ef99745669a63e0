import type { ContainerStatus, Pod, PodStatus } from "./pod.ts";
import { isSidecar } from "./pod.ts";
import { isRestarted } from "./plan.ts";

type Phase = NonNullable<PodStatus["phase"]>;

/** What the states of its containers make of a pod. */
export function phaseOf(
  pod: Pod,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isTerminal: boolean,
): Phase {
  const init = initialisation(pod, initStatuses);
  if (init === "failed") return "Failed";
  const hasBegun = statuses.some(hasRun);
  if (init === "pending" || (init === "sidecars" && !hasBegun)) return "Pending";
  const sidecars = initStatuses.filter(({ name }) => sidecarNames(pod).has(name));
  const isWaiting = (status: ContainerStatus): boolean =>
    status.state.waiting !== undefined && status.lastState.terminated === undefined;
  if (statuses.some(isWaiting)) return "Pending";
  const running = [...statuses, ...sidecars].filter(({ state }) => state.running !== undefined);
  const ends = statuses.flatMap(({ name, state, lastState }) => {
    const end =
      state.terminated ?? (state.waiting === undefined ? undefined : lastState.terminated);
    return end === undefined ? [] : [{ name, exitCode: end.exitCode }];
  });
  const isOver = isTerminal || ends.every(({ name, exitCode }) => !comesBack(pod, name, exitCode));
  if (ends.length < statuses.length || !isOver) {
    return running.length > 0 || ends.length > 0 ? "Running" : "Pending";
  }
  // Sidecars end after the rest; until then the pod runs.
  if (running.length > 0) return "Running";
  return ends.every(({ exitCode }) => exitCode === 0) ? "Succeeded" : "Failed";
}

function comesBack(pod: Pod, name: string, exitCode: number): boolean {
  const container = pod.spec.containers.find((candidate) => candidate.name === name);
  return container !== undefined && isRestarted(pod, container, exitCode, false);
}

function hasRun({ state, lastState }: ContainerStatus): boolean {
  return (state.running ?? state.terminated ?? lastState.terminated) !== undefined;
}

function sidecarNames(pod: Pod): Set<string> {
  return new Set((pod.spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
}

function initialisation(
  pod: Pod,
  statuses: readonly ContainerStatus[],
): "done" | "pending" | "sidecars" | "failed" {
  let isPending = false;
  let lacksSidecar = false;
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    if (isSidecar(container)) {
      const hasEnded = status?.lastState.terminated ?? status?.state.terminated;
      if (status?.started !== true && hasEnded === undefined) lacksSidecar = true;
      continue;
    }
    const end = status?.state.terminated ?? status?.lastState.terminated;
    if (status === undefined || end === undefined || status.state.running !== undefined) {
      isPending = true;
    } else if (end.exitCode !== 0) {
      if (!isRestarted(pod, container, end.exitCode, true)) return "failed";
      isPending = true;
    }
  }
  if (isPending) return "pending";
  return lacksSidecar ? "sidecars" : "done";
}
