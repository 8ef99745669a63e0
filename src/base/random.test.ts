import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "#base";

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number): number[] =>
    Array.from(
      { length: 5 },
      (
        (random) => () =>
          random.uint32()
      )(new Random(seed)),
    );
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
  assert.notDeepEqual(draw(1), draw(2 ** 32 + 1));
});

test("below and between stay in their range and reach its ends", () => {
  const random = new Random(1);
  const seen = new Set(Array.from({ length: 500 }, () => random.between(3, 6)));
  assert.deepEqual(
    [...seen].toSorted((a, b) => a - b),
    [3, 4, 5, 6],
  );
});

test("shuffle keeps every element", () => {
  const random = new Random(2);
  assert.deepEqual(
    random.shuffle([1, 2, 3, 4, 5]).toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5],
  );
});
