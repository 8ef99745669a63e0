import { AppError, assert } from "#base";

/** The programs' table of endpoints has room for those below; 0 stands for "none". */
export const MAX_SLOT = 4095;

/**
 * Hands out slots: indexes for the host's side of pods' cables. What was freed last comes last, so
 * that a number names somebody else only when nothing speaks of the one before any more.
 */
export class SlotAllocator {
  /** In the order in which they are handed out. */
  readonly #free: Set<number>;
  /** Indexes that other devices of the namespace have. */
  #foreign: ReadonlySet<number> = new Set();

  constructor() {
    this.#free = new Set(Array.from({ length: MAX_SLOT }, (_, at) => at + 1));
  }

  /** How many can be had. */
  get available(): number {
    let count = this.#free.size;
    for (const index of this.#foreign) count -= this.#free.has(index) ? 1 : 0;
    return count;
  }

  /**
   * The indexes that devices of others have, all of them: the kernel numbers those as it likes.
   * They come and go, so tell them before slots are taken.
   */
  avoid(indexes: Iterable<number>): void {
    this.#foreign = new Set(indexes);
  }

  take(): number {
    for (const slot of this.#free) {
      if (this.#foreign.has(slot)) continue;
      this.#free.delete(slot);
      return slot;
    }
    throw new AppError(
      "no-slots",
      `all ${MAX_SLOT} indexes for pods' devices are in use on this node`,
    );
  }

  /** One that exists already, from before this process. Answers whether it was free. */
  restore(slot: number): boolean {
    assert(isSlot(slot), `${slot} cannot be a slot`);
    return this.#free.delete(slot);
  }

  /** To be done once the device is gone. */
  free(slot: number): void {
    assert(isSlot(slot) && !this.#free.has(slot), `slot ${slot} was not taken`);
    this.#free.add(slot);
  }
}

function isSlot(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= MAX_SLOT;
}
