import assert from "node:assert/strict";
import { mock, test } from "node:test";
import fc from "fast-check";
import { AssertionError, BoundedQueue } from "#base";
import { property } from "#test";

const few = (maxItems = 3): BoundedQueue<number> => new BoundedQueue({ name: "test", maxItems });

async function drain(queue: BoundedQueue<number>): Promise<number[]> {
  const items: number[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

test("items come out as they went in", async () => {
  const queue = few();
  assert.ok(queue.push(1) && queue.push(2));
  assert.equal(queue.tryTake(), 1);
  assert.equal(await queue.take(), 2);
  assert.equal(queue.tryTake(), undefined);
  assert.equal(queue.length, 0);
});

test("a full queue refuses and counts", () => {
  const queue = few(2);
  assert.deepEqual([queue.push(1), queue.push(2), queue.push(3)], [true, true, false]);
  assert.deepEqual([queue.length, queue.dropped], [2, 1]);
  assert.deepEqual(
    [queue.tryTake(), queue.push(4), queue.tryTake(), queue.tryTake()],
    [1, true, 2, 4],
  );
});

test("or it drops the oldest and counts", () => {
  const queue = new BoundedQueue<number>({ name: "test", maxItems: 2, whenFull: "drop-oldest" });
  for (const item of [1, 2, 3, 4, 5]) assert.equal(queue.push(item), true);
  assert.deepEqual([queue.length, queue.dropped], [2, 3]);
  assert.deepEqual([queue.tryTake(), queue.tryTake(), queue.tryTake()], [4, 5, undefined]);
});

test("who waits gets what comes, in turn", async () => {
  const queue = few(1);
  const takes = [queue.take(), queue.take(), queue.take()];
  for (const item of [1, 2, 3]) assert.equal(queue.push(item), true);
  assert.deepEqual(await Promise.all(takes), [1, 2, 3]);
  assert.deepEqual([queue.length, queue.dropped], [0, 0]);
});

test("values that are false are items", async () => {
  const queue = new BoundedQueue<number | string | null | boolean>({ name: "test", maxItems: 9 });
  const items = [0, "", null, false];
  for (const item of items) queue.push(item);
  queue.close();
  const taken: unknown[] = [];
  for await (const item of queue) taken.push(item);
  assert.deepEqual(taken, items);
});

test("an abort ends the wait with its reason, and loses nothing", async () => {
  const queue = few();
  const controller = new AbortController();
  const reason = new Error("stopping");
  const aborted = queue.take(controller.signal);
  const other = queue.take();
  controller.abort(reason);
  await assert.rejects(aborted, (error) => error === reason);
  queue.push(1);
  assert.equal(await other, 1);
  queue.push(2);
  await assert.rejects(queue.take(controller.signal), (error) => error === reason);
  assert.equal(queue.tryTake(), 2);
});

test("a wait that has ended leaves no listener", async () => {
  const queue = few();
  const { signal } = new AbortController();
  const added = mock.method(signal, "addEventListener");
  const removed = mock.method(signal, "removeEventListener");
  const take = queue.take(signal);
  queue.push(1);
  await take;
  assert.equal(removed.mock.calls[0]?.arguments[1], added.mock.calls[0]?.arguments[1]);
  assert.equal(removed.mock.callCount(), 1);
});

test("an abort after an item was handed over comes too late", async () => {
  const queue = few();
  const controller = new AbortController();
  const take = queue.take(controller.signal);
  queue.push(7);
  controller.abort();
  assert.equal(await take, 7);
});

test("a closed queue gives what it has, then ends", async () => {
  const queue = few();
  queue.push(1);
  queue.push(2);
  queue.close();
  queue.close();
  assert.deepEqual([queue.push(3), queue.dropped, queue.isClosed], [false, 0, true]);
  assert.deepEqual(await drain(queue), [1, 2]);
  assert.equal(await queue.take(), undefined);
});

test("closing tells all who wait", async () => {
  const queue = few();
  const takes = [queue.take(), queue.take(), drain(queue)];
  {
    using closed = queue;
    assert.equal(closed.length, 0);
  }
  assert.deepEqual(await Promise.all(takes), [undefined, undefined, []]);
});

test("iteration goes on as items come, and can be left and taken up again", async () => {
  const queue = few(10);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const item of queue) {
      seen.push(item);
      if (item === 2) break;
    }
    for await (const item of queue.items()) seen.push(item);
  })();
  for (const item of [1, 2, 3]) {
    queue.push(item);
    await new Promise((resolve) => setImmediate(resolve));
  }
  queue.push(4);
  queue.close();
  await reading;
  assert.deepEqual(seen, [1, 2, 3, 4]);
});

test("iteration ends by an abort with its reason", async () => {
  const queue = few();
  const controller = new AbortController();
  const items = queue.items(controller.signal);
  const next = items.next();
  controller.abort(new Error("stopping"));
  await assert.rejects(next, /stopping/);
});

test("taken items are let go of", async () => {
  const queue = new BoundedQueue<object>({ name: "test", maxItems: 4 });
  queue.push({});
  queue.push({});
  const held = new WeakRef(queue.tryTake() ?? {});
  // A WeakRef holds on to its target until the turn in which it was made is over.
  await new Promise((resolve) => setImmediate(resolve));
  const collect = globalThis.gc;
  if (collect === undefined) return;
  collect();
  assert.equal(held.deref(), undefined);
});

test("a queue that can hold nothing is a mistake", () => {
  for (const maxItems of [0, -1, 1.5, Number.NaN, Infinity]) {
    assert.throws(() => few(maxItems), AssertionError, String(maxItems));
  }
});

property(
  "a queue does what a plain list would",
  fc.tuple(
    fc.integer({ min: 1, max: 40 }),
    fc.constantFrom("refuse" as const, "drop-oldest" as const),
    // More pushes than takes, so that it fills, grows and wraps.
    fc.array(fc.constantFrom("push", "push", "push", "take", "take"), {
      minLength: 100,
      maxLength: 300,
    }),
  ),
  ([maxItems, whenFull, steps]) => {
    const queue = new BoundedQueue<number>({ name: "test", maxItems, whenFull });
    const list: number[] = [];
    let dropped = 0;
    for (const [number, step] of steps.entries()) {
      if (step === "take") {
        assert.equal(queue.tryTake(), list.shift());
        continue;
      }
      const isFull = list.length === maxItems;
      if (isFull) dropped += 1;
      if (isFull && whenFull === "drop-oldest") list.shift();
      const isTaken = list.length < maxItems;
      if (isTaken) list.push(number);
      assert.equal(queue.push(number), isTaken);
      assert.deepEqual([queue.length, queue.dropped], [list.length, dropped]);
    }
  },
);
