import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError } from "#base";
import { describeError, type ErrorRecord } from "./error-record.ts";

function count(record: ErrorRecord | undefined): number {
  if (record === undefined) return 0;
  const gathered = (record.errors ?? []).reduce((sum, each) => sum + count(each), 0);
  return 1 + count(record.cause) + gathered;
}

test("an AppError has no stack, anything else has", () => {
  const plain = describeError(new AppError("limit", "too many"));
  assert.deepEqual(plain, { type: "AppError", code: "limit", message: "too many" });
  const { stack, ...bug } = describeError(new TypeError("x is not a function"));
  assert.deepEqual(bug, { type: "TypeError", message: "x is not a function" });
  assert.match(stack ?? "", /error-record\.test\.ts/);
});

test("the chain of causes is followed, and codes of system errors are kept", () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const record = describeError(AppError.wrap("reading the node", cause, { node: "n1" }));
  assert.deepEqual(record.fields, { node: "n1" });
  assert.equal(record.cause?.code, "ECONNREFUSED");
  assert.equal(record.cause?.message, "connect ECONNREFUSED");
});

test("what is thrown without being an error counts by its text", () => {
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  assert.deepEqual(describeError("no"), { type: "string", message: "no" });
  assert.deepEqual(describeError(undefined), { type: "undefined", message: "undefined" });
  assert.deepEqual(describeError(Symbol("x")), { type: "symbol", message: "Symbol(x)" });
  assert.deepEqual(describeError({ a: 1 }), { type: "object", message: '{"a":1}' });
  assert.deepEqual(describeError(circle), { type: "object", message: "[object Object]" });
});

test("gathered errors are described, each", () => {
  const record = describeError(new AggregateError([new Error("a"), "b"], "two failed"));
  assert.deepEqual(
    record.errors?.map(({ type, message }) => [type, message]),
    [
      ["Error", "a"],
      ["string", "b"],
    ],
  );
});

test("circles and trees of errors come to an end", () => {
  const circle = new Error("round");
  circle.cause = circle;
  assert.equal(count(describeError(circle)), 17);
  let tree: Error = new Error("leaf");
  for (let depth = 0; depth < 10; depth++) {
    tree = new AggregateError(
      Array.from({ length: 10 }, () => tree),
      "tree",
    );
  }
  const described = describeError(tree);
  assert.ok(count(described) < 40, String(count(described)));
  assert.match(JSON.stringify(described), /more errors are left out/);
});
