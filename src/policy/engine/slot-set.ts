const WORD_BITS = 32;

/** A set of small numbers as bits: thousands of selectors times thousands of identities fit. */
export class SlotSet {
  #words: Uint32Array = new Uint32Array(0);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    return (((this.#words[slot >>> 5] ?? 0) >>> (slot & 31)) & 1) === 1;
  }

  /** Whether it was not there. */
  add(slot: number): boolean {
    const at = slot >>> 5;
    if (at >= this.#words.length) this.#grow(at);
    const before = this.#words[at] ?? 0;
    const after = before | (1 << (slot & 31));
    if (after >>> 0 === before) return false;
    this.#words[at] = after;
    this.#size += 1;
    return true;
  }

  /** Whether it was there. */
  delete(slot: number): boolean {
    if (!this.has(slot)) return false;
    const at = slot >>> 5;
    this.#words[at] = (this.#words[at] ?? 0) & ~(1 << (slot & 31));
    this.#size -= 1;
    return true;
  }

  /** Calls with each slot, in order; faster than an iterator, which matters here. */
  forEach(visit: (slot: number) => void): void {
    const words = this.#words;
    for (let at = 0; at < words.length; at++) {
      let word = words[at] ?? 0;
      while (word !== 0) {
        const bit = 31 - Math.clz32(word & -word);
        visit(at * WORD_BITS + bit);
        word &= word - 1;
      }
    }
  }

  #grow(at: number): void {
    const words = new Uint32Array(
      Math.max(at + 1, this.#words.length + (this.#words.length >>> 1)),
    );
    words.set(this.#words);
    this.#words = words;
  }
}
