import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cutLog, cutLogs, logsIn, olderLog, readLogAfter, readLogTail } from "./log-file.ts";

async function inFolder(run: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-log-file-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a log that is too long is cut under its writer, once into an older file, and reads as one", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "kubelet.log");
    const writer = await open(path, "a");
    try {
      await writer.write("first\n");
      const begun = readLogTail(path, 100);
      assert.deepEqual(begun, { text: "first\n", end: 6 });
      cutLog(path, 6);
      assert.deepEqual(readdirSync(folder), ["kubelet.log"]);

      await writer.write("second\n");
      cutLog(path, 6);
      await writer.write("third\n");
      assert.equal(readFileSync(path, "utf8"), "third\n");
      assert.equal(readFileSync(olderLog(path), "utf8"), "first\nsecond\n");
      assert.equal(readLogTail(path, 100).text, "first\nsecond\nthird\n");
      assert.equal(readLogTail(path, 8).text, "d\nthird\n");
      // Who had seen the first line and looks again misses nothing of what was cut.
      const next = readLogAfter(path, begun.end + 7);
      assert.deepEqual(next, { text: "third\n", end: 6 });
      assert.deepEqual(readLogAfter(path, 7), { text: "econd\nthird\n", end: 6 });
      assert.deepEqual(readLogAfter(path, next.end), { text: "", end: 6 });

      await writer.write("fourth\n");
      cutLog(path, 6);
      assert.equal(readFileSync(olderLog(path), "utf8"), "third\nfourth\n");
      assert.deepEqual(readdirSync(folder).toSorted(), ["kubelet.log", "kubelet.log.1"]);
    } finally {
      await writer.close();
    }
  });
});

test("of a folder, each process's log is cut, and none that is short", async () => {
  await inFolder((folder) => {
    const long = "x".repeat(5 * 1024 * 1024);
    appendFileSync(join(folder, "a.log"), long);
    appendFileSync(join(folder, "b.log"), "short\n");
    for (let turn = 0; turn < 2; turn++) {
      cutLogs(folder);
      assert.deepEqual(readdirSync(folder).toSorted(), ["a.log", "a.log.1", "b.log"]);
      assert.deepEqual(logsIn(folder), ["a", "b"]);
    }
    assert.equal(readFileSync(join(folder, "a.log"), "utf8"), "");
    assert.equal(readFileSync(join(folder, "b.log"), "utf8"), "short\n");
  });
});

test("a log is cut also where its older part cannot be kept", async () => {
  await inFolder((folder) => {
    const path = join(folder, "a.log");
    appendFileSync(path, "text\n");
    mkdirSync(olderLog(path));
    cutLog(path, 1);
    assert.deepEqual(readLogTail(path, 100), { text: "", end: 0 });
    assert.deepEqual(readdirSync(folder), ["a.log"]);
    assert.deepEqual(readLogTail(join(folder, "none.log"), 100), { text: "", end: 0 });
  });
});
