import assert from "node:assert/strict";
import { test } from "node:test";
import { property } from "#test";
import fc from "fast-check";
import { StatusError } from "../schema/status-error.ts";
import type { Json } from "../schema/types.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";

/** The examples of RFC 6902, appendix A: object, patch, outcome, or the status of a refusal. */
const EXAMPLES: readonly (readonly [Json, Json, Json])[] = [
  [{ foo: "bar" }, [{ op: "add", path: "/baz", value: "qux" }], { baz: "qux", foo: "bar" }],
  [{ foo: ["a", "c"] }, [{ op: "add", path: "/foo/1", value: "b" }], { foo: ["a", "b", "c"] }],
  [{ baz: "q", foo: "b" }, [{ op: "remove", path: "/baz" }], { foo: "b" }],
  [{ foo: ["a", "b", "c"] }, [{ op: "remove", path: "/foo/1" }], { foo: ["a", "c"] }],
  [{ baz: "q" }, [{ op: "replace", path: "/baz", value: "boo" }], { baz: "boo" }],
  [
    { foo: { bar: "b", waldo: "f" }, qux: {} },
    [{ op: "move", from: "/foo/waldo", path: "/qux/thud" }],
    { foo: { bar: "b" }, qux: { thud: "f" } },
  ],
  [{ foo: [1, 2, 3] }, [{ op: "move", from: "/foo/0", path: "/foo/2" }], { foo: [2, 3, 1] }],
  [{ a: 1 }, [{ op: "copy", from: "/a", path: "/b" }], { a: 1, b: 1 }],
  [{ "/": 9, "~1": 10 }, [{ op: "test", path: "/~01", value: 10 }], { "/": 9, "~1": 10 }],
  [{ foo: ["bar"] }, [{ op: "add", path: "/foo/-", value: ["a"] }], { foo: ["bar", ["a"]] }],
  [{ a: 1 }, [{ op: "replace", path: "", value: { b: 2 } }], { b: 2 }],
];

const REFUSED: readonly (readonly [Json, Json, number])[] = [
  [{ baz: "qux" }, [{ op: "test", path: "/baz", value: "bar" }], 422],
  [{ foo: "bar" }, [{ op: "add", path: "/baz/bat", value: "qux" }], 422],
  [{ foo: [] }, [{ op: "add", path: "/foo/1", value: "x" }], 422],
  [{ foo: [1] }, [{ op: "remove", path: "/foo/01" }], 422],
  [{}, [{ op: "remove", path: "/constructor" }], 422],
  [{}, [{ op: "add", path: "/__proto__/x", value: 1 }], 422],
  [{ a: {} }, [{ op: "move", from: "/a", path: "/a/b" }], 422],
  [{}, [{ op: "spoil", path: "/a" }], 422],
  [{}, [{ op: "add", path: "a", value: 1 }], 422],
  [{}, { op: "add" }, 400],
  [{}, Array.from({ length: 10_001 }, () => ({ op: "add", path: "/a", value: 1 })), 413],
];

test("the examples of RFC 6902", () => {
  for (const [object, patch, outcome] of EXAMPLES) {
    const before = JSON.stringify(object);
    assert.deepEqual(applyJsonPatch(object, patch), outcome);
    assert.equal(JSON.stringify(object), before, "the object stays as it was");
  }
});

test("what does not fit is refused", () => {
  for (const [object, patch, status] of REFUSED) {
    assert.throws(
      () => applyJsonPatch(object, patch),
      (error) => error instanceof StatusError && error.status === status,
      JSON.stringify(patch).slice(0, 100),
    );
  }
});

test("copies of copies end", () => {
  const patch = Array.from({ length: 60 }, (_, index) => ({
    op: "copy",
    from: "",
    path: `/${index}`,
  }));
  assert.throws(() => applyJsonPatch({ x: 1 }, patch), /copies too much/);
});

test("the examples of RFC 7386", () => {
  const examples: readonly (readonly [Json, Json, Json])[] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [object, patch, outcome] of examples) {
    assert.deepEqual(applyMergePatch(object, patch), outcome);
  }
});

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
const objects = fc.dictionary(fc.constantFrom("a", "b", "__proto__", "c/~"), json, {
  noNullPrototype: true,
});

property(
  "a merge patch twice is as once, and changes nobody's prototype",
  fc.tuple(json, objects),
  ([object, patch]) => {
    const once = applyMergePatch(object, patch);
    assert.deepEqual(applyMergePatch(once, patch), once);
    assert.equal(Object.getPrototypeOf(once), Object.prototype);
  },
);

property("what was added is there, and goes again", fc.tuple(objects, json), ([object, value]) => {
  const added = applyJsonPatch(object, [
    { op: "add", path: "/new", value },
    { op: "test", path: "/new", value },
  ]);
  assert.deepEqual(applyJsonPatch(added, [{ op: "remove", path: "/new" }]), object);
});
