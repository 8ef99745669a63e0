import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "testdata/leaks");

/** Runs a test file as `npm test` does, leak check included. */
function run(file: string): { status: number | null; output: string } {
  const args = ["--import", "tsx", "tools/run.ts", join(folder, file)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

for (const file of readdirSync(folder).filter((name) => name !== "none.ts")) {
  test(`a leak fails the run and names the line that opened it: ${file}`, () => {
    const { status, output } = run(file);
    assert.notEqual(status, 0, output);
    assert.match(output, /1 left open by the tests/);
    assert.match(output, new RegExp(`leaks/${file}:\\d+`));
  });
}

test("closing everything passes", () => {
  const { status, output } = run("none.ts");
  assert.equal(status, 0, output);
});
