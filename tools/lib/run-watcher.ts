import { type Clock, systemClock } from "#base";
import type { Running } from "./test-process.ts";

const FIRST_WORD_MS = 5_000;
const NEXT_WORD_MS = 20_000;
/** What a test gets beyond its time before its process is ended: it should end by itself. */
const GRACE_MS = 15_000;

interface WatcherOptions {
  timeoutMs: number;
  clock?: Clock;
  say: (sentence: string) => void;
  /** Ends the process. */
  end: () => void;
}

/** Says what runs when it takes long, and ends the process when a test holds its thread. */
export class RunWatcher {
  readonly #options: WatcherOptions;
  #running: Running = { file: "", test: "starting" };
  readonly #clock: Clock;
  #began: number;
  #fileBegan: number;
  #word: Disposable | undefined;
  #limit: Disposable | undefined;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#began = this.#fileBegan = this.#clock.monotonicMs();
  }

  onRunning(running: Running): void {
    const isSameFile = running.file === this.#running.file;
    this.#running = running;
    this.#began = this.#clock.monotonicMs();
    this.#limit?.[Symbol.dispose]();
    const limitMs = this.#options.timeoutMs + GRACE_MS;
    this.#limit = this.#clock.setTimer(limitMs, () => this.#end());
    if (isSameFile) return;
    this.#fileBegan = this.#began;
    this.#sayAfter(FIRST_WORD_MS);
  }

  stop(): void {
    this.#word?.[Symbol.dispose]();
    this.#limit?.[Symbol.dispose]();
  }

  #sayAfter(ms: number): void {
    this.#word?.[Symbol.dispose]();
    this.#word = this.#clock.setTimer(ms, () => {
      const { file, test } = this.#running;
      const time = this.#since(this.#fileBegan);
      this.#options.say(`${file} has been running for ${time}, now: ${test}`);
      this.#sayAfter(NEXT_WORD_MS);
    });
  }

  #end(): void {
    const { file, test } = this.#running;
    this.#options.say(
      `${file}: "${test}" has held the process for ${this.#since(this.#began)}, so it is ended.`,
    );
    this.#options.end();
  }

  #since(began: number): string {
    return `${Math.round((this.#clock.monotonicMs() - began) / 1000)} s`;
  }
}
