import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "#test";
import { median, spread } from "./statistics.ts";

const samples = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });

test("the median is the middle value, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 10]), 3);
  assert.equal(median([4, 1, 10, 2]), 3);
  assert.equal(median([7]), 7);
  assert.throws(() => median([]), /no median/);
});

property("half of the values are at most the median, half at least", samples, (values) => {
  const middle = median(values);
  assert.ok(values.filter((value) => value <= middle).length >= values.length / 2);
  assert.ok(values.filter((value) => value >= middle).length >= values.length / 2);
});

property("the spread holds every value and is made of two of them", samples, (values) => {
  const { min, max } = spread(values);
  assert.ok(values.includes(min) && values.includes(max));
  assert.ok(values.every((value) => value >= min && value <= max));
});
