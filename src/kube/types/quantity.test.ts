import assert from "node:assert/strict";
import { test } from "node:test";
import { property } from "#test";
import fc from "fast-check";
import {
  compareQuantities,
  countQuantity,
  formatQuantity,
  milliOf,
  parseQuantity,
  type Quantity,
} from "./quantity.ts";

function parsed(text: string): Quantity {
  const quantity = parseQuantity(text);
  return typeof quantity === "string" ? assert.fail(`${text}: ${quantity}`) : quantity;
}

function canonical(text: string): string {
  return formatQuantity(parsed(text));
}

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
    [".", "0"],
  ];
  for (const [text, wanted] of cases) assert.equal(canonical(text), wanted, text);
});

test("what is no quantity is told of in the API server's words", () => {
  for (const text of ["", "x", "1 Gi", "1..2", "1Zi"]) {
    assert.match(JSON.stringify(parseQuantity(text)), /^"quantities must match/, text);
  }
  for (const text of ["1kk", "5e", "1mm"]) {
    assert.equal(parseQuantity(text), "unable to parse quantity's suffix", text);
  }
});

test("quantities are counted in thousandths", () => {
  const cases: [string | number, number | undefined][] = [
    ["100m", 100],
    ["2", 2_000],
    [4, 4_000],
    ["1.5", 1_500],
    ["1Ki", 1_024_000],
    ["1Gi", 2 ** 30 * 1_000],
    ["2e3", 2_000_000],
    ["1E", 1e21],
    ["100u", 1],
    ["250m", 250],
    ["64Mi", 67_108_864_000],
    ["1e3", 1_000_000],
    ["1.5Gi", 1_610_612_736_000],
    ["-1500u", -1],
    ["-2", -2_000],
    ["", undefined],
    ["a lot", undefined],
  ];
  for (const [text, wanted] of cases) assert.equal(milliOf(text), wanted, String(text));
});

test("quantities are counted in units, rounded up", () => {
  const cases: readonly (readonly [string, string, bigint])[] = [
    ["250m", "1m", 250n],
    ["250m", "1", 1n],
    ["0.3", "0.1", 3n],
    ["64Mi", "1Mi", 64n],
    ["64Mi", "1M", 68n],
    ["2", "0", 2n],
    ["0", "1Gi", 0n],
  ];
  for (const [text, unit, wanted] of cases) {
    assert.equal(countQuantity(parsed(text), parsed(unit)), wanted, `${text} in ${unit}`);
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
    const written = canonical(text);
    assert.equal(compareQuantities(text, written), 0);
    assert.equal(canonical(written), written);
  },
);
