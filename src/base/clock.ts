import { assert } from "./assert.ts";

/** Time as everything that waits or stamps sees it: the machine's, or a test's. */
export interface Clock {
  /** The time of day in milliseconds since 1970. It may be set back. */
  nowMs(): number;
  /** Milliseconds since a moment of no meaning. Never goes back: for durations and deadlines. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when that is aborted, before or during the wait. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `callback` once, unless disposed of before. Of no or negative time: as soon as it can. */
  setTimer(ms: number, callback: () => void): Disposable;
}

/** What setTimeout can wait; it takes anything longer for nothing. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleepBy(systemClock, ms, signal),
  setTimer(ms, callback) {
    let leftMs = atLeastZero(ms);
    let timeout: ReturnType<typeof setTimeout>;
    const wait = (): void => {
      const stepMs = Math.min(leftMs, MAX_TIMEOUT_MS);
      leftMs -= stepMs;
      timeout = setTimeout(leftMs > 0 ? wait : callback, stepMs);
    };
    wait();
    return { [Symbol.dispose]: () => clearTimeout(timeout) };
  },
};

/** What a FakeClock begins with: 2024-01-01, so that dates in tests can be read. */
const FAKE_START_MS = 1_704_067_200_000;
/** How many links of a promise chain run before the next timer is due. */
const MAX_SETTLE_TURNS = 100;
/** How often a timer may set another with no delay, which sets another, before time must pass. */
const MAX_GENERATIONS = 1_000;

interface FakeTimer {
  dueMs: number;
  /** Orders timers of one instant by when they were set. */
  sequence: number;
  /** How many timers with no delay led to this one, each set by the one before. */
  generation: number;
  callback: () => void;
}

/** Time that stands still until `advance`. The same calls give the same order, always. */
export class FakeClock implements Clock {
  readonly #startMs: number;
  #elapsedMs = 0;
  #nextSequence = 0;
  #isAdvancing = false;
  /** That of the timer which ran last. */
  #generation = 0;
  /** The soonest last. */
  readonly #timers: FakeTimer[] = [];

  /** `startMs` is the time of day it begins with. */
  constructor(startMs: number = FAKE_START_MS) {
    this.#startMs = startMs;
  }

  /** How many timers, sleeps among them, wait. */
  get pending(): number {
    return this.#timers.length;
  }

  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepBy(this, ms, signal);
  }

  setTimer(ms: number, callback: () => void): Disposable {
    const dueMs = this.#elapsedMs + atLeastZero(ms);
    const generation = dueMs > this.#elapsedMs ? 0 : this.#generation + 1;
    const timer = { dueMs, sequence: this.#nextSequence++, generation, callback };
    this.#timers.splice(this.#placeOf(timer), 0, timer);
    return {
      [Symbol.dispose]: () => {
        const place = this.#placeOf(timer);
        if (this.#timers[place] === timer) this.#timers.splice(place, 1);
      },
    };
  }

  /**
   * Lets `ms` pass: runs what is due, in order, each at its own time, with promise chains settled
   * before, between and after. What waits for the machine (a file, a socket) is not waited for.
   */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0 && ms < Infinity, "time goes on, and not for ever at once");
    assert(!this.#isAdvancing, "advance is not awaited before the next, or called by a timer");
    this.#isAdvancing = true;
    try {
      await settle();
      await this.#runUntil(this.#elapsedMs + ms);
    } finally {
      this.#isAdvancing = false;
      this.#generation = 0;
    }
  }

  async #runUntil(endMs: number): Promise<void> {
    for (let next = this.#timers.at(-1); next && next.dueMs <= endMs; next = this.#timers.at(-1)) {
      assert(next.generation <= MAX_GENERATIONS, "timers set each other with no delay, for ever");
      this.#timers.pop();
      this.#elapsedMs = next.dueMs;
      this.#generation = next.generation;
      next.callback();
      await settle();
    }
    this.#elapsedMs = endMs;
  }

  /** Where the timer is, or where it belongs: after all that are due later. */
  #placeOf(timer: FakeTimer): number {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#timers[middle] as FakeTimer;
      const difference = other.dueMs - timer.dueMs || other.sequence - timer.sequence;
      if (difference > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function sleepBy(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function atLeastZero(ms: number): number {
  assert(!Number.isNaN(ms), "a time to wait is a number");
  return Math.max(0, ms);
}

/** Only microtasks: a turn of the event loop for each timer would cost a millisecond each. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < MAX_SETTLE_TURNS; turn++) await Promise.resolve();
}
