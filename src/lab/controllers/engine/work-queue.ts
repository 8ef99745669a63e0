/**
 * Keys to be worked on: each is in the queue once however often it is added, and is never worked
 * on twice at a time; one added meanwhile is worked on again. What fails is tried again, later each
 * time.
 */
import type { Clock } from "#base";

interface WorkQueueOptions {
  readonly clock: Clock;
  /** How many keys are worked on at a time. */
  readonly workers: number;
  /** Never rejects: it tells the queue by `retry` or `forget` how it went. */
  readonly work: (key: string) => Promise<void>;
}

const MIN_RETRY_MS = 5;
/** Kubernetes waits up to 1000 s; who tries a lab does not. */
const MAX_RETRY_MS = 30_000;
/** Beyond it, a power of two has long been over the longest wait. */
const MAX_COUNTED_FAILURES = 30;

export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #working = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, number>();
  /** The soonest time for each key that waits for one. */
  readonly #timers = new Map<string, { dueMs: number; timer: Disposable }>();
  #isStarted = false;
  #isClosed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Before it, keys are only gathered. */
  start(): void {
    this.#isStarted = true;
    this.#pump();
  }

  get size(): number {
    return this.#waiting.size + this.#working.size;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    this.#waiting.add(key);
    this.#pump();
  }

  /** An earlier time for the same key wins. */
  addAfter(key: string, ms: number): void {
    if (this.#isClosed) return;
    const dueMs = this.#options.clock.monotonicMs() + ms;
    const set = this.#timers.get(key);
    if (set !== undefined && set.dueMs <= dueMs) return;
    set?.timer[Symbol.dispose]();
    const timer = this.#options.clock.setTimer(ms, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { dueMs, timer });
  }

  retry(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, Math.min(failures + 1, MAX_COUNTED_FAILURES));
    this.addAfter(key, Math.min(MAX_RETRY_MS, MIN_RETRY_MS * 2 ** failures));
  }

  /** It went well: the next failure is the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Waits for what is being worked on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const { timer } of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
    this.#waiting.clear();
    await Promise.all(this.#working.values());
  }

  #pump(): void {
    if (!this.#isStarted || this.#isClosed) return;
    for (const key of this.#waiting) {
      if (this.#working.size >= this.#options.workers) return;
      if (this.#working.has(key)) continue;
      this.#waiting.delete(key);
      this.#working.set(key, this.#run(key));
    }
  }

  async #run(key: string): Promise<void> {
    // The key must be seen in `#working` before the work, which may add keys, begins.
    await Promise.resolve();
    await this.#options.work(key);
    this.#working.delete(key);
    this.#pump();
  }
}
