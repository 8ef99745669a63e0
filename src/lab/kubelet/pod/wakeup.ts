import type { Clock } from "#base";

/** Lets one loop wait for a moment or for somebody who has news. */
export class Wakeup {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #hasNews = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#hasNews = true;
    for (const resolve of this.#waiting) resolve();
  }

  /** Until then, or until there is news; news from before counts, once. */
  async wait(untilMs: number): Promise<void> {
    if (!this.#hasNews) await this.peek(untilMs);
    this.#hasNews = false;
  }

  /** As wait, for whoever looks on: news stays news for the loop. */
  async peek(untilMs: number): Promise<void> {
    let timer: Disposable | undefined;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        this.#waiting.delete(finish);
        resolve();
      };
      this.#waiting.add(finish);
      if (untilMs < Infinity) timer = this.#clock.setTimer(untilMs - this.#clock.nowMs(), finish);
    });
    timer?.[Symbol.dispose]();
  }
}
