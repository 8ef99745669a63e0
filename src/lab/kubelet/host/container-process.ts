import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import type net from "node:net";
import { join } from "node:path";
import { AppError, type Clock } from "#base";
import { DescriptorReader } from "./descriptor-reader.ts";
import type { LogFile } from "./log-file.ts";
import { identify, isAlive, type ProcessId, signal } from "./process.ts";
import { type ContainerPlan, innerScript, outerScript, REPORT, START_FAILED } from "./scripts.ts";

/** How a container's program ended. */
export interface ProcessEnd {
  readonly exitCode: number;
  readonly finishedAt: number;
  /** Nobody saw it end: the machine was restarted, or its keeper was killed. */
  readonly isUnknown: boolean;
}

/** How long a container may take until its program runs. */
const START_TIMEOUT_MS = 60_000;
/** How often a container is looked at that another process started. */
const POLL_MS = 200;
/** How long the rest of what a container wrote may take to come after it ended. */
const DRAIN_MS = 500;

/** A container could not be started: `message` is the runtime's. */
export class StartError extends AppError {
  override readonly name: string = "StartError";

  constructor(message: string) {
    super("container-start", message);
  }
}

/** A container: its processes, its streams. It goes on when this process ends. */
export class ContainerProcess {
  readonly folder: string;
  readonly ended: Promise<ProcessEnd>;
  readonly #main: ProcessId;
  readonly #log: LogFile;
  readonly #clock: Clock;
  readonly #readers: DescriptorReader[] = [];
  readonly #listeners = new Set<(stream: "stdout" | "stderr", bytes: Buffer) => void>();
  #isAbandoned = false;

  private constructor(
    folder: string,
    main: ProcessId,
    log: LogFile,
    clock: Clock,
    exited: Promise<number | undefined>,
  ) {
    this.folder = folder;
    this.#main = main;
    this.#log = log;
    this.#clock = clock;
    const drained = [this.#read("stdout"), this.#read("stderr")];
    this.ended = this.#end(exited, drained);
  }

  get pid(): number {
    return this.#main.pid;
  }

  /** Starts one in a fresh folder; resolves once its program runs. */
  static async start(plan: ContainerPlan, log: LogFile, clock: Clock): Promise<ContainerProcess> {
    const { folder } = plan;
    mkdirSync(join(folder, "layer"), { recursive: true });
    const fifos = ["stdout", "stderr", ...(plan.stdin === "open" ? ["stdin"] : [])];
    execFileSync(
      "mkfifo",
      fifos.map((name) => join(folder, name)),
    );
    writeFileSync(join(folder, "outer.sh"), outerScript(plan));
    writeFileSync(join(folder, "inner.sh"), innerScript(plan), { mode: 0o600 });
    const fds = [
      openSync(join(folder, "start.log"), "a"),
      // For reading too, so that writing never fails for want of a kubelet, but waits for one.
      openSync(join(folder, "stdout"), constants.O_RDWR),
      openSync(join(folder, "stderr"), constants.O_RDWR),
    ] as const;
    const [notes, out, err] = fds;
    const child = spawn("sh", [join(folder, "outer.sh")], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", notes, notes, out, err, "pipe"],
    });
    child.unref();
    const exited = new Promise<number | undefined>((resolve) => {
      child.once("exit", (code) => resolve(plan.isStandIn ? (code ?? undefined) : undefined));
      child.once("error", () => resolve(undefined));
    });
    try {
      await hasStarted((child.stdio as readonly unknown[])[REPORT] as net.Socket, folder);
      const main = identify(Number(readFileSync(join(folder, "pid"), "utf8")));
      // One that is over at once has left its exit code.
      const id = main ?? { pid: 0, startedAt: "over" };
      writeFileSync(join(folder, "process.json"), JSON.stringify(id));
      return new ContainerProcess(folder, id, log, clock, exited);
    } catch (error) {
      await exited;
      throw error;
    } finally {
      // Only once it is read: what is in a pipe that nobody has open is lost.
      for (const fd of fds) closeSync(fd);
    }
  }

