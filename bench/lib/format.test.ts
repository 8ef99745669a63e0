import assert from "node:assert/strict";
import { test } from "node:test";
import { isGoalMet, row, type Row } from "./bench.ts";
import { formatExactly, formatNumber, rowText, withUnit } from "./format.ts";

test("numbers have three significant digits and their thousands apart", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [1.1834, "1.18"],
    [1, "1.00"],
    [77.26, "77.3"],
    [99.96, "100"],
    [999.6, "1,000"],
    [1_234_567, "1,230,000"],
    [0.001234, "0.00123"],
    [-12.345, "-12.3"],
    [-1234, "-1,230"],
  ];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
});

test("goals are written as they were set", () => {
  assert.equal(formatExactly(1.125), "1.125");
  assert.equal(formatExactly(5_000_000), "5,000,000");
  assert.equal(formatExactly(1234.5678), "1,234.5678");
});

test("units stand where people put them", () => {
  assert.equal(withUnit("1.2", "x"), "1.2×");
  assert.equal(withUnit("5", "/s"), "5/s");
  assert.equal(withUnit("5", "ms"), "5 ms");
});

test("a goal is met or not by the median of the samples, whatever the value says", () => {
  const base = { what: "a", unit: "x", samples: [1, 2, 9] };
  const met = (goal: number, better: "higher" | "lower"): boolean | undefined =>
    isGoalMet(row({ ...base, goal, better }));
  assert.deepEqual([met(2, "higher"), met(2.1, "higher")], [true, false]);
  assert.deepEqual([met(2, "lower"), met(1.9, "lower")], [true, false]);
  assert.equal(isGoalMet(row({ ...base, better: "lower" })), undefined);

  const boastful: Row = { ...row({ ...base, goal: 3, better: "higher" }), value: 4 };
  assert.deepEqual(rowText(boastful), {
    value: "2.00×",
    spread: "1.00 – 9.00",
    goal: "≥ 3×",
    isMet: "not met",
  });
});
