import assert from "node:assert/strict";
import fc from "fast-check";
import { property } from "#test";
import { comparePrecedence, precedenceNumber } from "./deny-precedence.ts";

const contender = fc.oneof(
  fc.constant({ effect: "none" as const }),
  fc.record({
    effect: fc.constantFrom("allow" as const, "deny" as const),
    isAuditAllow: fc.boolean(),
  }),
  fc.record({
    effect: fc.constant("redirect" as const),
    isAuditAllow: fc.boolean(),
    isVisibility: fc.boolean(),
    listenerPriority: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 0xfffe })),
  }),
  fc.record({ effect: fc.constant("redirect" as const), isVisibility: fc.boolean() }),
);

property(
  "numbers of precedence are in the order of precedence, and fit 32 bits",
  fc.tuple(contender, contender),
  ([left, right]) => {
    const [one, other] = [precedenceNumber(left), precedenceNumber(right)];
    assert.equal(Math.sign(other - one), Math.sign(comparePrecedence(left, right)));
    for (const [number, { effect }] of [
      [one, left],
      [other, right],
    ] as const) {
      assert.equal(number, number >>> 0);
      assert.equal(number === 0, effect === "none");
    }
  },
);
