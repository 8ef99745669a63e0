import assert from "node:assert/strict";
import { test } from "node:test";
import { EvictionCounter } from "#datapath";

test("flows that are neither there nor collected were evicted", () => {
  const counter = new EvictionCounter();
  const observe = (created: number, kept: number, removed: number): bigint =>
    counter.observe({ created: BigInt(created), kept, removed });
  assert.equal(observe(1000, 100, 50), 0n, "what was before is not known");
  assert.equal(observe(1100, 180, 20), 0n);
  assert.equal(observe(1200, 200, 0), 80n);
  assert.equal(observe(1200, 190, 11), 80n, "a walk that saw more than there had been");
  assert.equal(observe(1210, 190, 0), 89n);
});
