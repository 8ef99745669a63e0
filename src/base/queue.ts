import { assert } from "./assert.ts";

export interface BoundedQueueOptions {
  /** For metrics and messages. */
  name: string;
  maxItems: number;
  /**
   * What a push into a full queue loses: itself ("refuse", the default), or the item that has
   * waited longest ("drop-oldest").
   */
  whenFull?: "refuse" | "drop-oldest";
}

/** Anything but undefined, which says that there is none. */
type Item = object | string | number | bigint | boolean | null;

/** What the ring begins with; it doubles up to `maxItems`. */
const INITIAL_SLOTS = 16;

interface Taker<T> {
  deliver: (item: T | undefined) => void;
}

/**
 * First in, first out, between one task and another, of at most `maxItems`. Every operation takes
 * constant time. Items are handed over: the queue owns them only while they are in it, and
 * disposes of none.
 */
export class BoundedQueue<T extends Item> implements Disposable {
  readonly name: string;
  readonly maxItems: number;
  readonly #dropsOldest: boolean;
  /** A ring: `length` items from `#head` on. Never holds any while a taker waits. */
  #slots: (T | undefined)[];
  #head = 0;
  #length = 0;
  #dropped = 0;
  #isClosed = false;
  /** In the order they came. */
  readonly #takers = new Set<Taker<T>>();

  constructor(options: BoundedQueueOptions) {
    const { name, maxItems, whenFull = "refuse" } = options;
    assert(Number.isSafeInteger(maxItems) && maxItems >= 1, `queue ${name} holds at least one`);
    this.name = name;
    this.maxItems = maxItems;
    this.#dropsOldest = whenFull === "drop-oldest";
    this.#slots = emptySlots(Math.min(maxItems, INITIAL_SLOTS));
  }

  get length(): number {
    return this.#length;
  }

  /** How many items were lost because the queue was full: refused or, as the oldest, dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Answers whether the item was taken; a closed queue takes none. */
  push(item: T): boolean {
    if (this.#isClosed) return false;
    const [taker] = this.#takers;
    if (taker !== undefined) {
      this.#takers.delete(taker);
      taker.deliver(item);
      return true;
    }
    if (this.#length === this.maxItems) {
      this.#dropped += 1;
      if (!this.#dropsOldest) return false;
      this.#shift();
    } else if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) % this.#slots.length] = item;
    this.#length += 1;
    return true;
  }

  /** The next item if there is one. */
  tryTake(): T | undefined {
    return this.#length === 0 ? undefined : this.#shift();
  }

  /**
   * The next item, once there is one; undefined when the queue is closed and empty. Rejects with
   * the signal's reason when that is aborted, and has then taken nothing.
   */
  take(signal?: AbortSignal): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.#length > 0 || this.#isClosed) {
        resolve(this.tryTake());
        return;
      }
      const onAbort = (): void => {
        this.#takers.delete(taker);
        reject(signal?.reason);
      };
      const taker: Taker<T> = {
        deliver(item) {
          signal?.removeEventListener("abort", onAbort);
          resolve(item);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#takers.add(taker);
    });
  }

  /** Takes items as they come, until the queue is closed and empty. */
  async *items(signal?: AbortSignal): AsyncGenerator<T, void, void> {
    for (;;) {
      const item = await this.take(signal);
      if (item === undefined) return;
      yield item;
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    return this.items();
  }

  /** Takes nothing more. What is in it can still be taken; who waits for more is told. */
  close(): void {
    this.#isClosed = true;
    for (const taker of this.#takers) taker.deliver(undefined);
    this.#takers.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #shift(): T {
    const item = this.#slots[this.#head] as T;
    // What was taken must not be kept alive by the ring.
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#length -= 1;
    return item;
  }

  #grow(): void {
    const grown = emptySlots<T>(Math.min(this.maxItems, this.#slots.length * 2));
    for (let index = 0; index < this.#length; index++) {
      grown[index] = this.#slots[(this.#head + index) % this.#slots.length];
    }
    this.#slots = grown;
    this.#head = 0;
  }
}

function emptySlots<T>(count: number): (T | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
