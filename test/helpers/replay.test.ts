import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzersIn } from "./fuzz-soak.ts";
import { fuzzTargetOf } from "./fuzz.ts";
import { replayable, runSeed } from "./seed.ts";

test("a failure that depends on the seed says how to have it again, and what it was", async () => {
  const cause = new Error("too large");
  const body = replayable(() => {
    throw cause;
  });
  await assert.rejects(body, {
    message: new RegExp(`^Again: npm test -- --seed ${runSeed} `),
    cause,
  });
  await replayable(() => {})();
});

test("fuzzers are found in all folders and below, each once", () => {
  const found = fuzzersIn(["src/base", "src"]);
  assert.ok(found.includes("src/base/ip.fuzz.ts"));
  assert.deepEqual(found, [...new Set(found)].toSorted());
  assert.deepEqual(fuzzersIn(["test/helpers"]), []);
});

test("a fuzz file without a fuzzer gets a sentence", () => {
  assert.throws(
    () => fuzzTargetOf("x.fuzz.ts", undefined),
    /^AppError: x\.fuzz\.ts has no default/,
  );
});
