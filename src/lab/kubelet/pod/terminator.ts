import { constants } from "node:os";
import { FAILED_POST_START } from "../core/plan.ts";
import type { Pod } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import { execInContainer } from "../host/exec.ts";
import { callHook, type ProbeWorld } from "../probes.ts";
import type { Tell } from "./pull.ts";
import type { ContainerRecord } from "./record.ts";
import type { RunnerPod } from "./runner.ts";
import type { Wakeup } from "./wakeup.ts";

const DEFAULT_GRACE_SECONDS = 30;
/** The least that a container gets between being asked and being made to end. */
const MIN_GRACE_MS = 1_000;
const HOOK_TIMEOUT_MS = 30_000;

/** Ends containers: asks, waits as long as the pod's grace says, and then does not ask. */
export class Terminator {
  readonly #context: KubeletContext;
  readonly #wakeup: Wakeup;
  readonly #pod: () => Pod;
  readonly #tell: Tell;

  constructor(context: KubeletContext, wakeup: Wakeup, pod: () => Pod, tell: Tell) {
    this.#context = context;
    this.#wakeup = wakeup;
    this.#pod = pod;
    this.#tell = tell;
  }

  /** All at once; sidecars after the rest, the last started first. */
  async killAll(records: readonly ContainerRecord[], here: RunnerPod | undefined): Promise<void> {
    const startMs = this.#context.clock.nowMs();
    const end = (record: ContainerRecord): Promise<void> =>
      this.kill(record, `Stopping container ${record.container.name}`, here, startMs);
    await Promise.all(records.filter(({ isInit }) => !isInit).map(end));
    for (const record of records.filter(({ isInit }) => isInit).toReversed()) await end(record);
  }

  async kill(
    record: ContainerRecord,
    message: string,
    here: RunnerPod | undefined,
    startMs: number = this.#context.clock.nowMs(),
  ): Promise<void> {
    const { process } = record;
    if (process === undefined) return;
    this.#tell(record, "Normal", "Killing", message);
    record.probes?.[Symbol.dispose]();
    if (here !== undefined && startMs + this.#graceMs() > startMs + MIN_GRACE_MS) {
      await this.#preStop(record, here);
    }
    await record.standIn?.[Symbol.asyncDispose]();
    process.kill(stopSignalOf(record));
    let hasEnded = false;
    const ended = process.ended.then(() => {
      hasEnded = true;
      this.#wakeup.wake();
    });
    // The grace may be made shorter meanwhile.
    const deadline = (): number => startMs + this.#graceMs();
    while (!hasEnded && this.#context.clock.nowMs() < deadline())
      await this.#wakeup.peek(deadline());
    if (!hasEnded) process.kill("SIGKILL");
    await ended;
    await record.settled;
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod();
    const seconds =
      metadata.deletionGracePeriodSeconds ??
      spec.terminationGracePeriodSeconds ??
      DEFAULT_GRACE_SECONDS;
    return Math.max(MIN_GRACE_MS, seconds * 1000);
  }

  async #preStop(record: ContainerRecord, here: RunnerPod): Promise<void> {
    const hook = record.container.lifecycle?.preStop;
    if (hook === undefined) return;
    const { clock } = this.#context;
    if (hook.sleep !== undefined) {
      await clock.sleep(Math.min(hook.sleep.seconds * 1000, this.#graceMs()));
      return;
    }
    const result = await callHook(hook, hookWorld(this.#context, record, here), this.#graceMs());
    if (!result.isSuccess) this.#tell(record, "Warning", "FailedPreStopHook", "PreStopHook failed");
  }

  /** A hook that fails ends the container. */
  async postStart(record: ContainerRecord, here: RunnerPod): Promise<void> {
    const hook = record.container.lifecycle?.postStart;
    if (hook === undefined) return;
    if (hook.sleep !== undefined) {
      await this.#context.clock.sleep(hook.sleep.seconds * 1000);
      return;
    }
    const result = await callHook(hook, hookWorld(this.#context, record, here), HOOK_TIMEOUT_MS);
    if (result.isSuccess) return;
    this.#tell(record, "Warning", "FailedPostStartHook", "PostStartHook failed");
    record.condemned = FAILED_POST_START;
  }
}

/** What it is asked by to end; the numbers that have no name of their own are not known here. */
function stopSignalOf({ container }: ContainerRecord): NodeJS.Signals {
  const { stopSignal = "SIGTERM" } = container.lifecycle ?? {};
  return stopSignal in constants.signals ? (stopSignal as NodeJS.Signals) : "SIGTERM";
}

/** Where hooks and probes of a container act. */
function hookWorld(context: KubeletContext, record: ContainerRecord, here: RunnerPod): ProbeWorld {
  return {
    clock: context.clock,
    namespace: context.namespace,
    container: record.container,
    ip: () => here.node.podIps[0],
    exec: async (command, timeoutMs) => await execInContainer(record, here, command, timeoutMs),
  };
}
