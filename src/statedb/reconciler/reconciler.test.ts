import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, FakeClock } from "#base";
import {
  defineTable,
  Reconciler,
  type ReconcilerOptions,
  StateDb,
  type Table,
  type Target,
} from "#statedb";
import { runScripts, type ScriptCommands } from "#test";

interface Entry {
  readonly key: string;
  readonly value: number;
}

const entries: Table<Entry, never> = defineTable({
  name: "entries",
  key: (entry) => entry.key,
  indexes: {},
});

const OPTIONS: Partial<ReconcilerOptions> = {
  batchSize: 4,
  minBackoffMs: 100,
  maxBackoffMs: 10_000,
  pruneIntervalMs: 60_000,
};

class Crash extends Error {}

/** A target in memory whose operations fail as the script says. */
class MapTarget implements Target<Entry> {
  readonly held = new Map<string, number>();
  readonly calls: string[] = [];
  readonly failing = new Set<string>();
  readonly poison = new Set<string>();
  crashAfter = Infinity;
  gate: Promise<void> | undefined;
  release: () => void = () => {};

  hold(): void {
    this.gate = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  async update(objects: readonly Entry[]): Promise<Map<Entry, unknown>> {
    return await this.#apply(
      "update",
      objects,
      (entry) => void this.held.set(entry.key, entry.value),
    );
  }

  async delete(objects: readonly Entry[]): Promise<Map<Entry, unknown>> {
    return await this.#apply("delete", objects, (entry) => void this.held.delete(entry.key));
  }

  async prune(objects: Iterable<Entry>): Promise<void> {
    this.calls.push("prune");
    if (this.failing.has("prune")) throw new Error("prune refuses");
    const wanted = new Set([...objects].map((entry) => entry.key));
    for (const key of this.held.keys()) if (!wanted.has(key)) this.held.delete(key);
  }

  async #apply(
    operation: string,
    objects: readonly Entry[],
    apply: (entry: Entry) => void,
  ): Promise<Map<Entry, unknown>> {
    this.calls.push(`${operation} ${objects.map((entry) => entry.key).join(" ")}`);
    await this.gate;
    if (objects.some((entry) => this.poison.has(entry.key))) throw new Error("the call broke");
    const failures = new Map<Entry, unknown>();
    for (const entry of objects) {
      if (this.crashAfter-- <= 0) throw new Crash();
      if (this.failing.has(entry.key)) failures.set(entry, new Error(`${entry.key} refuses`));
      else apply(entry);
    }
    return failures;
  }
}

class World {
  readonly clock = new FakeClock();
  readonly target = new MapTarget();
  db!: StateDb;
  reconciler!: Reconciler<Entry>;
  readonly #options = { ...OPTIONS };

  constructor() {
    this.boot();
  }

  /** As a new process does: a new database and reconciler, the target as it was left. */
  boot(): void {
    this.db = new StateDb([entries], { freeze: true });
    this.reconciler = new Reconciler("test", this.db, entries, this.target, {
      ...this.#options,
      clock: this.clock,
    });
  }

