import type { Pod } from "./pod.ts";

/** One run of a container: from its start to its end. Times are milliseconds since 1970. */
export interface Run {
  /** 64 hexadecimal digits, as container runtimes give. */
  readonly id: string;
  /** How often the container had been started before: its restart count. */
  readonly attempt: number;
  readonly startedAt: number;
  /** Undefined while it runs. */
  readonly end: RunEnd | undefined;
}

export interface RunEnd {
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
}

/** Why a container has not been started, as its waiting state says. */
interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** What is known of one container of a pod. */
export interface ObservedContainer {
  readonly run: Run | undefined;
  readonly previous: Run | undefined;
  readonly waiting: Waiting | undefined;
  /** What probes have found; without probes, true as soon as it runs. */
  readonly isStarted: boolean;
  readonly isReady: boolean;
  /** A liveness or startup probe has given it up, or a hook failed: it is to be killed. */
  readonly condemned: string | undefined;
  /** Not before this moment is it tried again after its image or configuration was missing. */
  readonly retryAt: number;
  /** Until this moment its last failure is what people see, and nothing is done about it. */
  readonly shownUntil: number;
}

/** What is known of a pod on this node. */
export interface ObservedPod {
  /** Its sandbox runs and has its network. */
  readonly isSandboxReady: boolean;
  /** It had a sandbox before: a new one restarts its containers. */
  readonly hadSandbox: boolean;
  readonly areVolumesReady: boolean;
  readonly ips: readonly string[];
  readonly containers: ReadonlyMap<string, ObservedContainer>;
  /** Since when the kubelet knows it; in milliseconds since 1970. */
  readonly seenAt: number;
  /** What ended the pod other than its containers: DeadlineExceeded. */
  readonly verdict: { readonly reason: string; readonly message: string } | undefined;
}

export const UNSEEN: ObservedContainer = {
  run: undefined,
  previous: undefined,
  waiting: undefined,
  isStarted: false,
  isReady: false,
  condemned: undefined,
  retryAt: 0,
  shownUntil: 0,
};

export function containerOf(observed: ObservedPod, name: string): ObservedContainer {
  return observed.containers.get(name) ?? UNSEEN;
}

export function isRunning({ run }: ObservedContainer): boolean {
  return run !== undefined && run.end === undefined;
}

export function isAnythingRunning(pod: Pod, observed: ObservedPod): boolean {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  return all.some(({ name }) => isRunning(containerOf(observed, name)));
}
