import assert from "node:assert/strict";
import { test } from "node:test";
import { itemsOf } from "./list.ts";

test("what is no list is itself", () => {
  for (const value of [null, 1, "List", [], { kind: "Pod", items: [1] }]) {
    assert.deepEqual(itemsOf(value), [value]);
  }
});

test("Lists within Lists are taken apart, in order", () => {
  const list = (...items: unknown[]): unknown => ({ apiVersion: "v1", kind: "List", items });
  assert.deepEqual(itemsOf(list(1, list(2, list(), 3), { kind: "Pod" })), [
    1,
    2,
    3,
    { kind: "Pod" },
  ]);
});

test("items of a list of one kind learn what they are", () => {
  const metadata = { name: "x" };
  const list = {
    apiVersion: "v1",
    kind: "PodList",
    items: [{ metadata }, { kind: "Node", metadata }],
  };
  assert.deepEqual(itemsOf(list), [
    { apiVersion: "v1", kind: "Pod", metadata },
    { apiVersion: "v1", kind: "Node", metadata },
  ]);
  assert.deepEqual(itemsOf({ apiVersion: "v1", kind: "PodList", items: null }), []);
});

test("depth is no danger", () => {
  let value: unknown = "x";
  for (let depth = 0; depth < 100_000; depth++) value = { kind: "List", items: [value] };
  assert.deepEqual(itemsOf(value), ["x"]);
});