  commands(): ScriptCommands {
    const { target, clock } = this;
    const settle = (): Promise<void> => clock.advance(0);
    return {
      options: () => {
        this.#options.refreshIntervalMs = 30_000;
        this.boot();
      },
      insert: ([key = "", value]) =>
        void this.db.write((txn) => txn.insert(entries, { key, value: Number(value) })),
      delete: ([key = ""]) => void this.db.write((txn) => txn.delete(entries, key)),
      // Several changes in one transaction: `write a=2 -b`.
      write: (words) =>
        void this.db.write((txn) => {
          for (const word of words) {
            const [key = "", value] = word.split("=");
            if (value === undefined) txn.delete(entries, key.slice(1));
            else txn.insert(entries, { key, value: Number(value) });
          }
        }),
      start: async () => {
        this.reconciler.start();
        await settle();
      },
      settle,
      tick: async ([ms]) => await clock.advance(Number(ms)),
      target: () =>
        [...target.held]
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => `${key}=${value}`)
          .join(" ") || "empty",
      calls: () => target.calls.splice(0).join("\n") || "no calls",
      status: ([key]) => this.#statuses(key),
      metrics: () => {
        const { pending, failing, lagMs } = this.reconciler.metrics();
        return `pending=${pending} failing=${failing} lagMs=${lagMs}`;
      },
      fail: ([key = ""]) => void target.failing.add(key),
      poison: ([key = ""]) => void target.poison.add(key),
      mend: ([key = ""]) => {
        target.failing.delete(key);
        target.poison.delete(key);
      },
      preset: (words) => {
        for (const [key = "", value] of words.map((word) => word.split("=")))
          target.held.set(key, Number(value));
      },
      initializer: ([name = ""]) => void this.db.addInitializer(entries, name),
      finish: ([name = ""]) => void this.db.write((txn) => txn.finishInitializer(entries, name)),
      "crash-after": ([count]) => {
        target.crashAfter = Number(count);
      },
      restart: async () => {
        await this.stop();
        target.crashAfter = Infinity;
        target.calls.length = 0;
        this.boot();
      },
      hold: () => void target.hold(),
      release: () => {
        target.release();
        target.gate = undefined;
      },
    };
  }

  async stop(): Promise<void> {
    this.target.release();
    await this.reconciler[Symbol.asyncDispose]();
  }

  #statuses(key = ""): string {
    const lines = [...this.db.snapshot().prefix(this.reconciler.statuses, key)].map((status) => {
      const error = status.error === undefined ? "" : ` error=${status.error}`;
      return `${status.key} ${status.state} ${status.operation} attempts=${status.attempts}${error}`;
    });
    return lines.join("\n") || "no status";
  }
}

runScripts(join(import.meta.dirname, "testdata"), () => {
  const world = new World();
  return { commands: world.commands(), stop: () => world.stop() };
});

test("settled resolves when the target has everything, and at the end", async () => {
  const world = new World();
  world.target.failing.add("a");
  world.db.write((txn) => txn.insert(entries, { key: "a", value: 1 }));
  world.reconciler.start();
  let isSettled = false;
  const settled = world.reconciler.settled().then(() => {
    isSettled = true;
  });
  await world.clock.advance(250);
  assert.equal(isSettled, false);
  world.target.failing.clear();
  await world.clock.advance(1000);
  await settled;
  assert.deepEqual([...world.target.held], [["a", 1]]);

  world.target.hold();
  world.db.write((txn) => txn.insert(entries, { key: "a", value: 2 }));
  await world.clock.advance(0);
  const never = world.reconciler.settled();
  await world.stop();
  await never;
});

test("what changes while its batch is under way is brought to the target after it", async () => {
  const world = new World();
  world.reconciler.start();
  world.target.hold();
  world.db.write((txn) => txn.insert(entries, { key: "a", value: 1 }));
  await world.clock.advance(0);
  world.db.write((txn) => txn.insert(entries, { key: "a", value: 2 }));
  world.target.failing.add("a");
  world.target.release();
  world.target.gate = undefined;
  await world.clock.advance(0);
  // The failure of version 1 must not bring version 1 back into the queue.
  world.target.failing.clear();
  await world.clock.advance(1000);
  assert.deepEqual([...world.target.held], [["a", 2]]);
  await world.stop();
});

test("failures are reported with what it takes to log them", async () => {
  const world = new World();
  const reported: unknown[] = [];
  const reconciler = new Reconciler("reported", world.db, entries, world.target, {
    clock: world.clock,
    onFailure: ({ operation, key, error, attempts, retryInMs }) =>
      reported.push([operation, key, String(error), attempts, retryInMs]),
  });
  world.target.failing.add("a");
  world.db.write((txn) => txn.insert(entries, { key: "a", value: 1 }));
  reconciler.start();
  await world.clock.advance(100);
  await reconciler[Symbol.asyncDispose]();
  assert.deepEqual(reported, [
    ["update", "a", "Error: a refuses", 1, 100],
    ["update", "a", "Error: a refuses", 2, 200],
  ]);
  await world.stop();
});

test("options that cannot be are refused by name", () => {
  const { db, target } = new World();
  for (const [option, value] of Object.entries({
    batchSize: 0,
    minBackoffMs: 0,
    maxBackoffMs: 1,
    refreshIntervalMs: 1.5,
  })) {
    assert.throws(
      () => new Reconciler("bad", db, entries, target, { [option]: value }),
      (error) => error instanceof ConfigError && error.key === `bad.${option}`,
    );
  }
});
