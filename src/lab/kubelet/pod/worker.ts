import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "#base";
import type { Rejection } from "../core/admission.ts";
import { type BackOff, nextBackOff } from "../core/back-off.ts";
import type { NodeFacts } from "../core/environment.ts";
import { kernelHostNameOf } from "../core/host-files.ts";
import { isAnythingRunning, type ObservedPod } from "../core/observed.ts";
import { type Action, isFinished, planPod } from "../core/plan.ts";
import type { Pod } from "../core/pod.ts";
import type { KubeletContext } from "../context.ts";
import { readJson, writeJson } from "../host/files.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { adoptContainer } from "./adopt.ts";
import { PodFolders } from "./folders.ts";
import { writeHostFiles } from "./host-files.ts";
import { isProbed } from "./launch.ts";
import { Terminator } from "./terminator.ts";
import { type ContainerRecord, newRecord, observe } from "./record.ts";
import { ContainerRunner, type RunnerPod } from "./runner.ts";
import { PodVolumes } from "./pod-volumes.ts";
import { StatusReporter } from "./reporter.ts";
import { SandboxKeeper } from "./sandbox-keeper.ts";
import { PodTeller } from "./teller.ts";
import { startProbes } from "./probing.ts";
import { Wakeup } from "./wakeup.ts";
import { waitForStart } from "./waiting.ts";

/** How long until a failed step, as a mount or a network, is tried again. */
const RETRY_MS = 2_000;
/** How many steps in a row a pod may take before others get their turn. */
const MAX_STEPS = 50;

/** Why the node does not take a pod; undefined where it does. */
type Admit = (pod: Pod) => Promise<Rejection | undefined>;

/** Keeps one pod as its specification says, from when the kubelet sees it until nothing is left. */
export class PodWorker {
  readonly folders: PodFolders;
  readonly records: readonly ContainerRecord[];
  /** Settled when what an earlier kubelet ran is found again. */
  readonly adopted: Promise<void>;
  /** Settled when the worker has ended: with true, when nothing of the pod is left. */
  readonly done: Promise<boolean>;
  readonly #context: KubeletContext;
  readonly #keeper: SandboxKeeper;
  readonly #volumes: PodVolumes;
  readonly #reporter: StatusReporter;
  readonly #teller: PodTeller;
  readonly #runner: ContainerRunner;
  readonly #terminator: Terminator;
  readonly #wakeup: Wakeup;
  readonly #backOffs = new Map<string, BackOff>();
  readonly #seenAt: number;
  readonly #admit: Admit;
  #pod: Pod;
  #isGone = false;
  #isStopped = false;
  #isRejected = false;
  #verdict: ObservedPod["verdict"];

  /** `admit` is asked of a pod that this node has not run before. */
  constructor(context: KubeletContext, pod: Pod, admit: Admit) {
    this.#context = context;
    this.#admit = admit;
    this.#pod = pod;
    this.#seenAt = context.clock.nowMs();
    this.folders = new PodFolders(context.folders, pod);
    this.records = [
      ...(pod.spec.initContainers ?? []).map((container) => newRecord(container, true)),
      ...pod.spec.containers.map((container) => newRecord(container, false)),
    ];
    mkdirSync(join(this.folders.root, "etc"), { recursive: true });
    mkdirSync(join(this.folders.root, "volumes"), { recursive: true });
    this.#keeper = new SandboxKeeper(context, this.folders);
    this.#volumes = new PodVolumes(context, this.folders);
    this.#reporter = new StatusReporter(context);
    this.#teller = new PodTeller(context, () => this.#pod);
    const { tell } = this.#teller;
    this.#wakeup = new Wakeup(context.clock);
    this.#runner = new ContainerRunner(context, tell, () => this.#wakeup.wake());
    this.#terminator = new Terminator(context, this.#wakeup, () => this.#pod, tell);
    this.adopted = this.#adopt();
    this.done = this.#run();
  }

  get pod(): Pod {
    return this.#pod;
  }

  get sandbox(): Sandbox | undefined {
    return this.#keeper.sandbox;
  }

  /** The pod as the API server has it now. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.#wakeup.wake();
  }

  /** The API server does not know the pod any more: everything goes. */
  remove(): void {
    this.#isGone = true;
    this.#wakeup.wake();
  }

  /** The kubelet stops; the pod goes on. */
  stop(): void {
    this.#isStopped = true;
    this.#wakeup.wake();
  }

