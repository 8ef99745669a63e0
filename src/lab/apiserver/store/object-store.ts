import { assert } from "#base";

import { StoreError } from "./errors.ts";
import { type Database, openDatabase } from "./lmdb.ts";
import { listPage } from "./list.ts";
import type {
  Change,
  ListOptions,
  ListPage,
  StorableObject,
  StoredObject,
  StoreWatch,
} from "./types.ts";
import { WindowWatch } from "./watch.ts";
import { EventWindow, type WindowEvent } from "./window.ts";
import { Writer } from "./writer.ts";

export interface ObjectStoreOptions {
  /** How many events are kept for watches and for pages of older lists. */
  windowEvents?: number;
}

/**
 * The objects of a cluster on disk, each with the revision of its last write. One process at a
 * time: a second that opens the folder takes it over, and the first one's writes fail from then on.
 *
 * Reads (`get`, `list`, `watch`) are synchronous and see what is on disk, never a write that is not.
 * A write resolves once it is on disk; many that are made at once go there together.
 */
export class ObjectStore implements AsyncDisposable {
  readonly #database: Database;
  readonly #writer: Writer;
  readonly #window: EventWindow;
  readonly #watches = new Set<WindowWatch>();

  /** Makes the folder where it is missing. Throws StoreError `unavailable` with what to do. */
  static open(folder: string, options: ObjectStoreOptions = {}): ObjectStore {
    return new ObjectStore(openDatabase(folder), options);
  }

  private constructor(database: Database, options: ObjectStoreOptions) {
    this.#database = database;
    this.#writer = new Writer(database, (events) => this.#onCommit(events));
    this.#window = new EventWindow(this.#writer.revision, options.windowEvents);
  }

  /** That of the last write on disk; 1 in an empty store, since 0 means "any" to clients. */
  get revision(): number {
    return this.#writer.revision;
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watches.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#writer.read(key);
  }

  /** Throws StoreError `expired`, `bad-token`, `too-new`. */
  list(prefix: string, options: ListOptions = {}): ListPage {
    const source = {
      database: this.#database,
      window: this.#window,
      revision: this.revision,
      pending: () => this.#writer.pending(),
    };
    return listPage(source, prefix, options);
  }

  /** Rejects with StoreError `already-exists`, `too-large`, `unavailable`. */
  async create(key: string, object: StorableObject): Promise<StoredObject> {
    return present(
      await this.modify(key, (current) => {
        if (current === undefined) return object;
        throw new StoreError("already-exists", `${key} already exists`);
      }),
    );
  }

  /**
   * Rejects with StoreError `not-found`, `conflict` when the object is not at `expectedRevision`.
   * An object equal to what is there is not written, and keeps its revision.
   */
  async update(
    key: string,
    object: StorableObject,
    expectedRevision?: number,
  ): Promise<StoredObject> {
    return present(
      await this.modify(key, (current) => {
        checkCurrent(key, current, expectedRevision);
        return object;
      }),
    );
  }

  /** What was before now cannot be watched from any more, as after a new start. */
  forgetHistory(): void {
    this.#window.forget();
  }

  /** Answers the last state, with the deletion's revision. Rejects as `update`. */
  async delete(key: string, expectedRevision?: number): Promise<StoredObject> {
    return present(
      await this.modify(key, (current) => {
        checkCurrent(key, current, expectedRevision);
        return undefined;
      }),
    );
  }

  /**
   * The general write: what becomes of an object is decided by `change`, in one step with no other
   * write between its read and its write, so that nothing ever conflicts. Answers the state after
   * it; of a deletion, as `delete`; undefined where there was nothing and nothing came.
   */
  modify(key: string, change: Change): Promise<StoredObject | undefined> {
    return this.#writer.modify(key, change);
  }

  /**
   * Events after `sinceRevision`, which may be yet to come; throws StoreError `expired` where the
   * window begins later.
   */
  watch(prefix: string, sinceRevision: number): StoreWatch {
    this.#window.check(sinceRevision);
    const watch = new WindowWatch(this.#window, prefix, sinceRevision, (closed) =>
      this.#watches.delete(closed),
    );
    this.#watches.add(watch);
    return watch;
  }

  /** Ends watches, and waits for writes that are on their way. */
  async close(): Promise<void> {
    await this.#writer.close();
    for (const watch of this.#watches) watch.close();
    await this.#database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #onCommit(events: readonly WindowEvent[]): void {
    for (const event of events) this.#window.append(event);
    for (const watch of this.#watches) watch.onCommit(events);
  }
}

function checkCurrent(
  key: string,
  current: StoredObject | undefined,
  expectedRevision: number | undefined,
): void {
  if (current === undefined) throw new StoreError("not-found", `${key} is not there`);
  if (expectedRevision === undefined || expectedRevision === current.revision) return;
  throw new StoreError(
    "conflict",
    `${key} is at revision ${current.revision}, not ${expectedRevision}: read it again`,
  );
}

function present(stored: StoredObject | undefined): StoredObject {
  assert(stored !== undefined, "a write that did not fail has a state");
  return stored;
}
