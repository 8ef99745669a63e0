import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTable, tableMistakes } from "./check-table.ts";
import { type ImportTable, importTable, type Module } from "./table.ts";
import { Tree } from "./tree.ts";

const pure: Module = { doors: [], packages: [], isPure: true };
const impure: Module = { doors: [], packages: [], isPure: false };

function mistakesOf(modules: ImportTable["modules"]): string[] {
  return tableMistakes({ order: ["base", "sys", "hubble"], modules }).map(({ message }) => message);
}

function oneMistake(modules: ImportTable["modules"], expected: RegExp): void {
  const mistakes = mistakesOf(modules);
  assert.equal(mistakes.length, 1, mistakes.join("\n"));
  assert.match(mistakes[0] ?? "", expected);
}

test("the table of this tree is sound", () => {
  assert.deepEqual(tableMistakes(importTable), []);
});

test("a sound table, with a nested door on either side of its module", () => {
  const mistakes = mistakesOf({
    base: pure,
    sys: { ...impure, packages: ["koffi"], doors: ["base"] },
    hubble: { ...impure, doors: ["sys", "hubble/decode"] },
    "hubble/decode": { ...pure, doors: ["base"] },
    "hubble/relay": { ...impure, doors: ["hubble"] },
  });
  assert.deepEqual(mistakes, []);
});

test("a module without a place in the order", () => {
  oneMistake({ proxy: pure }, /^proxy has no place in ORDER: put it there/);
});

test("a door that is not in the table", () => {
  oneMistake({ hubble: { ...pure, doors: ["base"] } }, /^hubble may import #base, which is not in/);
});

test("a door to the right", () => {
  oneMistake(
    { base: { ...impure, doors: ["sys"] }, sys: impure },
    /^base may import #sys, which lies to its right/,
  );
});

test("a pure module with a door that is not pure", () => {
  oneMistake(
    { hubble: { ...pure, doors: ["sys"] }, sys: impure },
    /^hubble is pure and may import #sys, which is not/,
  );
});

test("koffi for any module but sys", () => {
  oneMistake({ hubble: { ...impure, packages: ["koffi"] } }, /^hubble may import koffi: only sys/);
});

test("a circle between a module and its nested doors", () => {
  const mistakes = mistakesOf({
    hubble: { ...pure, doors: ["hubble/decode"] },
    "hubble/decode": { ...pure, doors: ["hubble"] },
    base: { ...pure, doors: ["base"] },
  });
  assert.deepEqual(mistakes, [
    "hubble → hubble/decode → hubble is a circle: take out one of its imports",
    "hubble/decode → hubble → hubble/decode is a circle: take out one of its imports",
    "base → base is a circle: take out one of its imports",
  ]);
});

test("modules and packages that are in the table and not there", () => {
  const tree = Tree.of({
    "package.json": JSON.stringify({ devDependencies: { koffi: "1.0.0" } }),
    "tools/tidy/table.ts": `{\n  sys: {},\n  "base/log": {},\n}`,
    "src/sys/fd.ts": "",
    "src/base/log/line.ts": "",
  });
  const modules = {
    hubble: pure,
    sys: { ...impure, packages: ["koffi"] },
    "base/log": impure,
    base: pure,
  };
  const problems = checkTable(tree, { order: ["base", "sys", "hubble"], modules });
  assert.deepEqual(
    problems.map(({ path, line, message }) => `${path}:${line}: ${message}`),
    [
      "tools/tidy/table.ts:1: src/hubble is not there: take hubble out of the table",
      "tools/tidy/table.ts:2: sys may import koffi, which is no dependency in package.json: npm " +
        "install it there, or drop the word",
      "tools/tidy/table.ts:3: src/base/log/index.ts is not there: take base/log out of the table",
    ],
  );
});
