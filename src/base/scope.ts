import { assert } from "./assert.ts";

/**
 * Owns what is put into it and disposes of it in reverse order: what Node 20 lacks of
 * DisposableStack. One disposer that throws does not keep the others from running; what was
 * thrown is thrown at the end, several as an AggregateError.
 *
 * A constructor that opens several things holds them in a `using` scope and, when nothing can
 * fail any more, moves them into a field of its own: `this.#scope = scope.move()`.
 */
export class Scope implements Disposable {
  /** Undefined once closed. */
  #disposers: (() => void)[] | undefined = [];

  /** Closed by disposal or by `move`: it takes nothing more. */
  get isClosed(): boolean {
    return this.#disposers === undefined;
  }

  /** Takes ownership of `value`, and answers it. */
  use<T extends Disposable>(value: T): T {
    this.#open().push(() => value[Symbol.dispose]());
    return value;
  }

  /** Has `disposer` run at disposal. */
  defer(disposer: () => void): void {
    this.#open().push(disposer);
  }

  /** A new scope that owns everything; this one owns nothing more and is closed. */
  move(): Scope {
    const moved = new Scope();
    moved.#disposers = this.#open();
    this.#disposers = undefined;
    return moved;
  }

  /** The second time, nothing happens. */
  [Symbol.dispose](): void {
    const disposers = this.#disposers ?? [];
    this.#disposers = undefined;
    const errors: unknown[] = [];
    for (const dispose of disposers.toReversed()) {
      try {
        dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
  }

  #open(): (() => void)[] {
    assert(this.#disposers !== undefined, "a closed scope takes nothing more");
    return this.#disposers;
  }
}

/** As Scope, for what takes time to close: each is waited for before the one opened before it. */
export class AsyncScope implements AsyncDisposable {
  #disposers: (() => unknown)[] | undefined = [];
  #disposal: Promise<void> | undefined;

  /** Closed by the beginning of disposal or by `move`: it takes nothing more. */
  get isClosed(): boolean {
    return this.#disposers === undefined;
  }

  /** Takes ownership of `value`, and answers it. Of both ways to dispose, takes the async one. */
  use<T extends AsyncDisposable | Disposable>(value: T): T {
    this.#open().push(() =>
      Symbol.asyncDispose in value ? value[Symbol.asyncDispose]() : value[Symbol.dispose](),
    );
    return value;
  }

  /** Has `disposer` run, and waited for, at disposal. */
  defer(disposer: () => void | Promise<void>): void {
    this.#open().push(disposer);
  }

  /** A new scope that owns everything; this one owns nothing more and is closed. */
  move(): AsyncScope {
    const moved = new AsyncScope();
    moved.#disposers = this.#open();
    this.#disposers = undefined;
    return moved;
  }

  /** Every call answers the one disposal, so that whoever stops it knows when it has stopped. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    const disposers = this.#disposers ?? [];
    this.#disposers = undefined;
    const errors: unknown[] = [];
    for (const dispose of disposers.toReversed()) {
      try {
        await dispose();
      } catch (error) {
        errors.push(error);
      }
    }
    throwAll(errors);
  }

  #open(): (() => unknown)[] {
    assert(this.#disposers !== undefined, "a closed scope takes nothing more");
    return this.#disposers;
  }
}

function throwAll(errors: unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length === 0) return;
  const messages = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  throw new AggregateError(errors, `${errors.length} disposers failed: ${messages.join("; ")}`);
}
