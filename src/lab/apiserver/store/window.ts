import { assert, assertDefined } from "#base";

import { StoreError } from "./errors.ts";
import type { StoreEvent } from "./types.ts";
import type { Stored } from "./stored.ts";

/** An event with its states as the store holds them. */
export interface WindowEvent extends StoreEvent {
  readonly stored: Stored;
  readonly previous: Stored | undefined;
}

const DEFAULT_WINDOW_EVENTS = 10_000;
/** States in the window may be large; then fewer events are kept. */
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;
/** How many dropped places at the front are kept before the rest moves up. */
const MAX_DROPPED_PLACES = 4_096;

/** The last events, in order and without a gap: revision n + 1 follows n. */
export class EventWindow {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  #events: (WindowEvent | undefined)[] = [];
  /** The place of the oldest event in #events. */
  #first = 0;
  #bytes = 0;
  #floor: number;

  /** `revision` is that of the state before the first event. */
  constructor(
    revision: number,
    maxEvents: number = DEFAULT_WINDOW_EVENTS,
    maxBytes: number = MAX_WINDOW_BYTES,
  ) {
    assert(maxEvents >= 1, "a window has room for an event");
    this.#floor = revision;
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  /** The oldest revision whose state, and all events after it, are known. */
  get floor(): number {
    return this.#floor;
  }

  /** The revision of the newest event. */
  get revision(): number {
    return this.#floor + this.#events.length - this.#first;
  }

  append(event: WindowEvent): void {
    assert(event.revision === this.revision + 1, "events have no gap");
    this.#events.push(event);
    this.#bytes += event.stored.value.length;
    while (this.#length > this.#maxEvents || (this.#bytes > this.#maxBytes && this.#length > 1)) {
      this.#dropOldest();
    }
  }

  /** Nobody goes on from before now. */
  forget(): void {
    while (this.#length > 0) this.#dropOldest();
  }

  /** Throws `expired` when events after `revision` have been dropped. */
  check(revision: number): void {
    if (revision >= this.#floor) return;
    throw new StoreError(
      "expired",
      `too old resource version: ${revision} (${this.#floor}); list again`,
      { fields: { revision, floor: this.#floor } },
    );
  }

  /** The events after `revision`, which must not have been dropped: a revision's, by its number. */
  *after(revision: number): Generator<WindowEvent, void> {
    for (let next = Math.max(revision, this.#floor) + 1; next <= this.revision; next++) {
      yield assertDefined(this.#events[this.#first + next - this.#floor - 1], "no gap in a window");
    }
  }

  get #length(): number {
    return this.#events.length - this.#first;
  }

  #dropOldest(): void {
    const oldest = assertDefined(this.#events[this.#first], "the window is not empty");
    this.#bytes -= oldest.stored.value.length;
    this.#events[this.#first] = undefined;
    this.#first += 1;
    this.#floor += 1;
    if (this.#first < MAX_DROPPED_PLACES) return;
    this.#events = this.#events.slice(this.#first);
    this.#first = 0;
  }
}