  async #run(): Promise<boolean> {
    await this.adopted;
    await this.#keeper.check(this.#pod);
    await this.#enter();
    for (;;) {
      if (this.#isStopped) {
        await this.#abandon();
        return false;
      }
      let againAtMs = this.#context.clock.nowMs() + RETRY_MS;
      try {
        againAtMs = await this.#sync();
        if (await this.#isOver()) return true;
      } catch (error) {
        this.#teller.complain(error);
        await this.#report().catch((failure: unknown) => this.#teller.complain(failure));
      }
      await this.#wakeup.wait(againAtMs);
    }
  }

  /** Has it taken or rejected, where neither has been done yet. */
  async #enter(): Promise<void> {
    if (readJson(this.folders.pod) !== undefined || this.isOutside) return;
    try {
      const rejection = await this.#admit(this.#pod);
      if (rejection === undefined) return;
      this.#isRejected = true;
      this.#verdict = rejection;
      this.#teller.tellOfPod("Warning", rejection.reason, rejection.message);
      await this.#reporter.reject(this.#pod, rejection);
    } catch (error) {
      this.#teller.complain(error);
    }
  }

  /** Brings the pod nearer to what it should be; answers when to look again. */
  async #sync(): Promise<number> {
    // What is written down is what is needed to take the pod away after it has gone.
    writeJson(this.folders.pod, this.#pod);
    for (let step = 0; step < MAX_STEPS; step++) {
      if (this.#isStopped) return Infinity;
      const target = this.#isGone ? withDeletion(this.#pod) : this.#pod;
      const { clock } = this.#context;
      const plan = planPod(target, this.#observed(), this.#backOffs, clock.nowMs());
      const isIdle = plan.actions.every((action) => action.do === "back-off");
      for (const action of plan.actions) await this.#perform(action);
      if (!this.#isEnding()) await this.#report();
      if (isIdle) return Math.min(plan.againAtMs, await this.#refreshVolumes(target));
    }
    return this.#context.clock.nowMs();
  }

  /** Its end is told once its sandbox has gone, too. */
  #isEnding(): boolean {
    const observed = this.#observed();
    const isOver =
      this.#pod.metadata.deletionTimestamp !== undefined || isFinished(this.#pod, observed);
    return isOver && observed.isSandboxReady && !isAnythingRunning(this.#pod, observed);
  }

  #observed(): ObservedPod {
    const { sandbox, hadSandbox } = this.#keeper;
    return {
      isSandboxReady: sandbox !== undefined,
      hadSandbox,
      areVolumesReady: this.#volumes.areReady,
      ips: sandbox?.ips ?? [],
      containers: new Map(this.records.map((record) => [record.container.name, observe(record)])),
      seenAt: this.#seenAt,
      verdict: this.#verdict,
    };
  }

  async #perform(action: Action): Promise<void> {
    switch (action.do) {
      case "mount-volumes":
        await this.#volumes.mount(this.#pod, this.#nodeFacts());
        return;
      case "create-sandbox":
        await this.#createSandbox();
        return;
      case "start":
        await this.#start(this.#recordOf(action.container.name));
        return;
      case "back-off":
        this.#wait(this.#recordOf(action.container.name));
        return;
      case "kill":
        await this.#terminator.kill(
          this.#recordOf(action.container.name),
          action.message,
          this.here(),
        );
        return;
      case "kill-all":
        await this.#terminator.killAll(this.records, this.here());
        return;
      case "remove-sandbox":
        await this.#keeper.remove(this.#pod);
        return;
      case "give-up":
        this.#verdict = { reason: action.reason, message: action.message };
        this.#teller.tellOfPod("Normal", action.reason, action.message);
        return;
      default:
        action satisfies never;
    }
  }

  #recordOf(name: string): ContainerRecord {
    const record = this.records.find(({ container }) => container.name === name);
    if (record === undefined) throw new AppError("pod", `the pod has no container ${name}`);
    return record;
  }

  async #refreshVolumes(target: Pod): Promise<number> {
    if (target.metadata.deletionTimestamp !== undefined) return Infinity;
    return await this.#volumes.refresh(this.#pod, this.#nodeFacts());
  }

  async #createSandbox(): Promise<void> {
    if (this.#keeper.hadSandbox && this.records.some(({ run }) => run !== undefined)) {
      this.#teller.tellOfPod(
        "Normal",
        "SandboxChanged",
        "Pod sandbox changed, it will be killed and re-created.",
      );
    }
    await this.#keeper.create(this.#pod);
    writeHostFiles(this.#context, this.folders, this.#pod, {
      ips: this.sandbox?.ips ?? [],
      hostName: this.#hostName(),
    });
  }

  #hostName(): string {
    return this.#pod.spec.hostNetwork === true ? this.#context.node : kernelHostNameOf(this.#pod);
  }

  #nodeFacts(): NodeFacts {
    const { addresses, capacity } = this.#context;
    const podIps = this.#pod.spec.hostNetwork === true ? addresses : (this.sandbox?.ips ?? []);
    return { podIps, hostIps: addresses, capacity };
  }

  /** What containers of this pod are run with; undefined while it has no sandbox. */
  here(): RunnerPod | undefined {
    const { sandbox, cgroup } = this.#keeper;
    if (sandbox === undefined) return undefined;
    return {
      pod: this.#pod,
      folders: this.folders,
      sandbox,
      cgroup,
      hostName: this.#hostName(),
      node: this.#nodeFacts(),
    };
  }

  async #start(record: ContainerRecord): Promise<void> {
    const here = this.here();
    if (here === undefined) return;
    const { name } = record.container;
    const end = record.run?.end;
    await this.#runner.start(record, here);
    if (end !== undefined && record.run?.end !== end) {
      this.#backOffs.set(name, nextBackOff(this.#backOffs.get(name), end.finishedAt));
    }
    if (record.process === undefined) return;
    // A hook that fails condemns the container, which the next plan sees.
    if (record.container.lifecycle?.postStart !== undefined)
      await this.#terminator.postStart(record, here);
    this.#probe(record);
  }

  #probe(record: ContainerRecord): void {
    if (!isProbed(record.container, record.isInit)) return;
    startProbes(this.#context, record, {
      ip: () => this.#nodeFacts().podIps[0],
      here: () => this.here(),
      tell: this.#teller.tell,
      onChange: () => this.#wakeup.wake(),
    });
  }

  #wait(record: ContainerRecord): void {
    const backOff = this.#backOffs.get(record.container.name);
    waitForStart(record, this.#pod, backOff, this.#context.clock.nowMs(), this.#teller.tell);
  }

  /** What has come to its end without a container's run stays as it was told. */
  get isOutside(): boolean {
    const { phase } = this.#pod.status ?? {};
    const isOver = phase === "Failed" || phase === "Succeeded";
    return this.#isRejected || (isOver && this.records.every(({ run }) => run === undefined));
  }

  async #report(): Promise<void> {
    if (!this.#isGone && !this.isOutside) await this.#reporter.report(this.#pod, this.#observed());
  }

  /** Whether the pod has gone: from this node, and then from the API server. */
  async #isOver(): Promise<boolean> {
    const isDeleted = this.#isGone || this.#pod.metadata.deletionTimestamp !== undefined;
    if (!isDeleted || isAnythingRunning(this.#pod, this.#observed()) || this.sandbox !== undefined)
      return false;
    await this.#keeper.dispose(this.#pod);
    if (!this.#isGone) await this.#reporter.confirmDeletion(this.#pod);
    // Watches may tell of it before the answer comes; else this is gone through once more.
    if (!this.#isGone) return false;
    await this.#cleanUp();
    return true;
  }

  async #cleanUp(): Promise<void> {
    this.#volumes.tearDown(this.#pod);
    rmSync(this.folders.root, { recursive: true, force: true });
    rmSync(this.folders.logs, { recursive: true, force: true });
    this.folders.removeDeadLinks();
  }

  /** Finds again what an earlier kubelet ran. */
  async #adopt(): Promise<void> {
    const { clock, logger } = this.#context;
    if (readJson(this.folders.pod) === undefined) {
      this.#teller.tellUnsupported();
      return;
    }
    const here = this.here();
    if (here !== undefined) this.#volumes.adopt();

    for (const record of this.records) {
      adoptContainer(record, this.#pod, this.folders, clock);
      const { process, run } = record;
      if (process === undefined || run === undefined) continue;
      // Also without its sandbox, as after a crash of the machine: its end is to be noted.
      this.#runner.watch(record, this);
      if (here === undefined) continue;
      try {
        await this.#runner.reopen(record, here, run.attempt);
      } catch (error) {
        logger.warn("a stand-in is not served again", { container: record.container.name, error });
      }
      this.#probe(record);
    }
  }

  async #abandon(): Promise<void> {
    for (const record of this.records) {
      record.probes?.[Symbol.dispose]();
      record.process?.abandon();
      await record.standIn?.[Symbol.asyncDispose]();
      record.log?.[Symbol.dispose]();
    }
  }
}

/** A pod that the API server has forgotten is ended as one that is being deleted. */
function withDeletion(pod: Pod): Pod {
  return {
    ...pod,
    metadata: { ...pod.metadata, deletionTimestamp: pod.metadata.deletionTimestamp ?? "gone" },
  };
}
