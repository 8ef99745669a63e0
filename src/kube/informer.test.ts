import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { setTimeout } from "node:timers/promises";

import { type Clock, systemClock } from "#base";
import { defineTable, StateDb, type Table } from "#statedb";

import type { KubeClient } from "./client.ts";
import { Informer, type InformerOptions } from "./informer.ts";
import type { KubeObject } from "./object.ts";
import { RESOURCES } from "./resource.ts";
import { refuse, TestServer } from "./test-server.ts";

const { Pod } = RESOURCES;
const PODS = "/api/v1/namespaces/n/pods";

/** Real time, but nobody waits for long. */
const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 5), signal),
};

interface World {
  server: TestServer;
  client: KubeClient;
  told: string[];
  inform: (options?: Partial<InformerOptions<KubeObject>>) => Informer;
}

async function world(t: TestContext): Promise<World> {
  const server = await TestServer.start();
  const client = server.client();
  const told: string[] = [];
  const informers: Informer[] = [];
  t.after(async () => {
    for (const informer of informers) await informer[Symbol.asyncDispose]();
    client[Symbol.dispose]();
    await server[Symbol.asyncDispose]();
  });
  const handlers = {
    onAdd: (pod: KubeObject) => void told.push(`add ${versionOf(pod)}`),
    onUpdate: (pod: KubeObject, before: KubeObject) =>
      void told.push(`update ${versionOf(pod)} was ${versionOf(before)}`),
    onDelete: (pod: KubeObject) => void told.push(`delete ${versionOf(pod)}`),
    onSynced: () => void told.push("synced"),
  };
  const inform = (options = {}): Informer => {
    const informer = new Informer({
      client,
      resource: Pod,
      handlers,
      clock: hastyClock,
      ...options,
    });
    informers.push(informer);
    return informer;
  };
  return { server, client, told, inform };
}

function versionOf({ metadata }: KubeObject): string {
  return `${metadata.name} ${metadata.resourceVersion}`;
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 2_000, "it does not come about");
    await setTimeout(2);
  }
}

test("objects are listed in pages and followed from there", async (t) => {
  const { server, told, inform } = await world(t);
  for (let at = 0; at < 1_200; at++) server.put(`${PODS}/p${at}`);
  const informer = inform();
  assert.equal(informer.isSynced, false);
  await informer.synced();
  assert.equal(informer.list().length, 1_200);
  assert.equal(told.at(-1), "synced");
  assert.equal(server.requests.filter(({ url }) => url.searchParams.has("limit")).length, 3);
  told.length = 0;
  server.put(`${PODS}/p7`);
  server.put(`${PODS}/new`);
  server.delete(`${PODS}/p8`);
  await until(() => told.length === 3);
  assert.deepEqual(told, ["update p7 1301 was p7 108", "add new 1302", "delete p8 1303"]);
  assert.equal(informer.get("n/new")?.metadata.resourceVersion, "1302");
  assert.equal(informer.get("n/p8"), undefined);
});

test("after a disconnect the watch goes on where it was", async (t) => {
  const { server, told, inform } = await world(t);
  server.put(`${PODS}/a`);
  await inform().synced();
  await until(() => server.watchers === 1);
  const lists = (): number =>
    server.requests.filter(({ url }) => !url.searchParams.has("watch")).length;
  for (const how of ["end", "reset", "half-line"] as const) {
    server.cut(how);
    server.put(`${PODS}/a`);
    server.put(`${PODS}/${how}`);
    await until(() => told.at(-1)?.startsWith(`add ${how}`) === true && server.watchers === 1);
  }
  // A bookmark moves on the place from which it resumes, even if all before is forgotten.
  server.revision += 50;
  server.bookmark();
  await setTimeout(20);
  server.forget();
  server.cut("end");
  server.put(`${PODS}/late`);
  await until(() => told.at(-1)?.startsWith("add late") === true);
  assert.equal(lists(), 1);
  assert.equal(told.length, 9);
});

