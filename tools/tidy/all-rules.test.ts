import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { root } from "../lib/files.ts";
import { rules, tidy } from "./all-rules.ts";
import { Tree } from "./tree.ts";

test("findings come in order of place and name their rule", () => {
  const tree = Tree.of({
    "src/base/index.ts": `\nimport "#sys";\nimport "#cli";\n`,
    "ARCHITECTURE.md": "",
  });
  const places = tidy(tree)
    .map(({ path, line, rule }) => `${path}:${line} ${rule}`)
    .filter((text) => !text.startsWith("tools/"));
  assert.deepEqual(places, [
    "ARCHITECTURE.md:1 diagram",
    "src/base/index.ts:1 dead-files",
    "src/base/index.ts:2 imports",
    "src/base/index.ts:3 imports",
  ]);
});

test("rules have names of their own", () => {
  const names = rules.map(({ name }) => name);
  assert.deepEqual([...new Set(names)], names);
});

test("the command fails exactly when it finds something, and says so in its last line", () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "tools/tidy.ts", ...args], {
      cwd: root,
      encoding: "utf8",
    });
  const { status, stdout, stderr } = run();
  assert.equal(stderr, "");
  const expected = status === 0 ? /\ntidy: \d+ files, no findings\n$/ : /\ntidy: \d+ findings?\n$/;
  assert.match(stdout, expected);
  assert.equal(run("--no-such-option").status, 2);
});
