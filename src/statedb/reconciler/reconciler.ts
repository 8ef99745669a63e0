import { assert, systemClock } from "#base";
import type { ChangeStream } from "../changes.ts";
import type { StateDb } from "../state-db.ts";
import type { Table } from "../table.ts";
import { checkOptions } from "./options.ts";
import {
  type Failures,
  type ReconcilerMetrics,
  type ReconcilerOptions,
  statusTable,
  type StatusTable,
  type Target,
} from "./types.ts";
import { type Work, WorkQueue } from "./work-queue.ts";

const defaults: ReconcilerOptions = {
  batchSize: 1000,
  minBackoffMs: 100,
  maxBackoffMs: 60_000,
  pruneIntervalMs: 30 * 60_000,
  refreshIntervalMs: 0,
  clock: systemClock,
  onFailure: () => {},
};

/** The longest sleep: timers of Node hold at most 2^31 ms. */
const MAX_SLEEP_MS = 3_600_000;

/**
 * Keeps one target in step with one table: brings changed objects there in batches, takes
 * deleted ones away, tries failed ones again with growing pauses, and, once the table is
 * initialized, removes from the target what the table does not know.
 *
 * It owns its stream of changes and its status table, and is the only one that writes to the
 * target. One operation runs at a time. Where an object stands in the target must follow from
 * its primary key: then whatever version was there last, the next one or the deletion finds it.
 */
export class Reconciler<T extends object> implements AsyncDisposable {
  readonly name: string;
  /** What became of each object; in the same database, for status commands and tests. */
  readonly statuses: StatusTable;
  readonly #db: StateDb;
  readonly #table: Table<T, never>;
  readonly #target: Target<T>;
  readonly #options: ReconcilerOptions;
  readonly #changes: ChangeStream<T>;
  readonly #watch: Disposable;
  readonly #queue = new WorkQueue<T>();
  readonly #stop = new AbortController();
  readonly #counts = { updates: 0, deletes: 0, prunes: 0, failures: 0 };
  #running: Promise<void> | undefined;
  #inFlight: readonly Work<T>[] = [];
  #wake: (() => void) | undefined;
  /** When the first commit came that the queue does not know of yet. */
  #behindSinceMs: number | undefined;
  /** When to prune next; undefined: never again. */
  #nextPruneMs: number | undefined = 0;
  #pruneAttempts = 0;
  #isPruning = false;
  #settledWaiters: (() => void)[] = [];

