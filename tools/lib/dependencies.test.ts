import assert from "node:assert/strict";
import { test } from "node:test";
import { dependencyProblems, type Sources } from "./dependencies.ts";

const versions = { dependencies: { tree: "1.0.0" }, devDependencies: { "@x/fmt": "2.0.0" } };
const good: Sources = {
  manifest: versions,
  lock: {
    packages: { "": versions, "node_modules/@x/fmt": { bin: { fmt: "bin/fmt" } } },
  },
  code: ['import { Tree } from "tree";', 'packageCommand("fmt")'],
  contributing: "| package | for |\n| tree, @x/fmt | trees |\n",
};

const problems = (change: Partial<Sources>): string[] => dependencyProblems({ ...good, ...change });

test("dependencies that are locked, used and explained are fine", () => {
  assert.deepEqual(problems({}), []);
});

test("a lock made for other dependencies", () => {
  assert.deepEqual(problems({ lock: { packages: { ...good.lock.packages, "": {} } } }), [
    'package.json has tree 1.0.0, package-lock.json not at all: run "npm run lock".',
    'package.json has @x/fmt 2.0.0, package-lock.json not at all: run "npm run lock".',
  ]);
});

test("a version that is none, a package for nothing, and one that nobody explains", () => {
  const manifest = { dependencies: { tree: "^1.0.0" }, devDependencies: versions.devDependencies };
  const lock = { packages: { ...good.lock.packages, "": manifest } };
  assert.match(problems({ manifest, lock })[0] ?? "", /^tree has the version "\^1\.0\.0": write/);
  assert.match(problems({ code: ['"fmt"'] }).join(), /^Nothing imports tree or runs/);
  assert.match(problems({ contributing: "| tree |\n" }).join(), /^@x\/fmt is not in CONTRIBUTING/);
});
