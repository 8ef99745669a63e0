import { assert } from "#base";

import type { StoreEvent, StoreWatch } from "./types.ts";
import type { EventWindow, WindowEvent } from "./window.ts";

/** What one `next` answers at most, so that one reader does not hold up all others. */
const MAX_EVENTS_AT_ONCE = 1_000;

/**
 * A place in the window. It holds no events of its own: whoever reads slowly costs nothing, until
 * the window has moved past him.
 */
export class WindowWatch implements StoreWatch {
  readonly #prefix: string;
  readonly #window: EventWindow;
  readonly #onClose: (watch: WindowWatch) => void;
  #revision: number;
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(
    window: EventWindow,
    prefix: string,
    revision: number,
    onClose: (watch: WindowWatch) => void,
  ) {
    this.#window = window;
    this.#prefix = prefix;
    this.#revision = revision;
    this.#onClose = onClose;
  }

  get revision(): number {
    return this.#revision;
  }

  async next(): Promise<readonly StoreEvent[] | undefined> {
    assert(this.#wake === undefined, "a watch is read by one at a time");
    for (;;) {
      if (this.#isClosed) return undefined;
      const events = this.#collect();
      if (events.length > 0) return events;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** By the store, after each commit. */
  onCommit(events: readonly WindowEvent[]): void {
    if (this.#wake === undefined) return;
    const isConcerned = events.some(
      ({ revision, stored }) => revision > this.#revision && stored.key.startsWith(this.#prefix),
    );
    if (isConcerned) this.#wakeUp();
    // Nothing of it was for this watch, so that it has seen all there is.
    else this.#advance(this.#window.revision);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose(this);
    this.#wakeUp();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #collect(): StoreEvent[] {
    this.#window.check(this.#revision);
    const events: StoreEvent[] = [];
    for (const event of this.#window.after(this.#revision)) {
      if (event.stored.key.startsWith(this.#prefix)) events.push(event);
      this.#advance(event.revision);
      if (events.length === MAX_EVENTS_AT_ONCE) break;
    }
    return events;
  }

  /** A watch that was begun in the future stays there until the present has come. */
  #advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
