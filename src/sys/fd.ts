import { closeSync } from "node:fs";
import { assert, openResources } from "#base";

/**
 * A file descriptor that belongs to whoever holds this object, and is closed exactly once.
 * What is left open at the end of a test run is told with the place that made it.
 */
export class Fd implements Disposable {
  readonly #what: string;
  #number: number;
  #token: number;

  /** Takes a descriptor over. `what` says what it is: `map flows`. */
  constructor(number: number, what: string) {
    assert(Number.isInteger(number) && number >= 0, `no file descriptor: ${number} of ${what}`);
    this.#number = number;
    this.#what = what;
    this.#token = openResources.opened("file descriptor", what);
  }

  /** For system calls. Throws when it is closed: its number may be somebody else's by now. */
  get number(): number {
    assert(this.#number >= 0, `${this.#what}: used after close`);
    return this.#number;
  }

  get isOpen(): boolean {
    return this.#number >= 0;
  }

  get what(): string {
    return this.#what;
  }

  /** Gives the number away: from here on somebody else closes it. */
  release(): number {
    const { number } = this;
    this.#forget();
    return number;
  }

  /** Closing twice is fine. */
  close(): void {
    if (this.#number < 0) return;
    const number = this.#number;
    this.#forget();
    closeSync(number);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #forget(): void {
    openResources.closed(this.#token);
    this.#number = -1;
    this.#token = 0;
  }
}
