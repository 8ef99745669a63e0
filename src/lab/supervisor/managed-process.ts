import { Backoff, type Clock, Random } from "#base";
import type { Logger } from "#base/log";
import {
  endProcess,
  isAlive,
  type ProcessIdentity,
  readPidFile,
  removePidFile,
  writePidFile,
} from "./process-identity.ts";

/** Who ran this long may be started again at once. */
const STEADY_MS = 10_000;
const POLL_MS = 250;
const BACKOFF = { minMs: 200, maxMs: 10_000 };
/** How long a process may take to stop by itself. */
const STOP_PATIENCE_MS = 5_000;

export interface ProcessStatus {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  /** How often it ended without being asked to. */
  readonly restarts: number;
}

interface ManagedProcessOptions {
  readonly name: string;
  readonly pidFile: string;
  readonly start: () => Promise<ProcessIdentity>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A process that is to run: started again when it ends, sooner or later by how long it ran. One
 * that runs already, left by a supervisor that was killed, is taken over as it is.
 */
export class ManagedProcess implements AsyncDisposable {
  readonly #options: ManagedProcessOptions;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #running: ProcessIdentity | undefined;
  #restarts = 0;

  constructor(options: ManagedProcessOptions) {
    this.#options = options;
    this.#done = this.#keep();
  }

  get status(): ProcessStatus {
    const { name } = this.#options;
    return { name, pid: this.#running?.pid, restarts: this.#restarts };
  }

  /** Stops it and waits until it is gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
    const { pidFile, clock } = this.#options;
    if (this.#running !== undefined) await endProcess(this.#running, STOP_PATIENCE_MS, clock);
    this.#running = undefined;
    removePidFile(pidFile);
  }

  async #keep(): Promise<void> {
    const { name, clock, logger } = this.#options;
    const backoff = new Backoff({ ...BACKOFF, random: new Random(process.pid) });
    while (!this.#stop.signal.aborted) {
      const beganMs = clock.monotonicMs();
      try {
        this.#running = await this.#takeOrStart();
        await this.#wait(this.#running);
      } catch (error) {
        logger.error(`${name} cannot be started`, { error });
      }
      if (this.#stop.signal.aborted) return;
      this.#running = undefined;
      this.#restarts++;
      if (clock.monotonicMs() - beganMs >= STEADY_MS) backoff.reset();
      const delayMs = backoff.next();
      logger.warn(`${name} ended and is started again`, { restarts: this.#restarts, delayMs });
      await this.#pause(delayMs);
    }
  }

  async #takeOrStart(): Promise<ProcessIdentity> {
    const { name, pidFile, start, logger } = this.#options;
    const left = readPidFile(pidFile);
    if (left !== undefined) {
      logger.info(`${name} runs already`, { pid: left.pid });
      return left;
    }
    const started = await start();
    writePidFile(pidFile, started);
    logger.info(`${name} started`, { pid: started.pid });
    return started;
  }

  /** By looking: one that was taken over is nobody's child whose end would be told. */
  async #wait(identity: ProcessIdentity): Promise<void> {
    while (!this.#stop.signal.aborted && isAlive(identity)) await this.#pause(POLL_MS);
  }

  async #pause(ms: number): Promise<void> {
    // An abort only cuts the pause short.
    await this.#options.clock.sleep(ms, this.#stop.signal).catch(() => {});
  }
}
