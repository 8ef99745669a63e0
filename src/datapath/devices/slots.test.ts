import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { property } from "#test";
import { MAX_SLOT, SlotAllocator } from "./slots.ts";

test("slots are numbered from 1, and what was freed last comes last", () => {
  const slots = new SlotAllocator();
  assert.deepEqual([slots.take(), slots.take(), slots.take()], [1, 2, 3]);
  slots.free(2);
  slots.free(1);
  assert.equal(slots.take(), 4);
  for (let taken = 4; taken < MAX_SLOT; taken++) slots.take();
  assert.deepEqual([slots.take(), slots.take()], [2, 1]);
});

test("indexes of other devices are passed over while those have them", () => {
  const slots = new SlotAllocator();
  slots.avoid([1, 2, 5, 70_000]);
  assert.equal(slots.available, MAX_SLOT - 3);
  assert.deepEqual([slots.take(), slots.take(), slots.take()], [3, 4, 6]);
  slots.avoid([2]);
  assert.deepEqual([slots.take(), slots.take()], [1, 5]);
});

test("those that exist are nobody else's", () => {
  const slots = new SlotAllocator();
  assert.deepEqual([slots.restore(1), slots.restore(1)], [true, false]);
  assert.equal(slots.take(), 2);
  assert.throws(() => slots.restore(MAX_SLOT + 1), /cannot be a slot/);
  assert.throws(() => slots.free(3), /was not taken/);
  assert.throws(() => slots.free(0), /was not taken/);
});

test("with none left, the error says how many there are", () => {
  const slots = new SlotAllocator();
  for (let slot = 1; slot <= MAX_SLOT; slot++) slots.restore(slot);
  assert.throws(() => slots.take(), /all 4095 indexes/);
});

property("nobody gets what another has", fc.array(fc.nat(9)), (steps) => {
  const slots = new SlotAllocator();
  const taken: number[] = [];
  for (const step of steps) {
    if (step >= taken.length) {
      const slot = slots.take();
      assert.ok(!taken.includes(slot));
      taken.push(slot);
    } else {
      slots.free(taken.splice(step, 1)[0] as number);
    }
    assert.equal(slots.available, MAX_SLOT - taken.length);
  }
});