  /** One that another kubelet started, by its folder; also one that has ended since. */
  static adopt(folder: string, log: LogFile, clock: Clock): ContainerProcess | undefined {
    let id: ProcessId;
    try {
      id = JSON.parse(readFileSync(join(folder, "process.json"), "utf8")) as ProcessId;
    } catch {
      return undefined;
    }
    return new ContainerProcess(folder, id, log, clock, Promise.resolve(undefined));
  }

  /** What it writes from now on. */
  listen(listener: (stream: "stdout" | "stderr", bytes: Buffer) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  kill(name: NodeJS.Signals): boolean {
    return signal(this.#main, name);
  }

  get isRunning(): boolean {
    return isAlive(this.#main);
  }

  /** Its standard input; the descriptor is the caller's. */
  openStdin(): number {
    return openSync(join(this.folder, "stdin"), constants.O_WRONLY | constants.O_NONBLOCK);
  }

  /** Ends its standard input for good: nobody holds it open any more. */
  closeStdin(): void {
    const holder = Number(readFileSync(join(this.folder, "stdin.holder"), "utf8"));
    if (holder > 1) process.kill(holder, "SIGKILL");
  }

  /** Lets go of it without touching it: as the kubelet stops. */
  abandon(): void {
    this.#isAbandoned = true;
    for (const reader of this.#readers) reader[Symbol.dispose]();
  }

  #read(stream: "stdout" | "stderr"): Promise<void> {
    const { O_RDONLY, O_NONBLOCK } = constants;
    const fd = openSync(join(this.folder, stream), O_RDONLY | O_NONBLOCK);
    const reader = new DescriptorReader(fd, (bytes) => {
      this.#log.write(stream, bytes);
      for (const listener of this.#listeners) listener(stream, bytes);
    });
    this.#readers.push(reader);
    return reader.closed;
  }

  async #end(exited: Promise<number | undefined>, drained: Promise<void>[]): Promise<ProcessEnd> {
    const exitCode = await exited;
    const file = join(this.folder, "exit");
    // Whoever keeps it may be gone and it may live; and its end may be written in a moment.
    while (!existsSync(file) && isAlive(this.#main) && !this.#isAbandoned) {
      await this.#clock.sleep(POLL_MS);
    }
    const isKnown = exitCode !== undefined || existsSync(file);
    if (!isKnown && !this.#isAbandoned) await this.#clock.sleep(POLL_MS);
    if (this.#isAbandoned) return { exitCode: 0, finishedAt: 0, isUnknown: true };
    await Promise.race([Promise.all(drained), this.#clock.sleep(DRAIN_MS)]);
    for (const reader of this.#readers) reader[Symbol.dispose]();
    const finishedAt = this.#clock.nowMs();
    if (exitCode !== undefined) return { exitCode, finishedAt, isUnknown: false };
    return readEnd(file) ?? { exitCode: 137, finishedAt, isUnknown: true };
  }
}

/** What the keeper of a container wrote down of its end. */
function readEnd(file: string): ProcessEnd | undefined {
  try {
    const [code = "", at = ""] = readFileSync(file, "utf8").trim().split(" ");
    const exitCode = Number.parseInt(code, 10);
    return Number.isNaN(exitCode)
      ? undefined
      : { exitCode, finishedAt: Number(at), isUnknown: false };
  } catch {
    return undefined;
  }
}

/** Resolves with the report that the program runs; what else is reported is why it does not. */
function hasStarted(report: net.Socket, folder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    const timer = setTimeout(() => {
      reject(new StartError("the container's program did not run in time"));
    }, START_TIMEOUT_MS);
    const finish = (): void => {
      clearTimeout(timer);
      report.destroy();
      if (text.startsWith("started")) resolve();
      else reject(new StartError(startFailure(text, folder)));
    };
    report.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes("\n")) finish();
    });
    report.once("end", finish);
    report.once("error", finish);
  });
}

function startFailure(text: string, folder: string): string {
  const prefix =
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: " +
    "runc create failed: unable to start container process: ";
  if (text !== "") return `${prefix}${text.trim()}: unknown`;
  const notes = readFileSync(join(folder, "start.log"), "utf8").trim();
  return `${prefix}error during container init: ${notes.split("\n").at(-1) ?? `exit code ${START_FAILED}`}: unknown`;
}
