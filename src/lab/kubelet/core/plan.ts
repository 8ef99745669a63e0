import { type BackOff, backOffUntil } from "./back-off.ts";
import {
  containerOf,
  isAnythingRunning,
  isRunning,
  type ObservedContainer,
  type ObservedPod,
} from "./observed.ts";
import { type Container, isSidecar, type Pod } from "./pod.ts";

/** What is to be done for a pod now. */
export type Action =
  | { readonly do: "create-sandbox" }
  | { readonly do: "mount-volumes" }
  | { readonly do: "start"; readonly container: Container }
  | { readonly do: "back-off"; readonly container: Container; readonly untilMs: number }
  | { readonly do: "kill"; readonly container: Container; readonly message: string }
  | { readonly do: "kill-all" }
  | { readonly do: "remove-sandbox" }
  | { readonly do: "give-up"; readonly reason: string; readonly message: string };

interface Plan {
  readonly actions: readonly Action[];
  /** When to look again although nothing happened; Infinity for never. */
  readonly againAtMs: number;
}

/** Why a container is killed whose hook has failed. */
export const FAILED_POST_START = "FailedPostStartHook";
/** How one ends that is killed. */
const KILLED = 137;
const DEADLINE_EXCEEDED = "DeadlineExceeded";

/** What it takes to bring the pod from what is observed to what its specification says. */
export function planPod(
  pod: Pod,
  observed: ObservedPod,
  backOffs: ReadonlyMap<string, BackOff>,
  nowMs: number,
): Plan {
  if (pod.metadata.deletionTimestamp !== undefined)
    return { actions: teardown(pod, observed), againAtMs: Infinity };
  if (observed.verdict !== undefined || isFinished(pod, observed)) {
    return { actions: teardown(pod, observed), againAtMs: Infinity };
  }
  const deadline = deadlineOf(pod, observed);
  if (nowMs >= deadline) {
    const message = "Pod was active on the node longer than the specified deadline";
    return { actions: [{ do: "give-up", reason: DEADLINE_EXCEEDED, message }], againAtMs: nowMs };
  }
  if (!observed.areVolumesReady) return { actions: [{ do: "mount-volumes" }], againAtMs: deadline };
  if (!observed.isSandboxReady)
    return { actions: renewSandbox(pod, observed), againAtMs: deadline };
  const planner = new Planner(pod, observed, backOffs, nowMs);
  const actions = planner.plan();
  const waits = actions.map((action) => (action.do === "back-off" ? action.untilMs : Infinity));
  return { actions, againAtMs: Math.min(deadline, planner.lookAgainAt, ...waits) };
}

/** Whether this container is started again after that end. */
export function isRestarted(
  pod: Pod,
  container: Container,
  exitCode: number,
  isInit: boolean,
): boolean {
  if (isSidecar(container)) return true;
  const policy = pod.spec.restartPolicy ?? "Always";
  if (policy === "Never") return false;
  return exitCode !== 0 || (policy === "Always" && !isInit);
}

/** Whether the pod has come to its end by itself, and nothing of it will run again. */
export function isFinished(pod: Pod, observed: ObservedPod): boolean {
  const phase = pod.status?.phase;
  if (phase === "Succeeded" || phase === "Failed") return true;
  const inits = (pod.spec.initContainers ?? []).filter((container) => !isSidecar(container));
  if (inits.some((container) => hasFailedForGood(pod, observed, container, true))) return true;
  return pod.spec.containers.every((container) => {
    const end = containerOf(observed, container.name).run?.end;
    return end !== undefined && !isRestarted(pod, container, end.exitCode, false);
  });
}

function hasFailedForGood(
  pod: Pod,
  observed: ObservedPod,
  container: Container,
  isInit: boolean,
): boolean {
  const end = containerOf(observed, container.name).run?.end;
  if (end === undefined || end.exitCode === 0) return false;
  return !isRestarted(pod, container, end.exitCode, isInit);
}

function teardown(pod: Pod, observed: ObservedPod): Action[] {
  if (isAnythingRunning(pod, observed)) return [{ do: "kill-all" }];
  return observed.isSandboxReady ? [{ do: "remove-sandbox" }] : [];
}

