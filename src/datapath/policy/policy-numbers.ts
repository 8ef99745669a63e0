import { AppError, assert } from "#base";

/** Hands out the numbers of policies: 1 and up, and none that may be in use. */
export class PolicyNumbers {
  readonly #end: number;
  readonly #taken = new Set<number>();
  #last = 0;

  /** `capacity` is that of the map of policies; `inUse`, what somebody left there. */
  constructor(capacity: number, inUse: Iterable<number>) {
    this.#end = capacity;
    for (const number of inUse) this.#taken.add(number);
  }

  get count(): number {
    return this.#taken.size;
  }

  /** Not the one that was given back last: programs may still have it in their hands. */
  take(): number {
    for (let tries = 1; tries < this.#end; tries++) {
      this.#last = this.#last + 1 < this.#end ? this.#last + 1 : 1;
      if (this.#taken.has(this.#last)) continue;
      this.#taken.add(this.#last);
      return this.#last;
    }
    throw new AppError("no-policy-number", `all ${this.#end - 1} numbers of policies are in use`, {
      fields: { capacity: this.#end },
    });
  }

  giveBack(number: number): void {
    assert(this.#taken.delete(number), `policy number ${number} was not taken`);
  }
}
