import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./files.ts";

/** Runs .ci/run with an npm that says and answers what it is told to. */
function ciRun(tests: { says: string; status: number }, checkStatus: number, kernelStatus = 0) {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-ci-"));
  try {
    const npm = join(folder, "npm");
    writeFileSync(
      npm,
      `#!/bin/sh
if [ "$*" = test ]; then printf '%s' '${tests.says}'; exit ${tests.status}; fi
if [ "$*" = "run check" ]; then echo "checked"; exit ${checkStatus}; fi
if [ "$*" = "run test:kernel -- 6.1 --short" ]; then exit ${kernelStatus}; fi
exit 99
`,
    );
    chmodSync(npm, 0o755);
    const { status, stdout } = spawnSync(join(root, ".ci/run"), {
      encoding: "utf8",
      env: { ...process.env, PATH: `${folder}:${process.env["PATH"]}` },
    });
    const lines = stdout.trimEnd().split("\n");
    return { status, last: lines.at(-1), before: lines.at(-2), all: stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const passing = { says: "  a line\n12 passed, 0 failed\n", status: 0 };

test("CI ends with the counts and passes when tests and checks do", () => {
  const { status, last, all } = ciRun(passing, 0);
  assert.deepEqual([status, last], [0, "12 passed, 0 failed"]);
  assert.match(all, /a line\n[^]*checked\n/);
  const skipped = { says: "1 passed, 0 failed, 2 skipped\n", status: 0 };
  assert.deepEqual(ciRun(skipped, 0).last, "1 passed, 0 failed, 2 skipped");
});

test("CI fails when a test fails, and still runs the checks", () => {
  const { status, last, all } = ciRun({ says: "3 passed, 1 failed\n", status: 1 }, 0);
  assert.deepEqual([status, last], [1, "3 passed, 1 failed"]);
  assert.match(all, /checked/);
});

test("CI says so when only the checks fail", () => {
  const { status, last, before } = ciRun(passing, 1);
  assert.deepEqual([status, last], [1, "12 passed, 0 failed"]);
  assert.match(before ?? "", /^The tests pass, but npm run check fails/);
});

test("CI says so when only the tests on the older kernel fail", (context) => {
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    context.skip("CI leaves them out here");
    return;
  }
  const { status, last, before } = ciRun(passing, 0, 3);
  assert.deepEqual([status, last], [1, "12 passed, 0 failed"]);
  assert.match(before ?? "", /^The tests pass here, but not on Linux 6\.1/);
});

test("CI fails when the tests end without counts, or count no failure and fail", () => {
  const crashed = ciRun({ says: "Segmentation fault", status: 139 }, 0);
  assert.deepEqual([crashed.status, crashed.last], [1, "0 passed, 1 failed"]);
  const odd = ciRun({ says: "3 passed, 0 failed\n", status: 1 }, 0);
  assert.deepEqual([odd.status, odd.last], [1, "3 passed, 1 failed"]);
});

test("the CI script is executable in git too, once it is there", (context) => {
  if (!existsSync(join(root, ".git"))) return context.skip("there is no git here");
  const entry = execFileSync("git", ["-c", "safe.directory=*", "ls-files", "-s", ".ci/run"], {
    cwd: root,
    encoding: "utf8",
  });
  if (entry !== "") assert.match(entry, /^100755 /);
  return undefined;
});
