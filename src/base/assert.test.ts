import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as assertOurs, assertDefined, AssertionError, unreachable } from "#base";

test("assertions throw an error of their own kind, which no one takes for bad input", () => {
  assertOurs(true, "fine");
  assert.throws(() => assertOurs(0, "count is positive"), new AssertionError("count is positive"));
});

test("assertDefined lets everything through but undefined and null", () => {
  assert.deepEqual(
    [0, "", false].map((value) => assertDefined(value, "there")),
    [0, "", false],
  );
  assert.throws(() => assertDefined(undefined, "there is one"), AssertionError);
  assert.throws(() => assertDefined(null, "there is one"), AssertionError);
});

test("unreachable names the value that came all the same", () => {
  assert.throws(() => unreachable("sideways" as never), /unreachable: "sideways"/);
});
