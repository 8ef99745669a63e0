import { assert } from "#base";
import { ChangeStream } from "./changes.ts";
import { Draft, emptyContents, Reader, type TableContents } from "./contents.ts";
import { deepFreeze } from "./freeze.ts";
import type { Table } from "./table.ts";

type AnyTable = Table<never>;

/** The database as it was at one revision. Costs nothing to take and may be kept. */
export class Snapshot extends Reader {
  /** Rises by one with each transaction that changed anything. */
  readonly revision: number;
  readonly #tables: ReadonlyMap<AnyTable, TableContents>;

  /** By StateDb only. */
  constructor(revision: number, tables: ReadonlyMap<AnyTable, TableContents>) {
    super();
    this.revision = revision;
    this.#tables = tables;
  }

  protected override contents<T extends object>(table: Table<T, never>): TableContents<T> {
    return this.contentsOf(table);
  }

  /** Inside the module: the version of a table that this snapshot holds. */
  contentsOf<T extends object>(table: Table<T, never>): TableContents<T> {
    const contents = this.#tables.get(table);
    assert(contents !== undefined, `table ${table.name} is not in this database`);
    return contents as TableContents<T>;
  }

  /** Inside the module: this snapshot with some tables replaced. */
  with(revision: number, changed: ReadonlyMap<AnyTable, TableContents>): Snapshot {
    return new Snapshot(revision, new Map([...this.#tables, ...changed]));
  }

  tables(): AnyTable[] {
    return [...this.#tables.keys()];
  }
}

/** Changes to any number of tables, seen by others all at once or not at all. */
export class WriteTransaction extends Reader {
  readonly #base: Snapshot;
  readonly #drafts = new Map<AnyTable, Draft<object>>();
  readonly #isFreezing: boolean;
  #isOpen = true;

  /** By StateDb only. */
  constructor(base: Snapshot, isFreezing: boolean) {
    super();
    this.#base = base;
    this.#isFreezing = isFreezing;
  }

  /** Puts an object in, or in the place of the one with its key, which it answers. */
  insert<T extends object>(table: Table<T, never>, object: T): T | undefined {
    return this.#draft(table).insert(this.#isFreezing ? deepFreeze(object) : object);
  }

  /** Takes the object with this key out and answers it; undefined when there is none. */
  delete<T extends object>(table: Table<T, never>, key: string): T | undefined {
    if (!this.has(table, key)) return undefined;
    return this.#draft(table).delete(key);
  }

  /** Takes out every object that `isStale` names, and answers how many. */
  deleteWhere<T extends object>(table: Table<T, never>, isStale: (object: T) => boolean): number {
    const stale = [...this.all(table)].filter(isStale);
    for (const object of stale) this.delete(table, table.key(object));
    return stale.length;
  }

  /** See StateDb.addInitializer. */
  finishInitializer<T extends object>(table: Table<T, never>, name: string): void {
    const isKnown = this.#draft(table).pendingInitializers.delete(name);
    assert(isKnown, `${name} is no pending initializer of table ${table.name}`);
  }

  /** Inside the module: registers somebody who fills the table first. */
  addInitializer<T extends object>(table: Table<T, never>, name: string): void {
    const { pendingInitializers } = this.#draft(table);
    assert(!pendingInitializers.has(name), `${table.name} has an initializer ${name} already`);
    pendingInitializers.add(name);
  }

  /** Inside the module: ends the transaction; what it changed, by table. */
  close(): ReadonlyMap<AnyTable, TableContents> {
    this.#isOpen = false;
    return this.#drafts;
  }

  protected override contents<T extends object>(table: Table<T, never>): TableContents<T> {
    assert(this.#isOpen, "this transaction has ended");
    const draft = this.#drafts.get(table);
    return draft === undefined
      ? this.#base.contentsOf(table)
      : (draft as TableContents as TableContents<T>);
  }

  #draft<T extends object>(table: Table<T, never>): Draft<T> {
    assert(this.#isOpen, "this transaction has ended");
    const known = this.#drafts.get(table);
    if (known !== undefined) return known as unknown as Draft<T>;
    const base = this.#base.contentsOf(table);
    const draft = new Draft(table, base, this.#base.revision + 1);
    this.#drafts.set(table, draft as unknown as Draft<object>);
    return draft;
  }
}

export interface StateDbOptions {
  /** Freezes each object that is inserted, all the way down, so that a later change to it throws. For tests. */
  freeze?: boolean;
}

/** Tables of immutable objects that are read by snapshot and written by transaction. */
export class StateDb {
  readonly #isFreezing: boolean;
  readonly #watchers = new Map<AnyTable, Set<() => void>>();
  #snapshot: Snapshot = new Snapshot(0, new Map());
  #isWriting = false;

  constructor(tables: readonly Table<never>[], options: StateDbOptions = {}) {
    this.#isFreezing = options.freeze ?? false;
    for (const table of tables) this.addTable(table);
  }

  addTable(table: Table<never>): void {
    const isTaken = this.#snapshot.tables().some((other) => other.name === table.name);
    assert(!isTaken, `there are two tables named ${table.name}`);
    this.#snapshot = this.#snapshot.with(
      this.#snapshot.revision,
      new Map([[table, emptyContents(table)]]),
    );
    this.#watchers.set(table, new Set());
  }

  /** The database as it is now. */
  snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * Runs `change` and commits what it did. When it throws, nothing has happened.
   * A transaction is one synchronous call: it cannot wait for anything, nor hold another.
   */
  write<R>(change: (transaction: WriteTransaction) => R): R {
    assert(!this.#isWriting, "a write transaction inside another");
    const transaction = new WriteTransaction(this.#snapshot, this.#isFreezing);
    this.#isWriting = true;
    let result: R;
    let changed: ReadonlyMap<AnyTable, TableContents>;
    try {
      result = change(transaction);
      assert(!(result instanceof Promise), "a write transaction cannot be asynchronous");
    } finally {
      changed = transaction.close();
      this.#isWriting = false;
    }
    if (changed.size > 0) {
      this.#snapshot = this.#snapshot.with(this.#snapshot.revision + 1, changed);
      for (const table of changed.keys()) {
        for (const notify of this.#watchers.get(table) ?? []) notify();
      }
    }
    return result;
  }

  /**
   * Says that somebody fills this table at start. The table counts as initialized when each of
   * them has called `transaction.finishInitializer`; reconcilers prune only from then on.
   */
  addInitializer<T extends object>(table: Table<T, never>, name: string): void {
    this.write((transaction) => transaction.addInitializer(table, name));
  }

  /** The changes of a table from its beginning (all that is there counts as added). */
  changes<T extends object>(table: Table<T, never>): ChangeStream<T> {
    return new ChangeStream(this, table);
  }

  /** Calls `notify` right after each commit that touched the table. It must not write. */
  watch<T extends object>(table: Table<T, never>, notify: () => void): Disposable {
    const watchers = this.#watchers.get(table);
    assert(watchers !== undefined, `table ${table.name} is not in this database`);
    watchers.add(notify);
    return { [Symbol.dispose]: () => void watchers.delete(notify) };
  }
}
