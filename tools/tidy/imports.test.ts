import assert from "node:assert/strict";
import { test } from "node:test";
import { importRule } from "./imports.ts";
import { findingsIn } from "./plant.ts";
import type { ImportTable } from "./table.ts";

const table: ImportTable = {
  order: ["base", "sys", "statedb", "kube", "cli"],
  modules: {
    base: { doors: [], packages: [], isPure: true },
    "base/log": { doors: ["base"], packages: ["pino"], isPure: false },
    sys: { doors: [], packages: ["koffi"], isPure: false },
    statedb: { doors: ["base"], packages: ["@scope/tree"], isPure: true },
    cli: { doors: ["base", "base/log", "statedb"], packages: [], isPure: false },
  },
};

/** A tree in which all is well. Tests put one thing into it that is not. */
const clean: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({
    dependencies: { pino: "1.0.0", koffi: "1.0.0", "@scope/tree": "1.0.0" },
    devDependencies: { "fast-check": "1.0.0", esbuild: "1.0.0" },
  }),
  "tools/tidy/table.ts": "const one = {\n  base: {\n  },\n};\n",
  "src/base/index.ts": `export * from "./errors.ts";`,
  "src/base/errors.ts": "export const wrong = 1;",
  "src/base/errors.test.ts": `
    import { test } from "node:test";
    import fc from "fast-check";
    import { property } from "#test";
    import { wrong } from "#base";`,
  "src/base/log/index.ts": `
    import pino from "pino";
    import { wrong } from "#base";
    import { line } from "./line.ts";`,
  "src/base/log/line.ts": `import { hostname } from "node:os";`,
  "src/sys/index.ts": `import koffi from "koffi"; import { openSync } from "node:fs";`,
  "src/statedb/index.ts": `export { Db } from "./db/db.ts"; import "@scope/tree/sub.js";`,
  "src/statedb/db/db.ts": `import { wrong } from "#base"; import { a } from "../tree.ts";`,
  "src/statedb/tree.ts": "export const a = 1;",
  "src/statedb/testdata/index.ts": "export const notCode = {",
  "src/cli/cilium.ts": `
    import { Db } from "#statedb";
    import { wrong } from "#base";
    import { log } from "#base/log";
    const folder = process.env["HOME"];`,
  "tools/run.ts": `import { property } from "#test";`,
  "tools/build.ts": `import { build } from "esbuild"; import { run } from "./lib/run.ts";`,
  "tools/lib/run.ts": "export const run = process.env;",
  "test/helpers/index.ts": `import fc from "fast-check"; import { Db } from "#statedb";`,
  "bench/package.json": JSON.stringify({ dependencies: { tinybench: "1.0.0" } }),
  "bench/maps.bench.ts": `import { Bench } from "tinybench"; import { Db } from "#statedb";`,
};

/** What the rule says once these files are in the clean tree, the last of them at its end. */
function saysOf(texts: Readonly<Record<string, string>>, own: ImportTable = table): string[] {
  return findingsIn(importRule(own), { ...clean, ...texts });
}

function oneFinding(texts: Readonly<Record<string, string>>, expected: RegExp): void {
  const says = saysOf(texts);
  assert.equal(says.length, 1, says.join("\n"));
  assert.match(says[0] ?? "", expected);
}

test("a tree that keeps to the table has no findings", () => {
  assert.deepEqual(saysOf({}), []);
});

test("a door that is not among the allowed ones", () => {
  oneFinding(
    { "src/cli/more.ts": `\nimport { fd } from "#sys";` },
    /^src\/cli\/more\.ts:2: cli may not import #sys: add "sys" to cli's doors in tools\/tidy\/table\.ts/,
  );
});

test("a door to the right, and a type counts as much as a value", () => {
  oneFinding(
    { "src/base/more.ts": `import type { Db } from "#statedb";` },
    /^src\/base\/more\.ts:1: #statedb lies to the right of base in the import order: .*move what/,
  );
});

