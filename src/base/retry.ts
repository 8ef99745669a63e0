import { assert, AssertionError } from "./assert.ts";
import type { Clock } from "./clock.ts";
import { AppError } from "./errors.ts";
import type { Random } from "./random.ts";

export interface BackoffOptions {
  /** The first delay. */
  minMs: number;
  /** No delay is longer. */
  maxMs: number;
  /** By what each delay is longer than the one before; 2 without it. */
  factor?: number;
  /**
   * The part of each delay that is left to chance, from 0 to 1, so that many who failed together
   * do not come back together; 0.5 without it.
   */
  jitter?: number;
  random: Random;
}

/** How long to wait before trying again: longer each time. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #factor: number;
  readonly #jitter: number;
  readonly #random: Random;
  #delayMs: number;

  constructor(options: BackoffOptions) {
    const { minMs, maxMs, factor = 2, jitter = 0.5, random } = options;
    assert(minMs >= 0 && minMs <= maxMs && maxMs < Infinity, "a backoff goes from less to more");
    assert(factor >= 1, "a backoff does not become shorter");
    assert(jitter >= 0 && jitter <= 1, "jitter is a part of the delay");
    this.#minMs = minMs;
    this.#maxMs = maxMs;
    this.#factor = factor;
    this.#jitter = jitter;
    this.#random = random;
    this.#delayMs = minMs;
  }

  /** The delay before the next try, in milliseconds. */
  next(): number {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(this.#maxMs, delayMs * this.#factor);
    return delayMs * (1 - this.#jitter * this.#random.float());
  }

  /** Begins again with the first delay: call it after a success. */
  reset(): void {
    this.#delayMs = this.#minMs;
  }
}

export interface RetryOptions {
  /** What is tried, as a verb phrase for the error: "reading the node". */
  what: string;
  /** How many times at most, the first included. */
  attempts: number;
  backoff: Backoff;
  clock: Clock;
  /** Ends the wait between two tries, and keeps another from being made. */
  signal?: AbortSignal;
  /** Whether to try again after this error; always, without it. */
  isRetryable?: (error: unknown) => boolean;
}

/**
 * Tries until it succeeds. The last error is wrapped, with the number of attempts in its fields.
 * An abort is thrown as the signal's reason, and a mistake of the program as it is, at once.
 * `attempt` counts from 1. Success resets the backoff.
 */
export async function retry<T>(
  action: (attempt: number) => T | Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { what, attempts, backoff, clock, signal, isRetryable = () => true } = options;
  assert(Number.isSafeInteger(attempts) && attempts >= 1, "at least one attempt is made");
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const result = await action(attempt);
      backoff.reset();
      return result;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      signal?.throwIfAborted();
      if (attempt === attempts || !isRetryable(error)) {
        throw AppError.wrap(what, error, { attempts: attempt });
      }
    }
    await clock.sleep(backoff.next(), signal);
  }
}
