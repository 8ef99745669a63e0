import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";

import { listPrefix, objectKey } from "./keys.ts";
import { ObjectStore, type ObjectStoreOptions } from "./object-store.ts";
import type { StorableObject, StoredObject } from "./types.ts";

const PODS = listPrefix("", "pods");

function key(name: string, namespace = "default"): string {
  return objectKey({ group: "", plural: "pods", namespace, name });
}

function pod(name: string, phase = "Pending"): StorableObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name }, status: { phase } };
}

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ciliate-store-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function storeOf(context: TestContext, options?: ObjectStoreOptions): ObjectStore {
  const store = ObjectStore.open(folderOf(context), options);
  context.after(() => store.close());
  return store;
}

function names(items: readonly StoredObject[]): unknown[] {
  return items.map(({ object }) => object.metadata["name"]);
}

test("a write gives the object its revision, and everyone reads the same bytes", async (t) => {
  const store = storeOf(t);
  assert.equal(store.revision, 1);
  const created = await store.create(key("a"), pod("a"));
  assert.equal(created.revision, 2);
  assert.equal(store.revision, 2);
  assert.deepEqual(created.object, {
    ...pod("a"),
    metadata: { name: "a", resourceVersion: "2" },
  });
  assert.deepEqual(store.get(key("a"))?.json, created.json);
  assert.equal(store.get(key("b")), undefined);
});

test("writers of one object do not overwrite each other unawares", async (t) => {
  const store = storeOf(t);
  await assert.rejects(store.update(key("a"), pod("a")), { code: "not-found" });
  const [first, second] = await Promise.allSettled([
    store.create(key("a"), pod("a")),
    store.create(key("a"), pod("a", "Running")),
  ]);
  assert.equal(first.status, "fulfilled");
  assert.equal(second.status === "rejected" && second.reason.code, "already-exists");
  const updated = await store.update(key("a"), pod("a", "Running"), 2);
  assert.equal(updated.revision, 3);
  await assert.rejects(store.update(key("a"), pod("a", "Failed"), 2), { code: "conflict" });
  await assert.rejects(store.delete(key("a"), 2), { code: "conflict" });
  const deleted = await store.delete(key("a"), 3);
  assert.equal(deleted.revision, 4);
  assert.deepEqual(deleted.object["status"], { phase: "Running" });
  await assert.rejects(store.delete(key("a")), { code: "not-found" });
});

test("many changes of one object at once see each other, and one that throws changes nothing", async (t) => {
  const store = storeOf(t);
  const counter = key("counter");
  await store.create(counter, { metadata: {}, count: 0 });
  const increment = (current: StoredObject | undefined): StorableObject => {
    const { object } = current as StoredObject;
    return { ...object, count: (object["count"] as number) + 1 };
  };
  const fail = (): never => {
    throw new Error("changed my mind");
  };
  const writes = Array.from({ length: 500 }, () => store.modify(counter, increment));
  await assert.rejects(store.modify(counter, fail), /changed my mind/);
  await Promise.all(writes);
  assert.equal(store.get(counter)?.object["count"], 500);
  assert.equal(store.revision, 502);
});

test("what does not change an object is not written", async (t) => {
  const store = storeOf(t);
  const created = await store.create(key("a"), pod("a"));
  assert.equal((await store.update(key("a"), pod("a"))).revision, created.revision);
  assert.equal((await store.modify(key("a"), (current) => current))?.revision, created.revision);
  assert.equal(await store.modify(key("b"), () => undefined), undefined);
  assert.equal(store.revision, created.revision);
});

test("a reader sees no write that is not on disk", async (t) => {
  const store = storeOf(t);
  await store.create(key("a"), pod("a"));
  const writes = [
    store.create(key("b"), pod("b")),
    store.update(key("a"), pod("a", "Running")),
    store.delete(key("a")),
  ];
  const page = store.list(PODS);
  assert.deepEqual(names(page.items), ["a"]);
  assert.equal(page.revision, 2);
  assert.equal(store.get(key("a"))?.revision, 2);
  assert.equal(store.get(key("b")), undefined);
  await Promise.all(writes);
  assert.deepEqual(names(store.list(PODS).items), ["b"]);
});

test("pages of one list are of one revision, whatever is written between them", async (t) => {
  const store = storeOf(t, { windowEvents: 10 });
  for (const name of ["a", "b", "c", "d", "e"]) await store.create(key(name), pod(name));
  const first = store.list(PODS, { limit: 2 });
  assert.deepEqual([names(first.items), first.revision, first.remaining], [["a", "b"], 6, 3]);
  await store.delete(key("c"));
  await store.create(key("bb"), pod("bb"));
  await store.update(key("d"), pod("d", "Running"));
  const rest = store.list(PODS, { limit: 3, continue: first.continue ?? "" });
  assert.deepEqual(names(rest.items), ["c", "d", "e"]);
  assert.deepEqual([rest.revision, rest.continue, rest.remaining], [6, undefined, undefined]);
  assert.equal(rest.items[1]?.revision, 5);
  assert.deepEqual(names(store.list(PODS).items), ["a", "b", "bb", "d", "e"]);
  assert.deepEqual(names(store.list(PODS, { revision: 3 }).items), ["a", "b"]);
  for (let round = 0; round < 10; round++) await store.update(key("a"), pod("a", `${round}`));
  assert.throws(() => store.list(PODS, { continue: first.continue ?? "" }), { code: "expired" });
  assert.throws(() => store.list(PODS, { revision: 99 }), { code: "too-new" });
  assert.throws(() => store.list(PODS, { continue: "rubbish" }), { code: "bad-token" });
  const other = listPrefix("", "secrets");
  assert.throws(() => store.list(other, { continue: first.continue ?? "" }), { code: "bad-token" });
});

