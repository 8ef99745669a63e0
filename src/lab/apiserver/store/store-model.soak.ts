import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Random } from "#base";
import { defineSoak, type Soak } from "#test";

import { StoreError } from "./errors.ts";
import { listPrefix, objectKey } from "./keys.ts";
import { ObjectStore } from "./object-store.ts";
import type { StoredObject, StoreEvent, StoreWatch } from "./types.ts";

// Random writes, many at once, on a store and on a Map that is copied at each revision. Lists at any
// revision, lists in pages with writes between the pages, and copies kept by watches from different
// prefixes and at different paces must all be what the model says, also over closing and opening.

type State = ReadonlyMap<string, string>;

const WINDOW_EVENTS = 60;
const WATCHES = 5;
const PREFIXES = [
  listPrefix("", "pods"),
  listPrefix("apps", "deployments"),
  listPrefix("", "pods", "a"),
];

interface Follower {
  prefix: string;
  watch: StoreWatch;
  copy: Map<string, string>;
  /** How likely it is that it reads after a step. */
  eagerness: number;
}

function under(prefix: string, state: State): [string, string][] {
  return [...state]
    .filter(([key]) => key.startsWith(prefix))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function asEntries(items: readonly StoredObject[]): [string, string][] {
  return items.map(({ key, object }) => [key, object["value"] as string]);
}

class Run {
  readonly #random: Random;
  readonly #folder: string;
  #store: ObjectStore;
  /** States by revision. */
  readonly #history = new Map<number, State>();
  /** All writes that were made, on disk or not. */
  #latest: Map<string, string> = new Map();
  #writes: Promise<void>[] = [];
  #followers: Follower[] = [];
  #serial = 0;
  readonly counts = {
    writes: 0,
    refused: 0,
    lists: 0,
    pages: 0,
    expired: 0,
    events: 0,
    openings: 1,
  };

  constructor(random: Random, folder: string) {
    this.#random = random;
    this.#folder = folder;
    this.#store = ObjectStore.open(folder, { windowEvents: WINDOW_EVENTS });
    this.#history.set(this.#store.revision, new Map());
  }

  async step(): Promise<void> {
    const dice = this.#random.below(100);
    if (dice < 60) this.#write();
    else if (dice < 70) this.#list();
    else if (dice < 78) await this.#listInPages();
    else if (dice < 90) await Promise.all(this.#writes.splice(0));
    else if (dice < 99) await this.#follow();
    else await this.#reopen();
  }

  async finish(): Promise<void> {
    await Promise.all(this.#writes.splice(0));
    for (const follower of this.#followers) await this.#catchUp(follower);
    // Followers see a write before who wrote it is told.
    await Promise.all(this.#writes.splice(0));
    assert.deepEqual(this.#history.get(this.#store.revision), this.#latest);
    await this.#store.close();
  }

  #key(): string {
    const namespace = this.#random.pick(["a", "a-b", "b"]);
    const name = `o${this.#random.below(12)}`;
    const group = this.#random.pick(["", "apps"]);
    const plural = group === "" ? "pods" : "deployments";
    return objectKey({ group, plural, namespace, name });
  }

  /** The model decides at once, as the store does; the state counts when the write is done. */
  #write(): void {
    const key = this.#key();
    const value = this.#random.chance(0.1) ? "same" : `v${this.#serial++}`;
    const isDeletion = this.#random.chance(0.3);
    const before = this.#latest.get(key);
    const write = isDeletion
      ? this.#store.delete(key)
      : this.#store.modify(key, () => ({ metadata: {}, value }));
    this.counts.writes += 1;
    const isRefused = isDeletion && before === undefined;
    if (!isRefused && !(before === value && !isDeletion))
      this.#record(key, isDeletion ? undefined : value);
    this.#writes.push(
      write.then(
        (stored) =>
          assert.ok(!isRefused && stored !== undefined && stored.revision <= this.#store.revision),
        (error: unknown) => {
          assert.ok(
            isRefused && error instanceof StoreError && error.code === "not-found",
            String(error),
          );
          this.counts.refused += 1;
        },
      ),
    );
  }

  #record(key: string, value: string | undefined): void {
    const revision = Math.max(...this.#history.keys()) + 1;
    if (value === undefined) this.#latest.delete(key);
    else this.#latest.set(key, value);
    this.#history.set(revision, new Map(this.#latest));
    this.#history.delete(revision - 4 * WINDOW_EVENTS);
  }

  #list(): void {
    const prefix = this.#random.pick(PREFIXES);
    const current = this.#store.revision;
    const revision = this.#random.chance(0.5)
      ? current
      : Math.max(1, current - this.#random.below(80));
    this.counts.lists += 1;
    try {
      const page = this.#store.list(prefix, { revision });
      assert.deepEqual(
        asEntries(page.items),
        under(prefix, this.#history.get(revision) ?? new Map()),
      );
    } catch (error) {
      this.#checkExpired(error, revision);
    }
  }

  async #listInPages(): Promise<void> {
    const prefix = this.#random.pick(PREFIXES);
    const { revision } = this.#store;
    const seen: StoredObject[] = [];
    let token: string | undefined;
    do {
      try {
        const limit = this.#random.between(1, 6);
        const page = this.#store.list(
          prefix,
          token === undefined ? { limit } : { limit, continue: token },
        );
        assert.ok(page.items.length <= limit);
        assert.equal(page.revision, revision);
        seen.push(...page.items);
        token = page.continue;
        this.counts.pages += 1;
      } catch (error) {
        this.#checkExpired(error, revision);
        return;
      }
      for (let more = this.#random.below(8); more > 0; more--) this.#write();
      if (this.#random.chance(0.5)) await Promise.all(this.#writes.splice(0));
    } while (token !== undefined);
    assert.deepEqual(asEntries(seen), under(prefix, this.#history.get(revision) ?? new Map()));
  }

  #checkExpired(error: unknown, revision: number): void {
    assert.ok(error instanceof StoreError && error.code === "expired", String(error));
    const isOld = this.#store.revision - revision > WINDOW_EVENTS;
    assert.ok(isOld || this.counts.openings > 1, `revision ${revision} is not that old`);
    this.counts.expired += 1;
  }

  async #follow(): Promise<void> {
    if (this.#followers.length < WATCHES) this.#followers.push(this.#newFollower());
    for (const follower of this.#followers) {
      if (this.#random.chance(follower.eagerness)) await this.#catchUp(follower);
    }
  }

  #newFollower(): Follower {
    const prefix = this.#random.pick(PREFIXES);
    const page = this.#store.list(prefix);
    const watch = this.#store.watch(prefix, page.revision);
    return { prefix, watch, copy: new Map(asEntries(page.items)), eagerness: this.#random.float() };
  }

  /** Reads until it has seen all there is, and compares. */
  async #catchUp(follower: Follower): Promise<void> {
    const { prefix, watch, copy } = follower;
    const { revision } = this.#store;
    if (watch.revision > revision) return;
    // An event that is sure to be for it, so that `next` always comes back.
    const end = `end${this.#serial++}`;
    this.#writes.push(this.#writeEnd(`${prefix}end`, end));
    try {
      for (let isDone = false; !isDone; ) {
        for (const event of (await watch.next()) ?? assert.fail("it is open")) {
          this.#apply(copy, event);
          isDone ||= event.stored.object["value"] === end;
        }
      }
      const state = this.#history.get(watch.revision) ?? assert.fail("it is of the present");
      assert.deepEqual(under(prefix, copy), under(prefix, state));
    } catch (error) {
      this.#checkExpired(error, watch.revision);
      watch.close();
      this.#followers = this.#followers.filter((other) => other !== follower);
    }
  }

  async #writeEnd(key: string, value: string): Promise<void> {
    const write = this.#store.modify(key, () => ({ metadata: {}, value }));
    this.#record(key, value);
    await write;
  }

  #apply(copy: Map<string, string>, { type, stored, previous }: StoreEvent): void {
    this.counts.events += 1;
    assert.equal(previous?.object["value"], copy.get(stored.key));
    assert.equal(type === "ADDED", previous === undefined);
    if (type === "DELETED") copy.delete(stored.key);
    else copy.set(stored.key, stored.object["value"] as string);
  }

  async #reopen(): Promise<void> {
    await Promise.all(this.#writes.splice(0));
    await this.#store.close();
    this.#followers = [];
    this.#store = ObjectStore.open(this.#folder, { windowEvents: WINDOW_EVENTS });
    this.counts.openings += 1;
    assert.equal(this.#store.revision, Math.max(...this.#history.keys()));
  }
}

const soak: Soak = defineSoak({
  summary:
    "the lab's object store against a Map: writes at once, lists of the past, pages, watches",
  small: 1_000,
  large: 200_000,
  run: async ({ random, size, isOver, progress }) => {
    const folder = mkdtempSync(join(tmpdir(), "ciliate-store-"));
    try {
      const run = new Run(random, folder);
      for (let step = 0; step < size && !isOver(); step++) {
        await run.step();
        progress(`${step} of ${size} steps`);
      }
      await run.finish();
      return run.counts;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
export default soak;
