import { BoundedQueue } from "#base";
import type { NetlinkEvent, SubscriptionOptions } from "./types.ts";

const DEFAULT_MAX_QUEUED = 10_000;
const LOST: NetlinkEvent = { kind: "lost" };

/** A bounded queue of events that says, in its place, that some were lost. */
export class EventQueue implements AsyncIterable<NetlinkEvent>, Disposable {
  readonly #queue: BoundedQueue<NetlinkEvent>;
  readonly #maxQueued: number;
  #isLossQueued = false;
  #losses = 0;

  constructor({ maxQueued = DEFAULT_MAX_QUEUED }: SubscriptionOptions) {
    this.#maxQueued = maxQueued;
    // One place more, for the word that events were lost.
    this.#queue = new BoundedQueue({ name: "netlink events", maxItems: maxQueued + 1 });
  }

  get losses(): number {
    return this.#losses;
  }

  push(event: NetlinkEvent): void {
    // Whoever has yet to take the word of a loss will list everything after this event.
    if (this.#isLossQueued) return;
    if (this.#queue.length >= this.#maxQueued) this.lose();
    else this.#queue.push(event);
  }

  lose(): void {
    this.#losses += 1;
    if (this.#isLossQueued) return;
    this.#isLossQueued = true;
    this.#queue.push(LOST);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<NetlinkEvent, void, void> {
    for (;;) {
      const event = await this.#queue.take();
      if (event === undefined) return;
      if (event === LOST) this.#isLossQueued = false;
      yield event;
    }
  }

  [Symbol.dispose](): void {
    this.#queue.close();
  }
}