/** Containers cannot outlive their sandbox: its network is theirs. */
function renewSandbox(pod: Pod, observed: ObservedPod): Action[] {
  if (isAnythingRunning(pod, observed)) return [{ do: "kill-all" }];
  return [{ do: "create-sandbox" }];
}

function deadlineOf(pod: Pod, observed: ObservedPod): number {
  const seconds = pod.spec.activeDeadlineSeconds;
  if (seconds === undefined) return Infinity;
  const started = pod.status?.startTime;
  return (started === undefined ? observed.seenAt : Date.parse(started)) + seconds * 1000;
}

/** Which containers start, wait or die, in a pod that has its sandbox and volumes. */
class Planner {
  readonly #pod: Pod;
  readonly #observed: ObservedPod;
  readonly #backOffs: ReadonlyMap<string, BackOff>;
  readonly #nowMs: number;
  readonly #actions: Action[] = [];
  /** Something changes then in what is seen of the pod. */
  lookAgainAt = Infinity;

  constructor(
    pod: Pod,
    observed: ObservedPod,
    backOffs: ReadonlyMap<string, BackOff>,
    nowMs: number,
  ) {
    this.#pod = pod;
    this.#observed = observed;
    this.#backOffs = backOffs;
    this.#nowMs = nowMs;
  }

  plan(): Action[] {
    if (!this.#initialise()) return this.#actions;
    for (const container of this.#pod.spec.containers) {
      const seen = this.#of(container);
      if (isRunning(seen)) this.#killCondemned(container, seen, false);
      else if (seen.run === undefined || this.#isRestarted(container, seen, false))
        this.#start(container, seen);
    }
    return this.#actions;
  }

  /** One after the other, and answers whether all are done; sidecars must only have started. */
  #initialise(): boolean {
    const hasBegun = this.#pod.spec.containers.some(
      ({ name }) => containerOf(this.#observed, name).run !== undefined,
    );
    for (const container of this.#pod.spec.initContainers ?? []) {
      const seen = this.#of(container);
      if (isSidecar(container)) {
        if (!isRunning(seen)) this.#start(container, seen);
        else this.#killCondemned(container, seen, true);
        if (!hasBegun && !(isRunning(seen) && seen.isStarted)) return false;
        continue;
      }
      if (hasBegun || seen.run?.end?.exitCode === 0) continue;
      if (isRunning(seen)) this.#killCondemned(container, seen, true);
      else if (seen.run === undefined || this.#isRestarted(container, seen, true))
        this.#start(container, seen);
      return false;
    }
    return true;
  }

  #of({ name }: Container): ObservedContainer {
    return containerOf(this.#observed, name);
  }

  #isRestarted(container: Container, { run }: ObservedContainer, isInit: boolean): boolean {
    return run?.end !== undefined && isRestarted(this.#pod, container, run.end.exitCode, isInit);
  }

  #killCondemned(container: Container, { condemned }: ObservedContainer, isInit: boolean): void {
    if (condemned === undefined) return;
    const isOfHook = condemned === FAILED_POST_START;
    if (isOfHook || isRestarted(this.#pod, container, KILLED, isInit)) {
      const message = isOfHook ? condemned : `${condemned}, will be restarted`;
      this.#actions.push({ do: "kill", container, message });
    } else if (this.#goesOnWithout(container)) {
      this.#actions.push({ do: "kill", container, message: condemned });
    } else this.#actions.push({ do: "kill-all" });
  }

  /** Whether anything else of the pod runs on. */
  #goesOnWithout({ name }: Container): boolean {
    const others = this.#pod.spec.containers.filter((other) => other.name !== name);
    return others.some((other) => {
      const seen = this.#of(other);
      return isRunning(seen) && seen.condemned === undefined;
    });
  }

  #start(container: Container, { run, retryAt, shownUntil }: ObservedContainer): void {
    const end = run?.end;
    const free =
      end === undefined ? 0 : backOffUntil(this.#backOffs.get(container.name), end.finishedAt);
    const untilMs = Math.max(free, retryAt, shownUntil);
    if (untilMs <= this.#nowMs) this.#actions.push({ do: "start", container });
    else this.#actions.push({ do: "back-off", container, untilMs });
    if (shownUntil > this.#nowMs) this.lookAgainAt = Math.min(this.lookAgainAt, shownUntil);
  }
}
