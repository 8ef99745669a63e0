import assert from "node:assert/strict";
import { test } from "node:test";

import { FakeClock } from "#base";

import { WorkQueue } from "./work-queue.ts";

test("a key is worked on once at a time, and again when it was added meanwhile", async () => {
  const clock = new FakeClock();
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  await using queue = new WorkQueue({
    clock,
    workers: 2,
    work: async (key) => {
      begun.push(key);
      await new Promise<void>((resolve) => ends.push(resolve));
    },
  });
  for (const key of ["a", "a", "b", "c"]) queue.add(key);
  assert.deepEqual(begun, []);
  queue.start();
  await clock.advance(1);
  queue.add("a");
  await clock.advance(1);
  assert.deepEqual(begun, ["a", "b"]);
  ends[0]?.();
  await clock.advance(1);
  assert.deepEqual(begun, ["a", "b", "c"]);
  ends[1]?.();
  await clock.advance(1);
  assert.deepEqual(begun, ["a", "b", "c", "a"]);
  for (const end of ends) end();
});

test("retries come later each time, up to a limit, and the sooner of two times wins", async () => {
  const clock = new FakeClock();
  const times: number[] = [];
  const startMs = clock.monotonicMs();
  await using queue: WorkQueue = new WorkQueue({
    clock,
    workers: 1,
    work: (key) => {
      times.push(clock.monotonicMs() - startMs);
      queue.retry(key);
      return Promise.resolve();
    },
  });
  queue.start();
  queue.add("a");
  await clock.advance(200_000);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(gaps.slice(0, 4), [5, 10, 20, 40]);
  assert.equal(Math.max(...gaps), 30_000);
  queue.forget("a");
  assert.equal(queue.failures("a"), 0);
});