test("what happened while the server forgot is made up for, each difference once", async (t) => {
  const { server, told, inform } = await world(t);
  for (const name of ["same", "changed", "gone", "replaced"]) server.put(`${PODS}/${name}`);
  const informer = inform();
  await until(() => server.watchers === 1);
  told.length = 0;
  server.intercept = (_, response) => {
    response.destroy();
    return true;
  };
  server.cut("reset");
  server.put(`${PODS}/changed`);
  server.delete(`${PODS}/gone`);
  server.delete(`${PODS}/replaced`);
  server.put(`${PODS}/replaced`);
  server.forget();
  server.intercept = () => false;
  await until(() => server.watchers === 1);
  assert.deepEqual(told.toSorted(), [
    "add replaced 108",
    "delete gone 103",
    "delete replaced 104",
    "update changed 105 was changed 102",
  ]);
  assert.deepEqual(
    informer.list().map(({ metadata }) => metadata.name),
    ["changed", "replaced", "same"],
  );
});

test("a server that fails is asked again, slower each time, and lists are begun anew", async (t) => {
  const { server, told, inform } = await world(t);
  for (let at = 0; at < 600; at++) server.put(`${PODS}/p${at}`);
  const sleeps: number[] = [];
  const clock: Clock = {
    ...hastyClock,
    sleep: (ms, signal) => (sleeps.push(ms), hastyClock.sleep(1, signal)),
  };
  let failures = 6;
  server.intercept = (_, response) => {
    if (failures-- <= 0) return false;
    refuse(response, 500, "InternalError");
    return true;
  };
  let isFirstPage = true;
  const failing = server.intercept;
  server.intercept = (request, response) => {
    if (failing(request, response)) return true;
    // The list changes between its first two pages, and cannot be gone on with.
    if (request.url.searchParams.has("continue") && isFirstPage) {
      isFirstPage = false;
      server.put(`${PODS}/p0`);
    }
    return false;
  };
  await inform({ clock }).synced();
  assert.equal(told.length, 601);
  assert.equal(sleeps.length, 7);
  assert.ok((sleeps[5] ?? 0) > (sleeps[0] ?? 0) * 4);
  const lists = server.requests.map(({ url }) => url.searchParams.get("limit"));
  assert.equal(lists[8], null, "the last is not in pages");
});

interface Small {
  readonly name: string;
  readonly version: string;
}

const smalls: Table<Small> = defineTable({ name: "smalls", key: ({ name }) => name, indexes: {} });

test("a table is filled in one go and kept equal; what cannot be read is left out", async (t) => {
  const { server, client } = await world(t);
  const db = new StateDb([smalls], { freeze: true });
  for (const name of ["a", "b", "bad", "unwanted"]) server.put(`${PODS}/${name}`);
  const parse = ({
    metadata: { name = "", resourceVersion = "" },
  }: KubeObject): Small | undefined => {
    if (name === "bad") throw new Error("bad");
    return name === "unwanted" ? undefined : { name, version: resourceVersion };
  };
  const sizes: number[] = [];
  using _ = db.watch(smalls, () => void sizes.push(db.snapshot().size(smalls)));
  const handlers = {
    onAdd: ({ name }: Small) => {
      assert.ok(db.snapshot().has(smalls, name));
      throw new Error("a handler's own trouble");
    },
  };
  await using informer = new Informer<Small>({
    client,
    resource: Pod,
    parse,
    table: { db, table: smalls },
    handlers,
  });
  assert.equal(db.snapshot().isInitialized(smalls), false);
  await informer.synced();
  assert.deepEqual(sizes, [0, 2]);
  assert.ok(db.snapshot().isInitialized(smalls));
  server.put(`${PODS}/a`);
  server.delete(`${PODS}/b`);
  server.put(`${PODS}/unwanted`);
  await until(
    () => db.snapshot().get(smalls, "a")?.version === "105" && !db.snapshot().has(smalls, "b"),
  );
  assert.equal(informer.list().length, 1);
});

test("an informer that is stopped tells nothing more, and whoever waits for it hears of it", async (t) => {
  const { server, told, inform } = await world(t);
  server.intercept = () => true;
  const waiting = inform();
  await setTimeout(20);
  const synced = assert.rejects(waiting.synced(), { reason: "Stopped" });
  await waiting[Symbol.asyncDispose]();
  await synced;
  server.intercept = () => false;
  const informer = inform();
  await informer.synced();
  await informer[Symbol.asyncDispose]();
  server.put(`${PODS}/a`);
  await setTimeout(20);
  assert.deepEqual(told, ["synced"]);
  assert.equal(server.watchers, 0);
});
