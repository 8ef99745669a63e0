import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsIn } from "./plant.ts";
import { testNames } from "./test-names.ts";

const saysOf = (...paths: string[]): string[] =>
  findingsIn(testNames, Object.fromEntries(paths.map((path) => [path, ""])));

test("names that no runner looks for", () => {
  const paths = [
    "src/base/ip-test.ts",
    "src/base/ip.spec.ts",
    "src/base/ip.test.mjs",
    "src/base/ip.test.tsx",
    "src/base/ip_test.ts",
    "src/base/ip.tests.ts",
    "test/ip.bench.js",
  ];
  const says = saysOf(...paths);
  assert.equal(says.length, paths.length, says.join("\n"));
  for (const text of says) assert.match(text, /:1: no runner finds this: name it x\.test\.ts/);
});

test("a test outside the folders of code", () => {
  const [says = "", ...more] = saysOf("docs/example.test.ts");
  assert.match(
    says,
    /^docs\/example\.test\.ts:1: tests live in src, tools, test, bench, .*move it/,
  );
  assert.deepEqual(more, []);
});

test("tests that are found, data, and what only sounds like a test", () => {
  const says = saysOf(
    "src/base/ip.test.ts",
    "src/base/ip.prop.test.ts",
    "src/sys/fd.kernel.test.ts",
    "src/base/ip.fuzz.ts",
    "test/soak/ip.soak.ts",
    "bench/ip.bench.ts",
    "tools/test.ts",
    "tools/test-fresh.ts",
    "src/base/testdata/sample.spec.ts",
    "src/statedb/testdata/tables.txt",
    "bpf/tests/latest.c",
    "src/kube/spec.ts",
    "src/base/contest.ts",
  );
  assert.deepEqual(says, []);
});
