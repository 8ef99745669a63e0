import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  AppError,
  AssertionError,
  Backoff,
  DecodeError,
  FakeClock,
  Random,
  retry,
  type RetryOptions,
} from "#base";
import { property } from "#test";

function exact(minMs = 100, maxMs = 1000): Backoff {
  return new Backoff({ minMs, maxMs, jitter: 0, random: new Random(1) });
}

interface World {
  clock: FakeClock;
  /** When each attempt was made. */
  at: number[];
  options: RetryOptions;
}

function world(options: Partial<RetryOptions> = {}): World {
  const clock = new FakeClock();
  return {
    clock,
    at: [],
    options: { what: "reading the node", attempts: 4, backoff: exact(), clock, ...options },
  };
}

test("delays grow up to their maximum, and begin again after a reset", () => {
  const backoff = new Backoff({
    minMs: 100,
    maxMs: 1000,
    factor: 3,
    jitter: 0,
    random: new Random(1),
  });
  const next = (): number => backoff.next();
  assert.deepEqual([next(), next(), next(), next(), next()], [100, 300, 900, 1000, 1000]);
  backoff.reset();
  assert.deepEqual([next(), next()], [100, 300]);
  const even = new Backoff({ minMs: 5, maxMs: 9, factor: 1, jitter: 0, random: new Random(1) });
  assert.deepEqual([even.next(), even.next()], [5, 5]);
  assert.equal(exact(0, 0).next(), 0);
});

test("delays stay finite for ever", () => {
  const backoff = new Backoff({ minMs: 1, maxMs: 60_000, random: new Random(1) });
  for (let round = 0; round < 10_000; round++) assert.ok(backoff.next() <= 60_000);
});

property(
  "jitter takes its part of each delay, and no more",
  fc.tuple(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true })),
  ([seed, jitter]) => {
    const jittered = new Backoff({ minMs: 100, maxMs: 5000, jitter, random: new Random(seed) });
    const plain = exact(100, 5000);
    for (let round = 0; round < 8; round++) {
      const [delay, most] = [jittered.next(), plain.next()];
      assert.ok(delay <= most && delay >= most * (1 - jitter), `${delay} of ${most}`);
    }
  },
);

test("jitter makes delays differ, the same for the same seed", () => {
  const delays = (seed: number): number[] => {
    const backoff = new Backoff({ minMs: 100, maxMs: 100, random: new Random(seed) });
    return Array.from({ length: 20 }, () => backoff.next());
  };
  assert.equal(new Set(delays(1)).size, 20);
  assert.deepEqual(delays(1), delays(1));
  assert.ok(Math.min(...delays(1)) < 60 && Math.max(...delays(1)) > 90);
});

test("a backoff that cannot be is a mistake", () => {
  const random = new Random(1);
  const bad = [
    { minMs: -1, maxMs: 1 },
    { minMs: 2, maxMs: 1 },
    { minMs: 1, maxMs: Infinity },
    { minMs: Number.NaN, maxMs: 1 },
    { minMs: 1, maxMs: 2, factor: 0.5 },
    { minMs: 1, maxMs: 2, jitter: 1.1 },
    { minMs: 1, maxMs: 2, jitter: -0.1 },
  ];
  for (const options of bad) {
    assert.throws(
      () => new Backoff({ ...options, random }),
      AssertionError,
      JSON.stringify(options),
    );
  }
});

test("it tries with growing delays until it succeeds, then begins again with the first", async () => {
  const { clock, at, options } = world();
  const action = async (attempt: number): Promise<string> => {
    at.push(clock.monotonicMs());
    if (attempt < 3) throw new Error("refused");
    return `done at ${attempt}`;
  };
  const first = retry(action, options);
  await clock.advance(10_000);
  assert.equal(await first, "done at 3");
  assert.deepEqual(at.splice(0), [0, 100, 300]);
  const second = retry(action, options);
  await clock.advance(10_000);
  assert.equal(await second, "done at 3");
  assert.deepEqual(at, [10_000, 10_100, 10_300]);
  assert.equal(clock.pending, 0);
});

test("the last error is wrapped, with its code and how often it was tried", async () => {
  const { clock, at, options } = world();
  const result = retry((attempt) => {
    at.push(attempt);
    throw new DecodeError(`bad answer ${attempt}`, 7);
  }, options);
  const rejected = assert.rejects(result, (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.message, "reading the node: bad answer 4 (at byte 7)");
    assert.equal(error.code, "decode");
    assert.deepEqual(error.fields, { offset: 7, attempts: 4 });
    assert.ok(error.cause instanceof DecodeError);
    return true;
  });
  await clock.advance(10_000);
  await rejected;
  assert.deepEqual(at, [1, 2, 3, 4]);
});

test("what need not be tried again is not", async () => {
  const { at, options } = world({ isRetryable: (error) => !(error instanceof DecodeError) });
  const result = retry((attempt) => {
    at.push(attempt);
    throw new DecodeError("no use", 0);
  }, options);
  await assert.rejects(
    result,
    (error) => error instanceof AppError && error.fields["attempts"] === 1,
  );
  assert.deepEqual(at, [1]);
});

test("a mistake of the program comes out at once and as it is", async () => {
  const { at, options } = world();
  const mistake = new AssertionError("impossible");
  const result = retry((attempt) => {
    at.push(attempt);
    throw mistake;
  }, options);
  await assert.rejects(result, (error) => error === mistake);
  assert.deepEqual(at, [1]);
});

test("an abort ends the wait, the attempt and the beginning, with its reason", async () => {
  const reason = new Error("stopping");
  const isReason = (error: unknown): boolean => error === reason;
  const controller = new AbortController();
  const { clock, at, options } = world({ signal: controller.signal });
  const action = async (attempt: number): Promise<never> => {
    at.push(attempt);
    throw new Error("refused");
  };
  const waiting = assert.rejects(retry(action, options), isReason);
  await clock.advance(50);
  assert.equal(clock.pending, 1);
  controller.abort(reason);
  await waiting;
  assert.equal(clock.pending, 0);
  await assert.rejects(retry(action, options), isReason);
  assert.deepEqual(at, [1]);

  const during = new AbortController();
  const result = retry(
    async () => {
      during.abort(reason);
      throw new Error("connection closed");
    },
    // With no attempt left, the abort still says more than what it broke.
    { ...options, attempts: 1, signal: during.signal },
  );
  await assert.rejects(result, isReason);
});

test("one attempt means no wait", async () => {
  const { clock, options } = world({ attempts: 1 });
  await assert.rejects(
    retry(() => Promise.reject(new Error("refused")), options),
    AppError,
  );
  assert.equal(clock.pending, 0);
  for (const attempts of [0, -1, 1.5, Infinity]) {
    await assert.rejects(
      retry(() => 1, { ...options, attempts }),
      AssertionError,
    );
  }
});
