import assert from "node:assert/strict";
import { test } from "node:test";
import { property } from "#test";
import fc from "fast-check";
import { canonicalQuantity, compareQuantities, parseQuantity } from "./quantity.ts";

test("quantities are written in the largest unit that loses nothing", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["1.5", "1500m"],
    ["1000m", "1"],
    ["1024Mi", "1Gi"],
    ["0.5Gi", "512Mi"],
    ["1Ki", "1Ki"],
    ["1000", "1k"],
    ["1e3", "1e3"],
    ["100m", "100m"],
    ["0", "0"],
    ["-2", "-2"],
    ["1500Mi", "1500Mi"],
    ["128974848", "128974848"],
    [".5", "500m"],
  ];
  for (const [text, canonical] of cases) assert.equal(canonicalQuantity(text), canonical, text);
});

test("what is no quantity is told of in the API server's words", () => {
  for (const text of ["", "x", "1 Gi", ".", "1..2"]) {
    assert.match(JSON.stringify(parseQuantity(text)), /^"quantities must match/, text);
  }
  for (const text of ["1Zi", "1kk", "5e", "1mm"]) {
    assert.equal(parseQuantity(text), "unable to parse quantity's suffix", text);
  }
});

const quantities = fc
  .tuple(
    fc.integer({ min: -1_000_000, max: 1_000_000 }),
    fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi", "e2"),
  )
  .map(([number, suffix]) => `${number}${suffix}`);

property(
  "the canonical form is the same quantity, and its own canonical form",
  quantities,
  (text) => {
    const canonical = canonicalQuantity(text) ?? "";
    assert.equal(compareQuantities(text, canonical), 0);
    assert.equal(canonicalQuantity(canonical), canonical);
  },
);