  constructor(
    name: string,
    db: StateDb,
    table: Table<T, never>,
    target: Target<T>,
    options: Partial<ReconcilerOptions> = {},
  ) {
    this.name = name;
    this.#db = db;
    this.#table = table;
    this.#target = target;
    this.#options = checkOptions(name, { ...defaults, ...options });
    this.statuses = statusTable(name);
    db.addTable(this.statuses);
    this.#changes = db.changes(table);
    this.#watch = db.watch(table, () => {
      this.#behindSinceMs ??= this.#nowMs();
      this.#wake?.();
    });
  }

  /** Begins to work, in the background, until it is disposed. */
  start(): void {
    assert(this.#running === undefined, `reconciler ${this.name} was started twice`);
    this.#running = this.#run();
  }

  /** Stops after the operation that is under way, which sees its signal aborted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake?.();
    await this.#running;
    this.#watch[Symbol.dispose]();
    this.#changes[Symbol.dispose]();
    this.#releaseSettled();
  }

  /**
   * Resolves when the target holds what is in the table and nothing else, or the reconciler is
   * disposed. An object that keeps failing keeps it waiting.
   */
  async settled(): Promise<void> {
    while (!this.#isSettled() && !this.#stop.signal.aborted) {
      await new Promise<void>((resolve) => this.#settledWaiters.push(resolve));
    }
  }

  metrics(): ReconcilerMetrics {
    const since = [
      this.#queue.oldestMs(),
      this.#behindSinceMs,
      ...this.#inFlight.map((work) => work.sinceMs),
    ];
    const known = since.filter((ms) => ms !== undefined);
    return {
      pending: this.#queue.size + this.#inFlight.length,
      failing: this.#queue.waiting,
      lagMs: known.length === 0 ? 0 : Math.max(0, this.#nowMs() - Math.min(...known)),
      ...this.#counts,
    };
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#collect();
      this.#queue.wakeDue(this.#nowMs());
      if (this.#queue.hasReady) {
        await this.#reconcileBatch();
        // A target that answers at once must not keep the thread from everybody else.
        if (this.#queue.hasReady) await this.#options.clock.sleep(0);
      } else if (this.#isPruneDue()) {
        await this.#prune();
      } else if (!this.#addRefreshes()) {
        if (this.#isSettled()) this.#releaseSettled();
        await this.#sleep();
      }
    }
  }

  /** Turns what changed in the table into work. */
  #collect(): void {
    const behindSinceMs = this.#behindSinceMs ?? this.#nowMs();
    this.#behindSinceMs = undefined;
    for (let changes = this.#changes.next(); changes.length > 0; changes = this.#changes.next()) {
      for (const change of changes) {
        this.#queue.add({
          operation: change.kind === "delete" ? "delete" : "update",
          key: change.key,
          object: change.object,
          revision: change.kind === "delete" ? this.#db.snapshot().revision : change.revision,
          sinceMs: this.#queue.get(change.key)?.sinceMs ?? behindSinceMs,
          attempts: 0,
          isAlone: false,
        });
      }
    }
  }

  async #reconcileBatch(): Promise<void> {
    const batch = this.#queue.takeBatch(this.#options.batchSize);
    const operation = batch[0]?.operation;
    if (operation === undefined) return;
    const objects = batch.map((work) => work.object);
    const { signal } = this.#stop;
    this.#inFlight = batch;
    let failures: Failures<T>;
    let hasThrown = false;
    try {
      failures = (await this.#target[operation](objects, signal)) ?? new Map<T, unknown>();
    } catch (error) {
      failures = new Map(objects.map((object) => [object, error]));
      hasThrown = true;
    }
    this.#inFlight = [];
    // What was interrupted is neither done nor failed: the next reconciler starts over.
    if (hasThrown && signal.aborted) return;
    this.#settleBatch(batch, failures, hasThrown);
  }

  /** Notes what became of a batch: statuses, counts, and when to try again. */
  #settleBatch(batch: readonly Work<T>[], failures: Failures<T>, hasThrown: boolean): void {
    const atMs = this.#options.clock.nowMs();
    this.#db.write((transaction) => {
      for (const work of batch) {
        const { key, operation, revision } = work;
        const hasFailed = failures.has(work.object);
        const error = failures.get(work.object);
        const attempts = hasFailed ? work.attempts + 1 : 0;
        if (!hasFailed) this.#counts[operation === "delete" ? "deletes" : "updates"] += 1;
        if (!hasFailed && operation === "delete") {
          transaction.delete(this.statuses, key);
          continue;
        }
        transaction.insert(this.statuses, {
          key,
          operation,
          revision,
          attempts,
          atMs,
          state: hasFailed ? "failed" : "done",
          error: hasFailed ? messageOf(error) : undefined,
        });
        if (hasFailed)
          this.#retry({ ...work, attempts, isAlone: work.isAlone || hasThrown }, error);
      }
    });
  }

  #retry(work: Work<T>, error: unknown): void {
    const retryInMs = this.#backoffMs(work.attempts);
    // Newer work for the object may have come in meanwhile, and makes this one needless.
    if (this.#queue.get(work.key) === undefined)
      this.#queue.addLater(work, this.#nowMs() + retryInMs);
    this.#noteFailure(work.operation, work.key, error, work.attempts, retryInMs);
  }

  async #prune(): Promise<void> {
    const { pruneIntervalMs } = this.#options;
    this.#isPruning = true;
    try {
      await this.#target.prune(this.#db.snapshot().all(this.#table), this.#stop.signal);
      this.#counts.prunes += 1;
      this.#pruneAttempts = 0;
      this.#nextPruneMs = pruneIntervalMs === 0 ? undefined : this.#nowMs() + pruneIntervalMs;
    } catch (error) {
      this.#pruneAttempts += 1;
      const retryInMs = this.#backoffMs(this.#pruneAttempts);
      this.#nextPruneMs = this.#nowMs() + retryInMs;
      this.#noteFailure("prune", undefined, error, this.#pruneAttempts, retryInMs);
    }
    this.#isPruning = false;
  }

  #isPruneDue(): boolean {
    if (this.#nextPruneMs === undefined || this.#nowMs() < this.#nextPruneMs) return false;
    return this.#db.snapshot().isInitialized(this.#table);
  }

  /** Makes work of what was brought to the target longest ago; true when there was any. */
  #addRefreshes(): boolean {
    const { refreshIntervalMs, batchSize } = this.#options;
    if (refreshIntervalMs === 0) return false;
    const nowMs = this.#options.clock.nowMs();
    const sinceMs = this.#nowMs();
    const snapshot = this.#db.snapshot();
    let added = 0;
    for (const status of snapshot.byPrefix(this.statuses, "age", "")) {
      if (added >= batchSize || status.atMs + refreshIntervalMs > nowMs) break;
      const row = snapshot.row(this.#table, status.key);
      if (row === undefined) continue;
      const { object, revision } = row;
      const { key } = status;
      this.#queue.add({
        operation: "update",
        key,
        object,
        revision,
        sinceMs,
        attempts: 0,
        isAlone: false,
      });
      added += 1;
    }
    return added > 0;
  }

  /** Until the table changes, something is due, or the reconciler is stopped. */
  async #sleep(): Promise<void> {
    const snapshot = this.#db.snapshot();
    const due: number[] = [this.#nowMs() + MAX_SLEEP_MS];
    const nextDueMs = this.#queue.nextDueMs();
    if (nextDueMs !== undefined) due.push(nextDueMs);
    if (this.#nextPruneMs !== undefined && snapshot.isInitialized(this.#table))
      due.push(this.#nextPruneMs);
    if (this.#options.refreshIntervalMs > 0) {
      const oldest = snapshot.byPrefix(this.statuses, "age", "").next();
      if (oldest.done !== true) {
        const ageMs = this.#options.clock.nowMs() - oldest.value.atMs;
        due.push(this.#nowMs() + this.#options.refreshIntervalMs - ageMs);
      }
    }
    const sleepMs = Math.max(0, Math.min(...due) - this.#nowMs());
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(sleepMs, resolve);
      this.#wake = () => {
        timer[Symbol.dispose]();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  #isSettled(): boolean {
    const isIdle = this.#inFlight.length === 0 && !this.#isPruning && this.#queue.size === 0;
    return isIdle && this.#pruneAttempts === 0 && !this.#changes.isBehind() && !this.#isPruneDue();
  }

  #releaseSettled(): void {
    const waiters = this.#settledWaiters;
    this.#settledWaiters = [];
    for (const release of waiters) release();
  }

  #noteFailure(
    operation: "update" | "delete" | "prune",
    key: string | undefined,
    error: unknown,
    attempts: number,
    retryInMs: number,
  ): void {
    this.#counts.failures += 1;
    this.#options.onFailure({ reconciler: this.name, operation, key, error, attempts, retryInMs });
  }

  #backoffMs(attempts: number): number {
    const { minBackoffMs, maxBackoffMs } = this.#options;
    return Math.min(maxBackoffMs, minBackoffMs * 2 ** (attempts - 1));
  }

  /** Time that no one sets back: for all that is due. */
  #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
