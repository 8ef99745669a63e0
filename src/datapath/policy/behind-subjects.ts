import type { AppError, Clock } from "#base";

const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 60_000;

/** A subject whose policy could not be written. */
export interface BehindSubject {
  readonly subject: string;
  readonly error: string;
  readonly attempts: number;
}

/** Remembers what could not be written, and has it tried again, with growing pauses. */
export class BehindSubjects implements Disposable {
  readonly #clock: Clock;
  readonly #retry: (subjects: readonly string[]) => void;
  readonly #subjects = new Map<string, BehindSubject>();
  #delayMs = MIN_RETRY_MS;
  #timer: Disposable | undefined;
  #isStopped = false;

  /** `retry` adds each again, or deletes it. */
  constructor(clock: Clock, retry: (subjects: readonly string[]) => void) {
    this.#clock = clock;
    this.#retry = retry;
  }

  has(subject: string): boolean {
    return this.#subjects.has(subject);
  }

  add(subject: string, error: AppError): void {
    const attempts = (this.#subjects.get(subject)?.attempts ?? 0) + 1;
    this.#subjects.set(subject, { subject, error: error.message, attempts });
    this.#schedule();
  }

  delete(subject: string): void {
    this.#subjects.delete(subject);
    if (this.#subjects.size > 0) return;
    this.#delayMs = MIN_RETRY_MS;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  list(): BehindSubject[] {
    return [...this.#subjects.values()];
  }

  /** There is room again. */
  retryNow(): void {
    if (this.#subjects.size > 0) this.#retry([...this.#subjects.keys()]);
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#timer = this.#clock.setTimer(this.#delayMs, () => {
      this.#timer = undefined;
      this.#delayMs = Math.min(MAX_RETRY_MS, this.#delayMs * 2);
      this.retryNow();
    });
  }
}
