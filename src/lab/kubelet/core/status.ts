import { conditionsOf } from "./conditions.ts";
import { containerOf, isAnythingRunning, type ObservedPod, type Run } from "./observed.ts";
import { phaseOf } from "./phase.ts";
import { podResources } from "./resources.ts";
import { isFinished } from "./plan.ts";
import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  isSidecar,
  type Pod,
  type PodStatus,
  type Terminated,
} from "./pod.ts";

interface StatusFacts {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly hostIps: readonly string[];
  readonly nowMs: number;
  /** What was last reported, by this kubelet. */
  readonly last: PodStatus | undefined;
}

/** A digest and a name of an image, as a runtime would report them. */
interface ImageFacts {
  readonly image: string;
  readonly imageId: string;
}

/** Whole seconds, as the API server keeps times. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** Why a container waits that has not been tried. */
export function idleReason({ spec }: Pod): string {
  return (spec.initContainers ?? []).length > 0 ? "PodInitializing" : "ContainerCreating";
}

/** The pod's status as its kubelet reports it. */
export function statusOf(facts: StatusFacts, imageOf: (image: string) => ImageFacts): PodStatus {
  const { pod, observed, hostIps, nowMs, last } = facts;
  const { initContainers = [], containers } = pod.spec;
  const idle = idleReason(pod);
  const make = (container: Container, isInit: boolean): ContainerStatus =>
    containerStatus(container, observed, { isInit, idle, imageOf });
  const initStatuses = initContainers.map((container) => make(container, true));
  const inOrder = containers.map((container) => make(container, false));
  const statuses = inOrder.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const isDeleted = pod.metadata.deletionTimestamp !== undefined;
  const isTerminal =
    isFinished(pod, observed) ||
    observed.verdict !== undefined ||
    (isDeleted && !isAnythingRunning(pod, observed));
  const phase = phaseIn(facts, initStatuses, statuses, isTerminal);
  const now = timestamp(nowMs);
  const { isSandboxReady } = observed;
  const conditions = conditionsOf({
    pod,
    phase,
    isSandboxReady,
    initStatuses,
    statuses,
    last,
    now,
  });
  const ips = pod.spec.hostNetwork === true ? hostIps : observed.ips;
  const { generation } = pod.metadata;
  const [hostIp] = hostIps;
  const [podIp] = ips;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions,
    ...observed.verdict,
    ...(hostIp === undefined ? {} : { hostIP: hostIp, hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: ips.map((ip) => ({ ip })) }),
    startTime: pod.status?.startTime ?? last?.startTime ?? timestamp(observed.seenAt),
    ...(initStatuses.length > 0 ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
    ...podResources(pod),
  };
}

/** A pod that has come to its end stays there, and one that was given up has failed. */
function phaseIn(
  { pod, observed }: StatusFacts,
  initStatuses: readonly ContainerStatus[],
  statuses: readonly ContainerStatus[],
  isTerminal: boolean,
): NonNullable<PodStatus["phase"]> {
  const before = pod.status?.phase;
  if (before === "Succeeded" || before === "Failed") return before;
  if (observed.verdict !== undefined) return "Failed";
  return phaseOf(pod, initStatuses, statuses, isTerminal);
}

interface Making {
  readonly isInit: boolean;
  /** Why a container that has not been tried waits. */
  readonly idle: string;
  readonly imageOf: (image: string) => ImageFacts;
}

function containerStatus(
  container: Container,
  observed: ObservedPod,
  { isInit, idle, imageOf }: Making,
): ContainerStatus {
  const { run, previous, waiting, isStarted, isReady } = containerOf(observed, container.name);
  const isUp = run !== undefined && run.end === undefined;
  const { image, imageId } = imageOf(container.image);
  const isOrdinaryInit = isInit && !isSidecar(container);
  const { state, lastState } = statesOf(run, previous, waiting ?? { reason: idle });
  const mounts = container.volumeMounts ?? [];
  return {
    name: container.name,
    state: waiting !== undefined && !isUp ? { waiting: words(waiting) } : state,
    lastState: waiting !== undefined && !isUp && run !== undefined ? ended(run) : lastState,
    ready: isOrdinaryInit ? run?.end?.exitCode === 0 : isUp && isReady,
    started: isUp && (isOrdinaryInit || isStarted),
    restartCount: run?.attempt ?? 0,
    image: run === undefined ? container.image : image,
    imageID: run === undefined ? "" : imageId,
    ...(run === undefined ? {} : { containerID: containerId(run), ...ownResources(container) }),
    ...(mounts.length === 0
      ? {}
      : {
          volumeMounts: mounts.map(({ name, mountPath, readOnly }) => ({
            name,
            mountPath,
            ...(readOnly === true ? { readOnly, recursiveReadOnly: "Disabled" } : {}),
          })),
        }),
  };
}

/** Those that it runs with, which are what it asks for. */
function ownResources({
  resources = {},
}: Container): Pick<ContainerStatus, "resources" | "allocatedResources"> {
  const { requests } = resources;
  return { resources, ...(requests === undefined ? {} : { allocatedResources: requests }) };
}

function words({ reason, message = "" }: { reason: string; message?: string }): {
  reason: string;
  message?: string;
} {
  return message === "" ? { reason } : { reason, message };
}

function statesOf(
  run: Run | undefined,
  previous: Run | undefined,
  idle: { readonly reason: string },
): { state: ContainerState; lastState: ContainerState } {
  if (run === undefined) return { state: { waiting: words(idle) }, lastState: {} };
  const lastState = previous === undefined ? {} : ended(previous);
  if (run.end !== undefined) return { state: ended(run), lastState };
  return { state: { running: { startedAt: timestamp(run.startedAt) } }, lastState };
}

function containerId({ id }: Run): string {
  return `ciliate://${id}`;
}

function ended(run: Run): ContainerState {
  const { end } = run;
  if (end === undefined) return {};
  const terminated: Terminated = {
    exitCode: end.exitCode,
    reason: end.reason,
    ...(end.message === undefined ? {} : { message: end.message }),
    startedAt: timestamp(run.startedAt),
    finishedAt: timestamp(end.finishedAt),
    containerID: containerId(run),
  };
  return { terminated };
}

/** Guaranteed where all containers have equal requests and limits, BestEffort where none has any. */
function qosClassOf(pod: Pod): string {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const named = ["cpu", "memory"];
  const hasAny = all.some(({ resources = {} }) =>
    named.some((name) => (resources.limits?.[name] ?? resources.requests?.[name]) !== undefined),
  );
  if (!hasAny) return "BestEffort";
  const isExact = all.every(({ resources = {} }) =>
    named.every((name) => {
      const limit = resources.limits?.[name];
      return limit !== undefined && (resources.requests?.[name] ?? limit) === limit;
    }),
  );
  return isExact ? "Guaranteed" : "Burstable";
}
