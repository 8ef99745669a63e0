import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { fromRoot, projectFiles, root, walk } from "./files.ts";

test("paths are taken from where one stands, words as they are", () => {
  const folder = join(root, "src/base");
  assert.equal(fromRoot("./x.test.ts", folder), "src/base/x.test.ts");
  assert.equal(fromRoot("../sys/x.ts", folder), "src/sys/x.ts");
  assert.equal(fromRoot(join(root, "tools/x.ts"), folder), "tools/x.ts");
  assert.equal(fromRoot("statedb", folder), "statedb");
  assert.equal(fromRoot(".kernel.test", folder), ".kernel.test");
});

test("a walk finds what git lists, and nothing that is installed or built", () => {
  const walked = walk("tools/lib/");
  const listed = projectFiles().filter((path) => path.startsWith("tools/lib/"));
  assert.deepEqual(walked.toSorted(), listed);
});
