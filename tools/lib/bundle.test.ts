import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { budgetFailures, entrySizes } from "./bundle.ts";
import { entryPoints, startBudgets } from "./entry-points.ts";
import { root } from "./files.ts";

const importing = (...imports: [string, "import-statement" | "dynamic-import", true?][]) =>
  imports.map(([path, kind, external]) => ({ path, kind, ...(external && { external }) }));

const outputs = {
  "dist/a.js": {
    bytes: 1,
    imports: importing(
      ["dist/lib/shared.js", "import-statement"],
      ["dist/lib/later.js", "dynamic-import"],
      ["node:fs", "import-statement", true],
    ),
  },
  "dist/lib/shared.js": { bytes: 10, imports: importing(["dist/lib/base.js", "import-statement"]) },
  "dist/lib/later.js": { bytes: 100, imports: importing(["dist/lib/base.js", "import-statement"]) },
  // Chunks may import each other in a circle.
  "dist/lib/base.js": {
    bytes: 1000,
    imports: importing(["dist/lib/shared.js", "import-statement"]),
  },
  "dist/b.js": { bytes: 5, imports: [] },
};

test("an entry's start is itself and all that it imports statically, each once", () => {
  assert.deepEqual(entrySizes({ outputs }, { a: "a.ts", b: "b.ts" }, "dist"), [
    { name: "a", startBytes: 1011, allBytes: 1111 },
    { name: "b", startBytes: 5, allBytes: 5 },
  ]);
});

test("an entry over its budget or without one gets a sentence", () => {
  const size = { name: "a", startBytes: 1001, allBytes: 2000 };
  assert.deepEqual(budgetFailures([{ ...size, budget: 1001 }]), []);
  const [over = ""] = budgetFailures([{ ...size, budget: 1000 }]);
  assert.match(over, /^a loads 1\.0 kB at its start, .* budget of 1\.0 kB: /);
  assert.match(budgetFailures([{ ...size, budget: undefined }])[0] ?? "", /has no budget/);
});

test("every entry point is there and has a budget", () => {
  for (const [name, path] of Object.entries(entryPoints)) {
    assert.ok(existsSync(join(root, path)), path);
    assert.ok((startBudgets[name] ?? 0) > 0, name);
  }
});
