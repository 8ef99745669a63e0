import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { ContainerConfigError, type NodeFacts } from "../core/environment.ts";
import type { Run, RunEnd } from "../core/observed.ts";
import { isRestarted } from "../core/plan.ts";
import type { Pod } from "../core/pod.ts";
import { decodeLogLine } from "../core/log-line.ts";
import type { KubeletContext } from "../context.ts";
import { ContainerProcess, type ProcessEnd, StartError } from "../host/container-process.ts";
import { readJson, writeJson } from "../host/files.ts";
import { LogFile } from "../host/log-file.ts";
import { namespacePath, type Sandbox } from "../host/sandbox.ts";
import { START_FAILED } from "../host/scripts.ts";
import { findImage, type Launch } from "../images/catalogue.ts";
import { StandIn } from "../images/stand-in.ts";
import { forgetOldRuns } from "./adopt.ts";
import type { PodFolders } from "./folders.ts";
import { prepareLaunch } from "./launch.ts";
import { pullImage, SHOWN_MS, type Tell } from "./pull.ts";
import type { ContainerRecord, RunFile } from "./record.ts";

export interface RunnerPod {
  readonly pod: Pod;
  readonly folders: PodFolders;
  readonly sandbox: Sandbox;
  readonly cgroup: string | undefined;
  readonly hostName: string;
  readonly node: NodeFacts;
}

/** How long a container without its configuration waits for another try. */
const CONFIG_RETRY_MS = 5_000;
const ID_BYTES = 32;
const MAX_TERMINATION_BYTES = 4096;
const MAX_TERMINATION_LOG_BYTES = 2048;

/** Starts containers of one pod and sees them end. */
export class ContainerRunner {
  readonly #context: KubeletContext;
  readonly #tell: Tell;
  readonly #onChange: () => void;

  constructor(context: KubeletContext, tell: Tell, onChange: () => void) {
    this.#context = context;
    this.#tell = tell;
    this.#onChange = onChange;
  }

  /** Starts the container's next run, or makes it wait and says for what. */
  async start(record: ContainerRecord, here: RunnerPod): Promise<void> {
    const found = pullImage(record, this.#context, this.#tell);
    if (found === undefined) return;
    const { clock } = this.#context;
    const { name } = record.container;
    const attempt = record.run === undefined ? 0 : record.run.attempt + 1;
    const folder = here.folders.run(name, attempt);
    mkdirSync(folder, { recursive: true });
    try {
      const prepared = await prepareLaunch(this.#context, {
        ...here,
        container: record.container,
        image: found.image,
        sandboxPid: here.sandbox.process.pid,
        runFolder: folder,
      });
      const id = randomBytes(ID_BYTES).toString("hex");
      const startedAt = clock.nowMs();
      const isStandIn = prepared.launch.kind === "stand-in";
      writeJson(join(folder, "run.json"), { id, attempt, startedAt, isStandIn } satisfies RunFile);
      record.previous = record.run ?? record.previous;
      record.run = { id, attempt, startedAt, end: undefined };
      this.#clear(record);
      this.#tell(record, "Normal", "Created", "Container created");
      record.log = new LogFile(here.folders.log(name, attempt), clock);
      here.folders.linkLog(name, attempt, id);
      record.process = await ContainerProcess.start(prepared.plan, record.log, clock);
      await this.#openStandIn(record, here, prepared.launch, prepared.plan.environment);
      this.#tell(record, "Normal", "Started", "Container started");
      this.watch(record, here);
    } catch (error) {
      this.#fail(record, here, error);
    }
    forgetOldRuns(here.folders, name);
  }