test("a limit counts what the filter lets through, and prefixes end at their slash", async (t) => {
  const store = storeOf(t);
  for (const name of ["a", "b", "c", "d"]) {
    await store.create(key(name, name < "c" ? "n" : "n-2"), pod(name));
  }
  const isWanted = ({ object }: StoredObject): boolean => object.metadata["name"] !== "c";
  const page = store.list(PODS, { limit: 2, filter: isWanted });
  // As bytes, "n-2/" is before "n/".
  assert.deepEqual([names(page.items), page.remaining], [["d", "a"], undefined]);
  const next = store.list(PODS, { limit: 2, filter: isWanted, continue: page.continue ?? "" });
  assert.deepEqual([names(next.items), next.continue], [["b"], undefined]);
  assert.deepEqual(names(store.list(listPrefix("", "pods", "n")).items), ["a", "b"]);
});

test("a watch tells what happens to its prefix, in order, with the states before", async (t) => {
  const store = storeOf(t);
  await store.create(key("a"), pod("a"));
  using watch = store.watch(PODS, store.revision);
  const waiting = watch.next();
  await store.create(objectKey({ group: "", plural: "nodes", name: "n" }), pod("n"));
  assert.equal(watch.revision, 3, "it has seen all there was for it");
  await store.update(key("a"), pod("a", "Running"));
  await store.delete(key("a"));
  const events = [...((await waiting) ?? []), ...((await watch.next()) ?? [])];
  assert.deepEqual(
    events.map(({ type, revision, stored, previous }) => [
      type,
      revision,
      stored.object.metadata["resourceVersion"],
      previous?.revision,
    ]),
    [
      ["MODIFIED", 4, "4", 2],
      ["DELETED", 5, "5", 4],
    ],
  );
  using late = store.watch(PODS, 1);
  assert.deepEqual(
    (await late.next())?.map(({ type }) => type),
    ["ADDED", "MODIFIED", "DELETED"],
  );
  const end = late.next();
  late.close();
  assert.equal(await end, undefined);
  assert.equal(store.watches, 1);
});

test("a watch that begins before the window, or falls behind it, is told so", async (t) => {
  const store = storeOf(t, { windowEvents: 3 });
  using slow = store.watch(PODS, store.revision);
  for (const name of ["a", "b", "c", "d"]) await store.create(key(name), pod(name));
  await assert.rejects(slow.next(), { code: "expired" });
  assert.throws(() => store.watch(PODS, 1), { code: "expired" });
  using ahead = store.watch(PODS, 7);
  const waiting = ahead.next();
  await store.create(key("e"), pod("e"));
  await store.create(key("f"), pod("f"));
  await store.create(key("g"), pod("g"));
  assert.deepEqual(
    (await waiting)?.map(({ revision }) => revision),
    [8],
  );
});

test("objects and their revisions are there when the folder is opened again", async (t) => {
  const folder = folderOf(t);
  {
    await using store = ObjectStore.open(folder);
    await store.create(key("a"), pod("a"));
    await store.create(key("b"), pod("b"));
    await store.delete(key("b"));
  }
  await using store = ObjectStore.open(folder);
  assert.equal(store.revision, 4);
  assert.equal(store.get(key("a"))?.revision, 2);
  assert.throws(() => store.watch(PODS, 3), { code: "expired" });
  assert.deepEqual(names(store.list(PODS).items), ["a"]);
  assert.equal((await store.create(key("b"), pod("b"))).revision, 5);
});

test("a second process takes the folder over; a closed store and a huge object are refused", async (t) => {
  const folder = folderOf(t);
  await using first = ObjectStore.open(folder);
  await first.create(key("a"), pod("a"));
  await using second = ObjectStore.open(folder);
  await assert.rejects(first.create(key("b"), pod("b")), {
    code: "unavailable",
    message: /another process/,
  });
  assert.equal(first.get(key("b")), undefined);
  assert.equal((await second.create(key("b"), pod("b"))).revision, 3);
  const huge = { metadata: {}, data: "x".repeat(2_000_000) };
  await assert.rejects(second.create(key("huge"), huge), { code: "too-large" });
  await second.close();
  await assert.rejects(second.create(key("c"), pod("c")), { code: "unavailable" });
});

test("a folder that cannot be is said plainly", (t) => {
  const file = join(folderOf(t), "file");
  writeFileSync(file, "");
  assert.throws(() => ObjectStore.open(join(file, "objects")), {
    code: "unavailable",
    message: /opening the objects in .*: ENOTDIR: .*check that the folder/,
  });
});
