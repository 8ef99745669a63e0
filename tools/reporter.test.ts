import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestEvent } from "node:test/reporters";
import reporter, { describe } from "./reporter.ts";
import { LEAK_CHECK } from "./lib/test-process.ts";

/** As node:test wraps what a test throws. */
function wrapped(cause: unknown, failureType = "testCodeFailure"): Error {
  return Object.assign(new Error("wrapper", { cause }), { failureType });
}

const data = (name: string, more: object = {}): object => ({
  name,
  nesting: 0,
  details: { duration_ms: 2 },
  ...more,
});

const failed = (name: string, error: Error, nesting = 0): TestEvent =>
  ({
    type: "test:fail",
    data: data(name, { nesting, details: { duration_ms: 2, error } }),
  }) as never;

const passed = (name: string, more: object = {}): TestEvent =>
  ({ type: "test:pass", data: data(name, more) }) as never;

async function print(...events: TestEvent[]): Promise<string> {
  const counts = process.env["CILIATE_TEST_COUNTS"];
  delete process.env["CILIATE_TEST_COUNTS"];
  const { setTimeout: original } = globalThis;
  // The reporter ends a process that something holds; this one goes on.
  globalThis.setTimeout = (() => ({ unref() {} })) as never;
  let text = "";
  try {
    async function* source(): AsyncGenerator<TestEvent> {
      yield* events;
    }
    for await (const part of reporter(source())) text += part;
  } finally {
    globalThis.setTimeout = original;
    if (counts !== undefined) process.env["CILIATE_TEST_COUNTS"] = counts;
  }
  return text;
}

test("a message keeps its lines whatever they hold; only frames of others are left out", () => {
  const error = new Error("pod web on node: n1 is missing\nin node_modules too");
  error.stack = `Error: ${error.message}\n    at own (src/a.ts:1:2)\n    at node:internal/x:1:1`;
  assert.equal(
    describe(wrapped(error)),
    [
      "      Error: pod web on node: n1 is missing",
      "      in node_modules too",
      "          at own (src/a.ts:1:2)",
    ].join("\n"),
  );
});

test("causes are told, and what a hook threw is unwrapped", () => {
  const inner = wrapped(new Error("outer", { cause: new Error("inner") }));
  const text = describe(wrapped(inner, "hookFailed"));
  assert.match(text, /^ {6}Error: outer\n[^]*\n {6}caused by: Error: inner\n/);
  assert.doesNotMatch(text, /wrapper/);
});

test("each file has a line, failures stand under their names, parents are not counted", async () => {
  const text = await print(
    passed("a.ts\0one"),
    { type: "test:start", data: data("b.ts\0outer") } as never,
    { type: "test:start", data: data("inner", { nesting: 1 }) } as never,
    failed("inner", wrapped("no"), 1),
    failed("b.ts\0outer", wrapped("1 subtest failed", "subtestsFailed")),
    passed("b.ts\0later", { skip: "no reason" }),
  );
  assert.equal(
    text,
    [
      "  ✓ a.ts  1 passed, 2 ms",
      "    ✗ outer > inner",
      "      no",
      "  ✗ b.ts  0 passed, 1 FAILED, 1 skipped, 4 ms",
      "",
    ].join("\n"),
  );
});

test("what --name leaves out is not there, nor is a leak check that passes", async () => {
  const text = await print(
    passed("a.ts\0one", { skip: "test name does not match pattern" }),
    passed(`${LEAK_CHECK}\0${LEAK_CHECK}`),
  );
  assert.equal(text, "");
  const leak = failed(`${LEAK_CHECK}\0${LEAK_CHECK}`, wrapped("1 left open"));
  assert.match(await print(passed("a.ts\0one"), leak), /✗ leak check  0 passed, 1 FAILED/);
});