  /** Opens the sockets again of a stand-in whose process was found. */
  async reopen(record: ContainerRecord, here: RunnerPod, attempt: number): Promise<void> {
    const runFolder = here.folders.run(record.container.name, attempt);
    const file = readJson<RunFile>(join(runFolder, "run.json"));
    if (file?.isStandIn !== true) return;
    const { launch, plan } = await prepareLaunch(this.#context, {
      ...here,
      container: record.container,
      image: findImage(record.container.image).image,
      sandboxPid: here.sandbox.process.pid,
      runFolder,
    });
    await this.#openStandIn(record, here, launch, plan.environment);
  }

  /** Notes the end of the container's process when it comes. */
  watch(record: ContainerRecord, here: Pick<RunnerPod, "folders">): void {
    const { process, run } = record;
    if (process === undefined || run === undefined) return;
    record.settled = process.ended.then((end) => this.#end(record, run, here, process, end));
  }

  #clear(record: ContainerRecord): void {
    record.waiting = undefined;
    record.condemned = undefined;
    record.retryAt = 0;
    record.isStarted = false;
    record.isReady = false;
  }

  async #openStandIn(
    record: ContainerRecord,
    here: RunnerPod,
    launch: Launch,
    environment: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { process, log } = record;
    if (launch.kind !== "stand-in" || process === undefined || log === undefined) return;
    const { namespace: name } = here.sandbox;
    const networkPath = name === undefined ? this.#context.networkPath : namespacePath(name);
    try {
      record.standIn = await StandIn.open({
        image: launch.image,
        args: launch.args,
        pod: here.pod,
        container: record.container,
        environment,
        networkPath,
        client: this.#context.client,
        logger: this.#context.logger,
        ips: here.sandbox.ips,
        hostName: here.hostName,
        root: `/proc/${process.pid}/root`,
        write: (stream, line) => log.write(stream, Buffer.from(`${line}\n`)),
        serveDns: this.#context.serveDns,
      });
    } catch (error) {
      // As the real program would: it says why, and ends.
      const message = error instanceof Error ? error.message : String(error);
      log.write("stderr", Buffer.from(`${launch.image.name}: ${message}\n`));
      process.kill("SIGKILL");
    }
  }

  #fail(record: ContainerRecord, here: RunnerPod, error: unknown): void {
    const { clock } = this.#context;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ContainerConfigError) {
      record.waiting = { reason: "CreateContainerConfigError", message };
      record.retryAt = clock.nowMs() + CONFIG_RETRY_MS;
      this.#tell(record, "Warning", "Failed", `Error: ${message}`);
      return;
    }
    this.#tell(record, "Warning", "Failed", `Error: ${message}`);
    record.log?.[Symbol.dispose]();
    const { run } = record;
    if (!(error instanceof StartError) || run === undefined) {
      record.waiting = { reason: "CreateContainerError", message };
      record.retryAt = clock.nowMs() + CONFIG_RETRY_MS;
      return;
    }
    this.#note(record, run, here, {
      finishedAt: clock.nowMs(),
      exitCode: START_FAILED,
      reason: "StartError",
      message,
    });
    // Where it is tried again, that is what it waits for at first.
    if (!isRestarted(here.pod, record.container, START_FAILED, record.isInit)) return;
    record.waiting = { reason: "RunContainerError", message };
    record.shownUntil = clock.nowMs() + SHOWN_MS;
  }

  async #end(
    record: ContainerRecord,
    run: Run,
    here: Pick<RunnerPod, "folders">,
    process: ContainerProcess,
    end: ProcessEnd,
  ): Promise<void> {
    if (record.process !== process) return;
    record.probes?.[Symbol.dispose]();
    await record.standIn?.[Symbol.asyncDispose]();
    record.standIn = undefined;
    record.log?.[Symbol.dispose]();
    const { exitCode, finishedAt, isUnknown } = end;
    const last = lastWords(record, here.folders, run.attempt, exitCode);
    const unknown = {
      reason: "ContainerStatusUnknown",
      message: "The container could not be located when the pod was terminated",
    };
    const words = {
      reason: exitCode === 0 ? "Completed" : "Error",
      ...(last === "" ? {} : { message: last }),
    };
    this.#note(record, run, here, { finishedAt, exitCode, ...(isUnknown ? unknown : words) });
  }

  #note(
    record: ContainerRecord,
    run: Run,
    { folders }: Pick<RunnerPod, "folders">,
    end: RunEnd,
  ): void {
    record.run = { ...run, end };
    record.process = undefined;
    record.isReady = false;
    record.isStarted = false;
    record.condemned = undefined;
    const path = join(folders.run(record.container.name, run.attempt), "run.json");
    const { id, attempt, startedAt } = run;
    // The pod may have been taken away meanwhile.
    if (existsSync(path))
      writeJson(path, { id, attempt, startedAt, isStandIn: false, end } satisfies RunFile);
    this.#onChange();
  }
}

/** What the container wrote to its termination file; by its policy else, the end of its log. */
function lastWords(
  record: ContainerRecord,
  folders: PodFolders,
  attempt: number,
  exitCode: number,
): string {
  const { name, terminationMessagePolicy } = record.container;
  const text = tail(join(folders.run(name, attempt), "termination-log"), MAX_TERMINATION_BYTES);
  if (text.length > 0 || exitCode === 0 || terminationMessagePolicy !== "FallbackToLogsOnError") {
    return text.toString("utf8");
  }
  const lines = tail(folders.log(name, attempt), 2 * MAX_TERMINATION_LOG_BYTES)
    .toString("latin1")
    .split("\n");
  const texts = lines.map((line) => {
    const decoded = decodeLogLine(Buffer.from(line, "latin1"));
    return decoded === undefined
      ? ""
      : decoded.text.toString("utf8") + (decoded.isFull ? "\n" : "");
  });
  return texts.join("").slice(-MAX_TERMINATION_LOG_BYTES);
}

function tail(path: string, maxBytes: number): Buffer {
  if (!existsSync(path)) return Buffer.alloc(0);
  const { size } = statSync(path);
  if (size <= maxBytes) return readFileSync(path);
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(maxBytes);
    return bytes.subarray(0, readSync(fd, bytes, 0, maxBytes, size - maxBytes));
  } finally {
    closeSync(fd);
  }
}

/** As status shows an image, whether it is one or not. */
export function imageFacts(image: string): { image: string; imageId: string } {
  try {
    const { name, id } = findImage(image);
    return { image: name, imageId: id };
  } catch {
    return { image, imageId: "" };
  }
}
