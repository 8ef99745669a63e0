import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AppError, AsyncScope, systemClock } from "#base";
import { silentLogger } from "#base/log";
import { askSupervisor, serveControl } from "./control.ts";
import { ManagedProcess } from "./managed-process.ts";
import {
  endProcess,
  identify,
  isAlive,
  parseStartTicks,
  type ProcessIdentity,
  readPidFile,
  writePidFile,
} from "./process-identity.ts";

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-supervisor-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function startSleep(): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  await once(child, "spawn");
  const identity = identify(child.pid ?? 0);
  assert.ok(identity !== undefined);
  return { child, identity };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) await systemClock.sleep(10);
  assert.ok(condition());
}

test("a pid file names a process and not its number: a stranger is neither found nor ended", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "pid");
    const { child, identity } = await startSleep();
    writePidFile(path, identity);
    assert.deepEqual(readPidFile(path), identity);
    const stranger = { ...identity, startTicks: identity.startTicks - 1 };
    writePidFile(path, stranger);
    assert.equal(readPidFile(path), undefined);
    await endProcess(stranger, 0, systemClock);
    assert.ok(isAlive(identity));
    assert.ok(!isAlive({ ...identity, boot: "another" }));
    const gone = once(child, "exit");
    await endProcess(identity, 1_000, systemClock);
    await gone;
    assert.ok(!isAlive(identity));
    for (const text of ["", "{}", "null", `{"pid":-1,"startTicks":1,"boot":"x"}`]) {
      writeFileSync(path, text);
      assert.equal(readPidFile(path), undefined);
    }
  });
});

test("the start of a process is read past any name, and the dead have none", () => {
  const stat = (state: string): string =>
    `7 (a) (b) ${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 0`;
  assert.equal(parseStartTicks(stat("S")), 4711);
  assert.equal(parseStartTicks(stat("Z")), undefined);
  assert.equal(parseStartTicks("nonsense"), undefined);
});

test("a process that ends is started again; one that runs already is taken over", async () => {
  await inFolder(async (folder) => {
    await using scope = new AsyncScope();
    const started: ChildProcess[] = [];
    const pidFile = join(folder, "pid");
    const options = {
      name: "sleeper",
      pidFile,
      clock: systemClock,
      logger: silentLogger,
      start: async () => {
        const { child, identity } = await startSleep();
        started.push(child);
        return identity;
      },
    };
    const first = new ManagedProcess(options);
    await until(() => first.status.pid !== undefined);
    const { pid: firstPid } = first.status;
    process.kill(firstPid ?? 0, "SIGKILL");
    await until(() => first.status.restarts === 1 && first.status.pid !== undefined);
    assert.notEqual(first.status.pid, firstPid);

    const second = scope.use(new ManagedProcess(options));
    await until(() => second.status.pid !== undefined);
    assert.equal(second.status.pid, first.status.pid);
    assert.equal(started.length, 2);
    const last = started[1];
    assert.ok(last !== undefined);
    const gone = once(last, "exit");
    await first[Symbol.asyncDispose]();
    await gone;
    assert.equal(readPidFile(pidFile), undefined);
  });
});

test("a supervisor answers over its socket, errors too; where there is none, nothing", async () => {
  await inFolder(async (folder) => {
    const path = join(folder, "control.sock");
    assert.equal(await askSupervisor(path, "status"), undefined);
    const status = { processes: [{ name: "a", pid: 2, restarts: 1 }], problems: ["b"] };
    const server = await serveControl(path, {
      status: async () => status,
      reconcile: () => Promise.reject(new AppError("x", "the bridge is gone")),
    });
    assert.deepEqual(await askSupervisor(path, "status"), status);
    await assert.rejects(askSupervisor(path, "reconcile"), /^AppError: the bridge is gone$/);
    await server[Symbol.asyncDispose]();
    writeFileSync(path, "");
    assert.equal(await askSupervisor(path, "status"), undefined);
    assert.equal(readFileSync(path, "utf8"), "");
  });
});
