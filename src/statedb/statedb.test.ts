import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { AppError } from "#base";
import {
  type ChangeStream,
  defineTable,
  numberKey,
  type Snapshot,
  StateDb,
  type Table,
} from "#statedb";
import { runScripts, type ScriptCommands } from "#test";

interface Pod {
  readonly name: string;
  readonly node: string;
  readonly ips: readonly string[];
}

const pods: Table<Pod, "node" | "ip"> = defineTable({
  name: "pods",
  key: (pod) => pod.name,
  indexes: { node: (pod) => [pod.node], ip: (pod) => pod.ips },
});

function makePod(name: string, node = "n1", ips: string[] = []): Pod {
  return { name, node, ips };
}

function podFromWords([name = "", ...fields]: string[]): Pod {
  const values = new Map(fields.map((field) => field.split("=") as [string, string]));
  return makePod(name, values.get("node"), values.get("ips")?.split(",") ?? []);
}

function show(shown: Iterable<Pod>): string {
  return (
    [...shown].map((pod) => [pod.name, pod.node, ...pod.ips].join(" ")).join("\n") || "nothing"
  );
}

function showChanges(stream: ChangeStream<Pod>, limit?: number): string {
  const changes = stream.next(limit).map((change) => {
    if (change.kind === "delete") return `delete ${show([change.object])}`;
    const before = change.previous === undefined ? "new" : `was ${change.previous.node}`;
    return `upsert ${show([change.object])} (${before})`;
  });
  return changes.join("\n") || "nothing";
}

function scriptCommands(): ScriptCommands {
  const db = new StateDb([pods], { freeze: true });
  const readers = new Map<string, ChangeStream<Pod>>();
  let kept: Snapshot | undefined;
  const reader = (name = ""): ChangeStream<Pod> =>
    readers.get(name) ?? assert.fail(`no reader ${name}`);
  const get = (from: Snapshot, name = ""): string =>
    show([from.get(pods, name)].filter((pod) => pod !== undefined));
  return {
    insert: (words) => void db.write((txn) => txn.insert(pods, podFromWords(words))),
    delete: ([name = ""]) => void db.write((txn) => txn.delete(pods, name)),
    "fail-after": ([, ...words]) =>
      db.write((txn) => {
        txn.insert(pods, podFromWords(words));
        txn.delete(pods, "db");
        throw new AppError("test", "changed my mind");
      }),
    get: ([name]) => get(db.snapshot(), name),
    by: ([index, key = ""]) => show(db.snapshot().by(pods, index as "node" | "ip", key)),
    all: () => show(db.snapshot().all(pods)),
    prefix: ([prefix = ""]) => show(db.snapshot().prefix(pods, prefix)),
    revision: () => String(db.snapshot().revision),
    snapshot: () => {
      kept = db.snapshot();
    },
    "in-snapshot": ([, name]) => get(kept ?? assert.fail("no snapshot"), name),
    open: ([name = ""]) => void readers.set(name, db.changes(pods)),
    next: ([name, limit]) =>
      showChanges(reader(name), limit === undefined ? undefined : Number(limit)),
    behind: ([name]) => (reader(name).isBehind() ? "behind" : "up to date"),
  };
}

runScripts(join(import.meta.dirname, "testdata"), () => ({ commands: scriptCommands() }));

test("a transaction sees its own writes, and nobody else does before it ends", () => {
  const db = new StateDb([pods], { freeze: true });
  db.write((txn) => {
    txn.insert(pods, makePod("web"));
    assert.equal(txn.size(pods), 1);
    assert.equal(db.snapshot().size(pods), 0);
  });
  assert.equal(db.snapshot().size(pods), 1);
});

test("a transaction is synchronous, not nested, and of no use after its end", () => {
  const db = new StateDb([pods]);
  assert.throws(() => db.write(async () => {}), /cannot be asynchronous/);
  assert.throws(() => db.write(() => db.write(() => {})), /inside another/);
  const escaped = db.write((txn) => txn);
  assert.throws(() => escaped.insert(pods, makePod("late")), /has ended/);
  db.write((txn) => txn.insert(pods, makePod("web")));
  assert.equal(db.snapshot().revision, 1);
});

test("an asynchronous transaction leaves no trace", () => {
  const db = new StateDb([pods]);
  assert.throws(
    () => db.write(async (txn) => void txn.insert(pods, makePod("web"))),
    /asynchronous/,
  );
  assert.equal(db.snapshot().size(pods), 0);
});

