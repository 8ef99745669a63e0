import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzSoaks } from "./fuzz-soaks.ts";
import { findingsIn } from "./plant.ts";

test("a fuzzer outside the folders of every fuzz soak", () => {
  const soak = `export default defineFuzzSoak(\n  "src/a",\n  "src/b/c",\n);`;
  const tree = {
    "test/soak/fuzz.soak.ts": soak,
    "src/a/deep/x.fuzz.ts": "",
    "src/b/c/x.fuzz.ts": "",
  };
  assert.deepEqual(findingsIn(fuzzSoaks, tree), []);
  const [says = "", ...more] = findingsIn(fuzzSoaks, { ...tree, "src/ab/x.fuzz.ts": "" });
  assert.match(says, /^src\/ab\/x\.fuzz\.ts:1: no soak runs this fuzzer for long/);
  assert.deepEqual(more, []);
});
