import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsIn } from "./plant.ts";
import { deadFileRule, unusedExportRule } from "./usage.ts";

const PROGRAMS = ["src/cli/cilium.ts"];

const clean: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ scripts: { test: "node tools/start.mjs test" } }),
  "tools/start.mjs": `const commands = { test: "tools/test.ts", programs: "src/cli/cilium.ts" };`,
  "tools/test.ts": `
    import { Worker } from "node:worker_threads";
    new Worker(new URL("./lib/worker.ts", import.meta.url));
    const late = await import("./lib/late.ts");`,
  "tools/lib/worker.ts": "export default 1;",
  "tools/lib/late.ts": "export const late = 1;",
  "src/base/index.ts": `
    export { one, type Two } from "./numbers.ts";
    export * from "./more.ts";
    export * as names from "./names.ts";`,
  "src/base/numbers.ts": "export const one = 1; export interface Two { two: 2 }",
  "src/base/more.ts": "export function three(): void; export function three(n?: number): void {}",
  "src/base/names.ts": "export const a = 1; export default a;",
  "src/base/numbers.test.ts": `import { one } from "./numbers.ts"; export {};`,
  "src/base/bytes.fuzz.ts": "export default { run() {} };",
  "src/base/testdata/sample.ts": "export const sample = 1;",
  "src/cli/cilium.ts": `import { one, three, names } from "#base"; import type { Two } from "#base";`,
  "src/cli/window.d.ts": "export interface Window { size: number }\nimport './window.d.ts';",
  "src/cli/size.ts": `export type Size = import("./window.d.ts").Window;`,
  "src/cli/size.test.ts": `import * as everything from "./size.ts"; import { help } from "#test";`,
  "test/helpers/index.ts": "export const help = 1;",
  "bench/vite.config.ts": "export default { port: 1 };",
};

const dead = (texts: Readonly<Record<string, string>>): string[] =>
  findingsIn(deadFileRule(PROGRAMS), { ...clean, ...texts }).map(
    (text) => text.split(": ")[0] ?? "",
  );

const unused = (texts: Readonly<Record<string, string>>): string[] =>
  findingsIn(unusedExportRule(PROGRAMS), { ...clean, ...texts });

test("a tree in which all is used has no findings", () => {
  assert.deepEqual(dead({}), []);
  assert.deepEqual(unused({}), []);
});

test("a file that nothing comes to", () => {
  const [says = ""] = findingsIn(deadFileRule(PROGRAMS), { ...clean, "src/cli/old.ts": "" });
  assert.match(
    says,
    /^src\/cli\/old\.ts:1: nothing that runs comes to this file: import it \(a test/,
  );
});

test("files that only dead files import are dead, in every folder of code", () => {
  const circle = { "src/base/a.ts": `import "./b.ts";`, "src/base/b.ts": `import "./a.ts";` };
  assert.deepEqual(
    dead({ ...circle, "tools/old.mjs": "", "test/old.ts": "", "bench/old.ts": "" }),
    ["bench/old.ts:1", "src/base/a.ts:1", "src/base/b.ts:1", "test/old.ts:1", "tools/old.mjs:1"],
  );
});

test("a name in a comment, or in the planted trees of these tests, keeps no file alive", () => {
  const names = `// "tools/old.ts"\nexport {};`;
  assert.deepEqual(dead({ "tools/old.ts": "", "src/base/old.test.ts": names }), ["tools/old.ts:1"]);
  const planted = { "tools/old.ts": "", "tools/tidy/x.test.ts": `const path = "tools/old.ts";` };
  assert.deepEqual(dead(planted), ["tools/old.ts:1"]);
});

test("an export that no other file imports, value or type", () => {
  assert.deepEqual(
    unused({ "src/cli/size.test.ts": `import { help } from "#test"; import "./size.ts";` }),
    ["src/cli/size.ts:1: no other file imports Size: drop the word export, or delete it"],
  );
  const texts = {
    "src/base/numbers.ts": "export const one = 1;\nexport class Two {}\nexport let x;",
  };
  assert.deepEqual(unused(texts), [
    "src/base/numbers.ts:3: no other file imports x: drop the word export, or delete it",
  ]);
});

test("what a file imports of itself does not count", () => {
  const own = {
    "src/cli/size.test.ts": "",
    "src/cli/size.ts": `export const a = 1; import { a as b } from "./size.ts";`,
  };
  const says = unused({ ...own, "src/cli/more.test.ts": `import "./size.ts"; import "#test";` });
  assert.ok(says.some((text) => text.startsWith("src/cli/size.ts:1: no other file imports a:")));
});

test("a name that a door passes on and nobody takes there, though others take it behind the door", () => {
  const cilium = `import { three, names, type Two } from "#base";`;
  assert.deepEqual(unused({ "src/cli/cilium.ts": cilium }), [
    "src/base/index.ts:2: no other file imports one from here: take it out of this list",
  ]);
});

test("a name that nobody takes of a door, nor behind it, is one finding", () => {
  const texts = {
    "src/cli/cilium.ts": `import { three, names, type Two } from "#base";`,
    "src/base/numbers.test.ts": "",
  };
  assert.deepEqual(unused(texts), [
    "src/base/index.ts:2: no other file imports one from here: take it out of this list, and drop " +
      "its export in src/base/numbers.ts",
  ]);
});

test("a type in a door's list is part of the door, whoever names it", () => {
  assert.deepEqual(
    unused({ "src/cli/cilium.ts": `import { one, three, names } from "#base";` }),
    [],
  );
});

test("a name behind a door that nobody takes at all", () => {
  const cilium = `import { one, names, type Two } from "#base";`;
  assert.deepEqual(unused({ "src/cli/cilium.ts": cilium }), [
    "src/base/more.ts:1: no other file imports three: drop the word export, or delete it",
  ]);
});

test("a renamed name is followed to where it comes from", () => {
  const door = `export { one as uno } from "./numbers.ts";`;
  const texts = {
    "src/base/index.ts": door,
    "src/base/numbers.ts": "export const one = 1; export const uno = 2;",
    "src/cli/cilium.ts": `import { uno } from "#base";`,
    "src/base/numbers.test.ts": `import "./more.ts"; import "./names.ts";`,
  };
  const says = unused(texts).map((text) => text.split(": drop")[0]);
  assert.deepEqual(says, [
    "src/base/more.ts:1: no other file imports three",
    "src/base/names.ts:1: no other file imports a",
    "src/base/names.ts:1: no other file imports default",
    "src/base/numbers.ts:1: no other file imports uno",
  ]);
});

test("a default export is used by name in fuzzers and settings only", () => {
  const texts = {
    "src/base/extra.test.ts": `import "./extra.ts";`,
    "src/base/extra.ts": "export default 1;",
  };
  assert.deepEqual(unused(texts), [
    "src/base/extra.ts:1: no other file imports default: drop the word export, or delete it",
  ]);
});

test("a program's exports are not used by those who start it, and a dead file is not reported twice", () => {
  const cilium = `${clean["src/cli/cilium.ts"]} export const main = 1;`;
  assert.deepEqual(
    unused({ "src/cli/cilium.ts": cilium, "src/cli/old.ts": "export const a = 1;" }),
    ["src/cli/cilium.ts:1: no other file imports main: drop the word export, or delete it"],
  );
});
