import { assert } from "./assert.ts";

/**
 * Chance that can be repeated: the same seed gives the same numbers on every machine.
 * Not for secrets.
 */
export class Random {
  readonly seed: number;
  // The state of sfc32: small, fast, and good enough that tests see no pattern.
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    assert(Number.isSafeInteger(seed), `a seed is a whole number, not ${seed}`);
    this.seed = seed;
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 2 ** 32) | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let round = 0; round < 15; round++) this.uint32();
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 up to, and never, 1. */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from 0 to `limit` - 1; `limit` at most 2^32. */
  below(limit: number): number {
    assert(limit >= 1 && limit <= 2 ** 32, `a limit is from 1 to 2^32, not ${limit}`);
    return Math.floor(this.float() * limit);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(items: readonly [T, ...T[]]): T;
  pick<T>(items: readonly T[]): T;
  pick<T>(items: readonly T[]): T {
    assert(items.length > 0, "nothing to pick from");
    return items[this.below(items.length)] as T;
  }

  /** Puts the array itself into random order and answers it. */
  shuffle<T>(items: T[]): T[] {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      [items[last], items[other]] = [items[other] as T, items[last] as T];
    }
    return items;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.uint32() & 0xff);
  }

  /** An independent stream, so that using more of one does not shift the other. */
  fork(): Random {
    return new Random(this.uint32() * 2 ** 21 + (this.uint32() >>> 11));
  }
}