test("every way to import is seen", () => {
  for (const code of [
    `import "#sys";`,
    `export { fd } from "#sys";`,
    `export * from "#sys";`,
    `const sys = await import("#sys");`,
    `type Fd = import("#sys").Fd;`,
    `type Sys = typeof import("#sys");`,
    `const sys = require("#sys");`,
  ]) {
    oneFinding({ "src/cli/more.ts": code }, /more\.ts:1: cli may not import #sys/);
  }
});

test("a module's own door", () => {
  oneFinding(
    { "src/base/more.ts": `import { wrong } from "#base";` },
    /more\.ts:1: base imports its own door #base: import the file itself/,
  );
});

test("a folder of src that is not in the table", () => {
  oneFinding(
    { "src/kube/index.ts": `import { wrong } from "#base";` },
    /^src\/kube\/index\.ts:1: src\/kube is not in the import table: add "kube"/,
  );
});

test("a nested door that is not in the table", () => {
  oneFinding(
    { "src/statedb/reconciler/index.ts": "", "src/statedb/reconciler/queue.ts": "" },
    /^src\/statedb\/reconciler\/index\.ts:1: this index\.ts makes src\/statedb\/reconciler a door/,
  );
});

test("a file of src that is in no module", () => {
  oneFinding({ "src/stray.ts": "" }, /^src\/stray\.ts:1: this file is in no module: move it/);
});

test("a folder without index.ts is no door", () => {
  oneFinding(
    { "tools/more.ts": `import { Db } from "#statedb/db";` },
    /^tools\/more\.ts:1: #statedb\/db is no door: make src\/statedb\/db\/index\.ts/,
  );
});

test("a relative import that leaves its module", () => {
  oneFinding(
    { "src/cli/more.ts": `import { wrong } from "../base/errors.ts";` },
    /more\.ts:1: "\.\.\/base\/errors\.ts" leaves src\/cli for src\/base: import its door, #base/,
  );
  oneFinding(
    { "src/cli/more.ts": `import { run } from "../../tools/lib/run.ts";` },
    /more\.ts:1: ".*" leaves src\/cli: move what it names into a module/,
  );
});

test("a nested door's files are reached through it, from its module too, and do not reach out", () => {
  oneFinding(
    { "src/base/more.ts": `import { line } from "./log/line.ts";` },
    /more\.ts:1: "\.\/log\/line\.ts" leaves src\/base for src\/base\/log: .* #base\/log/,
  );
  oneFinding(
    { "src/base/log/more.ts": `import { wrong } from "../errors.ts";` },
    /more\.ts:1: "\.\.\/errors\.ts" leaves src\/base\/log for src\/base: import its door, #base/,
  );
});

test("a tool or a test that goes past a door", () => {
  oneFinding(
    { "test/more.ts": `import { wrong } from "../src/base/errors.ts";` },
    /^test\/more\.ts:1: "\.\.\/src\/base\/errors\.ts" goes past a door: import #base/,
  );
});

test("Node in a pure module, but not in its tests", () => {
  oneFinding(
    { "src/statedb/more.ts": `import { hostname } from "node:os";` },
    /more\.ts:1: statedb is pure and may not import node:os: pass in/,
  );
  assert.deepEqual(saysOf({ "src/statedb/more.test.ts": `import "node:os";` }), []);
});

test("#sys, or another door that is not pure, in a pure module", () => {
  oneFinding(
    { "src/statedb/more.ts": `import { fd } from "#sys";` },
    /more\.ts:1: statedb is pure and #sys is not: pass in/,
  );
  oneFinding(
    { "src/statedb/more.ts": `import { log } from "#base/log";` },
    /more\.ts:1: statedb is pure and #base\/log is not/,
  );
});

test("a test beside its source may import #base, its own door and its module's doors, no others", () => {
  assert.deepEqual(saysOf({ "src/sys/fd.test.ts": `import "#base"; import "#sys";` }), []);
  oneFinding(
    { "src/statedb/more.prop.test.ts": `import { fd } from "#sys";` },
    /more\.prop\.test\.ts:1: statedb is pure and #sys is not/,
  );
  oneFinding({ "src/sys/more.fuzz.ts": `import "#cli";`, "src/cli/index.ts": "" }, /#cli lies to/);
});

test("koffi outside sys", () => {
  oneFinding(
    { "src/cli/more.ts": `import koffi from "koffi";` },
    /more\.ts:1: only src\/sys may import koffi/,
  );
  oneFinding(
    { "tools/more.ts": `const koffi = require("koffi");` },
    /^tools\/more\.ts:1: only src\/sys may import koffi/,
  );
});

test("a package that is not among the module's", () => {
  oneFinding(
    { "src/cli/more.ts": `import pino from "pino";` },
    /more\.ts:1: cli may not import pino: add it to cli's packages/,
  );
  oneFinding(
    { "src/cli/more.ts": `import fc from "fast-check";` },
    /cli may not import fast-check/,
  );
});

test("a package of a tool that is not in package.json", () => {
  oneFinding(
    { "tools/more.ts": `import { glob } from "@glob/all/x";` },
    /^tools\/more\.ts:1: @glob\/all is not in package\.json: npm install/,
  );
});

test("a part of Node without its prefix", () => {
  oneFinding(
    { "tools/more.ts": `import { readFile } from "fs/promises";` },
    /more\.ts:1: "fs\/promises" is a part of Node: write node:fs\/promises/,
  );
});

test("the environment read outside composition roots, in any way to write it", () => {
  for (const code of [
    "const home = process.env.HOME;",
    `const home = process["env"].HOME;`,
    "const { env } = process;",
    "const home = globalThis.process.env.HOME;",
    `import { env } from "node:process";`,
  ]) {
    oneFinding(
      { "src/sys/more.ts": code },
      /^src\/sys\/more\.ts:1: sys reads the environment: .*op/,
    );
  }
  const harmless = `const a = { process: { environment: 1 } }; "process.env"; // process.env`;
  assert.deepEqual(saysOf({ "src/sys/more.ts": harmless }), []);
  assert.deepEqual(saysOf({ "src/sys/more.test.ts": "const home = process.env.HOME;" }), []);
});

test("#test in what is not a test", () => {
  oneFinding(
    { "src/cli/more.ts": `import { property } from "#test";` },
    /^src\/cli\/more\.ts:1: #test is for tests/,
  );
  oneFinding({ "tools/more.ts": `import { property } from "#test";` }, /^tools\/more\.ts:1: #test/);
});

test("a neighbour or package that nobody uses any more", () => {
  oneFinding(
    { "src/statedb/db/db.ts": "" },
    /^tools\/tidy\/table\.ts:1: no file of statedb imports #base: drop the word until one does/,
  );
  oneFinding(
    { "src/statedb/index.ts": "" },
    /no file of statedb imports @scope\/tree: drop the word until one does/,
  );
});

test("code that does not parse", () => {
  oneFinding({ "src/cli/more.ts": "\nconst = 1;" }, /more\.ts:2: this does not parse \(.*\): mend/);
});
