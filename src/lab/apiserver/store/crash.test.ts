import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout } from "node:timers/promises";

import { writeForEver, WRITERS } from "./crash-child.ts";
import { listPrefix } from "./keys.ts";
import { ObjectStore } from "./object-store.ts";

/** Its arguments are a module and a folder. */
const CHILD = `import(process.argv[1]).then((child) => child.${writeForEver.name}(process.argv[2]))`;
const MODULE = new URL("crash-child.ts", import.meta.url).href;
const KILLS = 3;
const MIN_WRITES = 500;

/** What the child was told is kept: key to revision and serial, the last of each. */
type Acknowledged = Map<string, { revision: number; serial: string }>;

/** Kills the child amid its writes, and adds what it printed to `acknowledged`. */
async function writeAndKill(folder: string, acknowledged: Acknowledged): Promise<void> {
  const path = join(folder, "acknowledged");
  const output = openSync(path, "w+");
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--eval", CHILD, MODULE, join(folder, "objects")],
    {
      stdio: ["ignore", output, "inherit"],
    },
  );
  closeSync(output);
  const exited = once(child, "exit");
  while (linesOf(path).length < MIN_WRITES && child.exitCode === null) await setTimeout(10);
  child.kill("SIGKILL");
  assert.deepEqual(await exited, [null, "SIGKILL"]);
  for (const line of linesOf(path)) {
    const [key = "", revision = "", serial = ""] = line.split(" ");
    acknowledged.set(key, { revision: Number(revision), serial });
  }
}

/** Without the last line, which may be half a line. */
function linesOf(path: string): string[] {
  return readFileSync(path, "utf8").split("\n").slice(0, -1);
}

/**
 * Each writer may have had one write on its way that it never heard of; everything else is as it
 * was told.
 */
function checkKept(store: ObjectStore, acknowledged: Acknowledged): void {
  let unheardOf = 0;
  for (const [key, { revision, serial }] of acknowledged) {
    assert.ok(revision <= store.revision, `revision ${revision} of ${key} is lost`);
    const stored = store.get(key);
    const kept = stored === undefined ? "-" : String(stored.object["serial"]);
    if (kept === serial) continue;
    assert.ok((stored?.revision ?? store.revision) > revision, `${key} is older than it was`);
    acknowledged.set(key, { revision: stored?.revision ?? store.revision, serial: kept });
    unheardOf += 1;
  }
  assert.ok(unheardOf <= WRITERS, `${unheardOf} objects are not what ${WRITERS} writers were told`);
  for (const stored of store.list(listPrefix("", "pods")).items) {
    assert.equal(stored.object.metadata["resourceVersion"], String(stored.revision));
    assert.ok(stored.revision <= store.revision);
  }
}

test("what was acknowledged is there after kill -9", { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-store-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const acknowledged: Acknowledged = new Map();
  for (let round = 0; round < KILLS; round++) {
    await writeAndKill(folder, acknowledged);
    await using store = ObjectStore.open(join(folder, "objects"));
    checkKept(store, acknowledged);
  }
  assert.ok(acknowledged.size > 100);
});
