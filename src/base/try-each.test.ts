import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, tryEach } from "#base";

test("all are tried, and those that fail are told by their place", () => {
  const seen: number[] = [];
  const failures = tryEach([1, 2, 3, 4], (item) => {
    seen.push(item);
    if (item % 2 === 0) throw new AppError("even", `${item} is even`);
  });
  assert.deepEqual(seen, [1, 2, 3, 4]);
  assert.deepEqual(
    [...failures].map(([at, error]) => [at, error.message]),
    [
      [1, "2 is even"],
      [3, "4 is even"],
    ],
  );
});

test("a mistake of the program is not one item's failure", () => {
  assert.throws(
    () =>
      tryEach([1], () => {
        throw new TypeError("mistake");
      }),
    TypeError,
  );
});
