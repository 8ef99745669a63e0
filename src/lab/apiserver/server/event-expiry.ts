/** Events go after an hour, as in a real cluster. */
import { listPrefix } from "../store/keys.ts";
import type { ApiContext } from "./context.ts";
import { textAt } from "./json.ts";

const LIFE_MS = 3_600_000;
const INTERVAL_MS = 60_000;
/** How many go at once: a flood of old ones must not keep writers waiting. */
const MAX_AT_ONCE = 1_000;

export class EventExpiry implements Disposable {
  readonly #context: ApiContext;
  #timer: Disposable | undefined;

  constructor(context: ApiContext) {
    this.#context = context;
    this.#again();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #again(): void {
    this.#timer = this.#context.clock.setTimer(INTERVAL_MS, () => {
      this.#again();
      void this.#sweep();
    });
  }

  async #sweep(): Promise<void> {
    const { store, clock, log } = this.#context;
    const before = clock.nowMs() - LIFE_MS;
    try {
      const { items } = store.list(listPrefix("", "events"), {
        limit: MAX_AT_ONCE,
        filter: ({ object }) => lastSeenMs(object) < before,
      });
      // Whatever became of one in between, it is old no more, or gone.
      await Promise.allSettled(items.map(({ key, revision }) => store.delete(key, revision)));
    } catch (error) {
      log.warn("old events cannot be deleted now", { why: String(error) });
    }
  }
}

/** Each write of an event begins its hour anew. */
function lastSeenMs(event: unknown): number {
  const times = [
    textAt(event, "series", "lastObservedTime"),
    textAt(event, "lastTimestamp"),
    textAt(event, "metadata", "creationTimestamp"),
  ];
  return Math.max(0, ...times.map((time) => Date.parse(time) || 0));
}
