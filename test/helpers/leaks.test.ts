import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(import.meta.dirname, "testdata/leaks");

/** Runs a test file as `npm test` does, leak check included. */
function run(file: string, env: NodeJS.ProcessEnv = {}): { status: number | null; output: string } {
  const args = ["--import", "tsx", "--test-reporter", "./tools/reporter.ts", "tools/run.ts", file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    timeout: 30_000,
    env: { ...process.env, ...env, CILIATE_TEST_COUNTS: undefined },
  });
  return { status, output: stdout + stderr };
}

for (const file of readdirSync(folder).filter((name) => name !== "none.ts")) {
  test(`a leak fails the run and names the line that opened it: ${file}`, () => {
    const { status, output } = run(join(folder, file));
    assert.equal(status, 1, output);
    assert.match(output, /✗ leak check  0 passed, 1 FAILED/);
    assert.match(output, /1 left open by the tests/);
    assert.match(output, new RegExp(`leaks/${file}:\\d+`));
  });
}

test("closing everything passes", () => {
  const { status, output } = run(join(folder, "none.ts"));
  assert.equal(status, 0, output);
});

test("a test that never ends fails, and the next one runs", () => {
  const path = join(import.meta.dirname, "testdata/endless/endless.ts");
  const { status, output } = run(path, { CILIATE_TEST_TIMEOUT_MS: "300" });
  assert.equal(status, 1, output);
  assert.match(output, /✗ goes on for ever\n +Error: it had not ended after 0\.3 s/);
  assert.match(output, /✗ test\/helpers\/testdata\/endless\/endless\.ts  1 passed, 1 FAILED/);
});
