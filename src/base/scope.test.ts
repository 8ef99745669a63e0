import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionError, AsyncScope, Scope } from "#base";

class Thing implements Disposable {
  readonly #name: string;
  readonly #log: string[];

  constructor(name: string, log: string[]) {
    this.#name = name;
    this.#log = log;
  }

  [Symbol.dispose](): void {
    this.#log.push(this.#name);
  }
}

/** Takes a while to close, and says when it has begun and ended. */
class SlowThing implements AsyncDisposable {
  readonly #name: string;
  readonly #log: string[];

  constructor(name: string, log: string[]) {
    this.#name = name;
    this.#log = log;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#log.push(`${this.#name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    this.#log.push(`${this.#name} ends`);
  }
}

function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

test("a scope disposes in reverse order, once", () => {
  const log: string[] = [];
  const scope = new Scope();
  const first = new Thing("first", log);
  assert.equal(scope.use(first), first);
  scope.defer(() => log.push("second"));
  scope.use(new Thing("third", log));
  assert.deepEqual([log, scope.isClosed], [[], false]);
  scope[Symbol.dispose]();
  scope[Symbol.dispose]();
  assert.deepEqual([log, scope.isClosed], [["third", "second", "first"], true]);
});

test("a scope works with using, also when the block throws", () => {
  const log: string[] = [];
  assert.throws(() => {
    using scope = new Scope();
    scope.use(new Thing("opened", log));
    throw new Error("not built");
  }, /not built/);
  assert.deepEqual(log, ["opened"]);
});

test("what is moved out of a scope outlives it", () => {
  const log: string[] = [];
  const build = (): Scope => {
    using scope = new Scope();
    scope.use(new Thing("kept", log));
    return scope.move();
  };
  const owner = build();
  assert.equal(log.length, 0);
  owner.defer(() => void log.push("added"));
  owner[Symbol.dispose]();
  assert.deepEqual(log, ["added", "kept"]);
});

test("an error keeps no other disposer from running, and is thrown as it is", () => {
  const log: string[] = [];
  const scope = new Scope();
  const error = new Error("stuck");
  scope.defer(() => log.push("first"));
  scope.defer(() => {
    throw error;
  });
  scope.defer(() => log.push("third"));
  assert.throws(
    () => scope[Symbol.dispose](),
    (thrown) => thrown === error,
  );
  assert.deepEqual(log, ["third", "first"]);
  scope[Symbol.dispose]();
  assert.equal(log.length, 2);
});

test("several errors are gathered in the order they arose", () => {
  const scope = new Scope();
  scope.defer(fail("one"));
  scope.defer(fail("two"));
  assert.throws(
    () => scope[Symbol.dispose](),
    (error) =>
      error instanceof AggregateError &&
      error.message === "2 disposers failed: two; one" &&
      error.errors.length === 2,
  );
});

test("a closed scope takes nothing more", () => {
  const disposed = new Scope();
  disposed[Symbol.dispose]();
  const moved = new Scope();
  moved.move();
  for (const scope of [disposed, moved]) {
    assert.throws(() => scope.defer(() => {}), AssertionError);
    assert.throws(() => scope.use(new Thing("x", [])), AssertionError);
    assert.throws(() => scope.move(), AssertionError);
  }
  const closing = new Scope();
  closing.defer(() => closing.defer(() => {}));
  assert.throws(() => closing[Symbol.dispose](), AssertionError);
});

test("an async scope waits for each before the next", async () => {
  const log: string[] = [];
  const scope = new AsyncScope();
  scope.use(new SlowThing("first", log));
  scope.use(new Thing("second", log));
  scope.defer(async () => {
    await Promise.resolve();
    log.push("third");
  });
  scope.use(new SlowThing("fourth", log));
  await scope[Symbol.asyncDispose]();
  assert.deepEqual(log, [
    "fourth begins",
    "fourth ends",
    "third",
    "second",
    "first begins",
    "first ends",
  ]);
});

test("an async scope works with await using, and can be moved out of it", async () => {
  const log: string[] = [];
  const build = async (isWhole: boolean): Promise<AsyncScope> => {
    await using scope = new AsyncScope();
    scope.use(new SlowThing("thing", log));
    if (!isWhole) throw new Error("not built");
    return scope.move();
  };
  await assert.rejects(build(false), /not built/);
  assert.deepEqual(log.splice(0), ["thing begins", "thing ends"]);
  const owner = await build(true);
  assert.deepEqual(log, []);
  await owner[Symbol.asyncDispose]();
  assert.deepEqual(log, ["thing begins", "thing ends"]);
});

test("whoever stops an async scope a second time waits for the same end", async () => {
  const log: string[] = [];
  const scope = new AsyncScope();
  scope.use(new SlowThing("thing", log));
  const first = scope[Symbol.asyncDispose]();
  assert.equal(scope.isClosed, true);
  assert.throws(() => scope.defer(() => {}), AssertionError);
  await scope[Symbol.asyncDispose]();
  assert.deepEqual(log, ["thing begins", "thing ends"]);
  await first;
});

test("of both ways to dispose, an async scope takes the async one", async () => {
  const log: string[] = [];
  const scope = new AsyncScope();
  scope.use({
    [Symbol.dispose]: () => void log.push("at once"),
    [Symbol.asyncDispose]: async () => void log.push("in time"),
  });
  await scope[Symbol.asyncDispose]();
  assert.deepEqual(log, ["in time"]);
});

test("an async scope gathers errors, thrown and rejected", async () => {
  const log: string[] = [];
  const scope = new AsyncScope();
  scope.defer(() => void log.push("first"));
  scope.defer(fail("thrown"));
  scope.defer(() => Promise.reject(new Error("rejected")));
  await assert.rejects(
    scope[Symbol.asyncDispose](),
    (error) =>
      error instanceof AggregateError && error.message === "2 disposers failed: rejected; thrown",
  );
  assert.deepEqual(log, ["first"]);
  const single = new AsyncScope();
  single.defer(fail("alone"));
  await assert.rejects(single[Symbol.asyncDispose](), /^Error: alone$/);
});
