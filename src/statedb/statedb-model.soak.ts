import assert from "node:assert/strict";
import type { Random } from "#base";
import { type ChangeStream, defineTable, type Snapshot, StateDb, type Table } from "#statedb";
import { defineSoak, type Soak } from "#test";

// Random transactions on a StateDb and on a Map that is scanned for every question. All that can
// be asked of the two must agree: objects, indexes, snapshots kept for long, and the copies that
// readers of changes at different paces have built from nothing but what they were told.

interface Item {
  readonly key: string;
  readonly color: string;
  readonly tags: readonly string[];
  readonly serial: number;
}

const items: Table<Item, "color" | "tag"> = defineTable({
  name: "items",
  key: (item) => item.key,
  indexes: { color: (item) => [item.color], tag: (item) => item.tags },
});

type Model = Map<string, Item>;

const COLORS = ["red", "green", "blue", "blues"];
const TAGS = ["a", "aa", "b", "b/c", ""];
const READERS = 4;

class ChangedMind extends Error {}

interface Reader {
  stream: ChangeStream<Item>;
  copy: Model;
  /** How likely it is that he reads after a transaction. */
  eagerness: number;
}

function sorted(model: Iterable<Item>): Item[] {
  return [...model].toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

class Run {
  readonly #random: Random;
  readonly #db = new StateDb([items]);
  readonly #readers: Reader[] = Array.from({ length: READERS }, (_, at) => ({
    stream: this.#db.changes(items),
    copy: new Map(),
    eagerness: 0.5 / 8 ** at,
  }));
  readonly #kept: { snapshot: Snapshot; model: Model }[] = [];
  #model: Model = new Map();
  /** How many keys are in play: changes, so that trees of all heights grow and shrink. */
  #keys = 10;
  #serial = 0;
  readonly counts = { transactions: 0, writes: 0, aborted: 0, changes: 0, fullComparisons: 0 };

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    this.counts.transactions += 1;
    this.#transaction();
    this.#askSomething();
    for (const reader of this.#readers) {
      if (this.#random.chance(reader.eagerness)) this.#read(reader);
    }
    if (this.#random.chance(1 / 2000)) this.#keepOrCheckSnapshot();
    if (this.#random.chance(1 / 5000)) this.compareAll();
    if (this.#random.chance(1 / 20_000)) this.#keys = this.#random.pick([1, 10, 100, 1000, 10_000]);
  }

  #transaction(): void {
    const next: Model = new Map();
    const deleted = new Set<string>();
    try {
      this.#db.write((txn) => {
        for (let ops = this.#random.between(1, 4); ops > 0; ops--) {
          const key = `k${this.#random.below(this.#keys)}`;
          if (this.#random.chance(0.6)) {
            const item = this.#newItem(key);
            assert.deepEqual(
              txn.insert(items, item),
              deleted.has(key) ? undefined : (next.get(key) ?? this.#model.get(key)),
            );
            next.set(key, item);
            deleted.delete(key);
          } else {
            txn.delete(items, key);
            next.delete(key);
            deleted.add(key);
          }
          this.counts.writes += 1;
        }
        if (this.#random.chance(0.05)) throw new ChangedMind();
      });
    } catch (error) {
      if (!(error instanceof ChangedMind)) throw error;
      this.counts.aborted += 1;
      return;
    }
    for (const key of deleted) this.#model.delete(key);
    for (const [key, item] of next) this.#model.set(key, item);
  }

  #newItem(key: string): Item {
    this.#serial += 1;
    const tags = TAGS.filter(() => this.#random.chance(0.3));
    return { key, color: this.#random.pick(COLORS), tags, serial: this.#serial };
  }

  #askSomething(): void {
    const snapshot = this.#db.snapshot();
    const key = `k${this.#random.below(this.#keys)}`;
    assert.equal(snapshot.get(items, key), this.#model.get(key));
    assert.equal(snapshot.size(items), this.#model.size);
    if (this.#random.chance(0.01)) this.#compareIndexes();
  }

  #compareIndexes(): void {
    const snapshot = this.#db.snapshot();
    const color = this.#random.pick(COLORS);
    const tag = this.#random.pick(TAGS);
    const all = sorted(this.#model.values());
    assert.deepEqual(
      [...snapshot.by(items, "color", color)],
      all.filter((item) => item.color === color),
    );
    assert.deepEqual(
      [...snapshot.by(items, "tag", tag)],
      all.filter((item) => item.tags.includes(tag)),
    );
    const prefix = `k${this.#random.below(10)}`;
    assert.deepEqual(
      [...snapshot.prefix(items, prefix)],
      all.filter((item) => item.key.startsWith(prefix)),
    );
  }

  #read(reader: Reader): void {
    const changes = reader.stream.next(this.#random.pick([1, 3, 1000]));
    this.counts.changes += changes.length;
    for (const change of changes) {
      const known = reader.copy.get(change.key);
      if (change.kind === "delete") {
        assert.equal(change.object, known, "a deletion tells what the reader saw last");
        reader.copy.delete(change.key);
      } else {
        assert.equal(change.previous, known, "a change tells what the reader saw last");
        reader.copy.set(change.key, change.object);
      }
    }
  }

  #keepOrCheckSnapshot(): void {
    if (this.#kept.length < 5) {
      this.#kept.push({ snapshot: this.#db.snapshot(), model: new Map(this.#model) });
      return;
    }
    const [{ snapshot, model }] = this.#kept.splice(this.#random.below(this.#kept.length), 1) as [
      { snapshot: Snapshot; model: Model },
    ];
    assert.deepEqual([...snapshot.all(items)], sorted(model.values()));
  }

  /** Everything against everything: the table, its indexes, and each reader's copy. */
  compareAll(): void {
    this.counts.fullComparisons += 1;
    assert.deepEqual([...this.#db.snapshot().all(items)], sorted(this.#model.values()));
    this.#compareIndexes();
    for (const reader of this.#readers) {
      while (reader.stream.isBehind()) this.#read(reader);
      assert.deepEqual(sorted(reader.copy.values()), sorted(this.#model.values()));
    }
  }
}

const soak: Soak = defineSoak({
  summary: "random transactions on statedb against a naive model",
  small: { transactions: 20_000 },
  large: { transactions: 1_000_000 },
  async run({ random, size, isOver, progress }) {
    const run = new Run(random);
    while (run.counts.transactions < size.transactions && !isOver()) {
      run.step();
      if (run.counts.transactions % 50_000 === 0)
        progress(`${run.counts.transactions} transactions`);
    }
    run.compareAll();
    return run.counts;
  },
});

export default soak;