test("with freeze, changing an object in a table throws", () => {
  const db = new StateDb([pods], { freeze: true });
  const web = makePod("web", "n1", ["10.0.0.1"]);
  db.write((txn) => txn.insert(pods, web));
  assert.throws(() => (web.ips as string[]).push("10.0.0.2"), TypeError);
});

test("a table has one name, and a table of another database is told apart", () => {
  const other = defineTable<Pod, never>({ name: "pods", key: (pod) => pod.name, indexes: {} });
  assert.throws(() => new StateDb([pods, other]), /two tables named pods/);
  assert.throws(() => new StateDb([other]).snapshot().get(pods, "web"), /not in this database/);
  assert.throws(() =>
    defineTable<Pod, never>({ name: "My Pods", key: (pod) => pod.name, indexes: {} }),
  );
});

test("a table is initialized when each of those who fill it has said so", () => {
  const db = new StateDb([pods]);
  assert.equal(db.snapshot().isInitialized(pods), true);
  db.addInitializer(pods, "kubernetes");
  db.addInitializer(pods, "disk");
  db.write((txn) => txn.finishInitializer(pods, "disk"));
  assert.deepEqual(db.snapshot().pendingInitializers(pods), ["kubernetes"]);
  db.write((txn) => {
    txn.insert(pods, makePod("web"));
    txn.finishInitializer(pods, "kubernetes");
  });
  assert.equal(db.snapshot().isInitialized(pods), true);
  assert.throws(
    () => db.write((txn) => txn.finishInitializer(pods, "disk")),
    /no pending initializer/,
  );
});

test("a waiting reader wakes at the next commit, at abort and at close", async () => {
  const db = new StateDb([pods]);
  using stream = db.changes(pods);
  const woken = stream.wait();
  db.write((txn) => txn.insert(pods, makePod("web")));
  await woken;
  assert.equal(stream.next().length, 1);

  const stop = new AbortController();
  const aborted = stream.wait(stop.signal);
  stop.abort();
  await aborted;

  const closed = stream.wait();
  stream[Symbol.dispose]();
  await closed;
  assert.deepEqual(stream.next(), []);
});

test("batches go on until the signal is aborted", async () => {
  const db = new StateDb([pods]);
  const stop = new AbortController();
  const seen: string[] = [];
  using stream = db.changes(pods);
  const reading = (async () => {
    for await (const batch of stream.batches(stop.signal))
      seen.push(...batch.map((change) => change.key));
  })();
  for (const name of ["a", "b"]) {
    db.write((txn) => txn.insert(pods, makePod(name)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  stop.abort();
  await reading;
  assert.deepEqual(seen, ["a", "b"]);
});

test("a reader that never reads holds one old version, whatever is written", () => {
  const db = new StateDb([pods]);
  using slow = db.changes(pods);
  const objects = 1000;
  for (let round = 0; round < 200; round++) {
    db.write((txn) => {
      for (let at = 0; at < objects; at++) txn.insert(pods, makePod(`pod-${at}`, `n${round}`));
      if (round % 2 === 1) txn.deleteWhere(pods, () => true);
    });
  }
  // 200,000 writes and 100,000 deletions later there is nothing left to tell.
  assert.deepEqual(slow.next(), []);
  db.write((txn) => txn.insert(pods, makePod("last")));
  assert.deepEqual(
    slow.next().map((change) => change.key),
    ["last"],
  );
});

test("watchers hear of their table only, until they are disposed", () => {
  const others = defineTable<Pod, never>({ name: "others", key: (pod) => pod.name, indexes: {} });
  const db = new StateDb([pods, others]);
  let calls = 0;
  const watch = db.watch(pods, () => {
    calls += 1;
  });
  db.write((txn) => txn.insert(others, makePod("a")));
  db.write((txn) => txn.insert(pods, makePod("a")));
  watch[Symbol.dispose]();
  db.write((txn) => txn.insert(pods, makePod("b")));
  assert.equal(calls, 1);
});

test("numbers as keys sort by value", () => {
  const values = [0, 9, 10, 99_999, 2 ** 53 - 1];
  assert.deepEqual(values.map(numberKey).toSorted(), values.map(numberKey));
  assert.throws(() => numberKey(-1));
  assert.throws(() => numberKey(2 ** 53));
});

test("byPrefix gives an object once for each index key that fits", () => {
  const db = new StateDb([pods]);
  db.write((txn) => txn.insert(pods, makePod("web", "n1", ["10.0.0.1", "10.0.1.1", "fd00::1"])));
  const names = [...db.snapshot().byPrefix(pods, "ip", "10.")].map((pod) => pod.name);
  assert.deepEqual(names, ["web", "web"]);
});
