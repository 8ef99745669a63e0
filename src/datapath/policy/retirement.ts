import { AppError, type Clock } from "#base";

/** Programs that began before have ended by then, and the kernel is done with what they held. */
const GRACE_MS = 50;
/** Between tries of what could not be done. */
const RETRY_MS = 1000;

interface Waiting {
  readonly act: () => boolean;
  dueMs: number;
}

/** Does things a moment later, when no program can be in the middle of what they take away. */
export class Retirement implements Disposable {
  readonly #clock: Clock;
  readonly #onDone: () => void;
  readonly #waiting = new Set<Waiting>();
  #timer: Disposable | undefined;
  #isStopped = false;
  #whenEmpty: (() => void)[] = [];

  /** `onDone` is told once for all that was done at a time. */
  constructor(clock: Clock, onDone: () => void) {
    this.#clock = clock;
    this.#onDone = onDone;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** `act` answers whether it is done; if not, or where an operation failed, it is asked again. */
  add(act: () => boolean): void {
    if (this.#isStopped) return;
    this.#waiting.add({ act, dueMs: this.#clock.monotonicMs() + GRACE_MS });
    this.#schedule();
  }

  /** Resolves when nothing waits any more, or it is stopped. */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#isStopped) {
      await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    }
  }

  /** What waits is left as it is: nobody uses it, and the next process finds it. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#timer?.[Symbol.dispose]();
    this.#release();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#waiting.size === 0 || this.#isStopped) return;
    const dueMs = Math.min(...[...this.#waiting].map((each) => each.dueMs));
    this.#timer = this.#clock.setTimer(dueMs - this.#clock.monotonicMs(), () => {
      this.#timer = undefined;
      this.#run();
      this.#schedule();
    });
  }

  #run(): void {
    const nowMs = this.#clock.monotonicMs();
    let isAnyDone = false;
    for (const each of this.#waiting) {
      if (each.dueMs > nowMs) continue;
      const isDone = this.#isDone(each);
      if (isDone) this.#waiting.delete(each);
      else each.dueMs = nowMs + RETRY_MS;
      isAnyDone ||= isDone;
    }
    if (isAnyDone) this.#onDone();
    if (this.#waiting.size === 0) this.#release();
  }

  #isDone({ act }: Waiting): boolean {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return false;
    }
  }

  #release(): void {
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }
}
