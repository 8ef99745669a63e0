import { assert } from "#base";
import { indexEntry, indexPrefix, type Table } from "./table.ts";
import { emptyTree, type Tree, valuesByPrefix } from "./tree.ts";

/** An object in a table, with the revision of the transaction that put it there. */
export interface Row<T> {
  readonly object: T;
  readonly revision: number;
}

/** One version of one table: never changed once a snapshot holds it. */
export interface TableContents<T extends object = object> {
  readonly rows: Tree<Row<T>>;
  /** By index name: index entry to primary key. */
  readonly indexes: ReadonlyMap<string, Tree<string>>;
  /** Who has yet to say that its first fill is complete. */
  readonly pendingInitializers: ReadonlySet<string>;
  /** The last revision that changed the table. */
  readonly revision: number;
}

export function emptyContents(table: Table<never>): TableContents {
  return {
    rows: emptyTree(),
    indexes: new Map(Object.keys(table.indexes).map((name) => [name, emptyTree<string>()])),
    pendingInitializers: new Set(),
    revision: 0,
  };
}

/** Reading, the same for a snapshot and inside a write transaction. */
export abstract class Reader {
  /** The contents of a table as this reader sees them. */
  protected abstract contents<T extends object>(table: Table<T, never>): TableContents<T>;

  get<T extends object>(table: Table<T, never>, key: string): T | undefined {
    return this.contents(table).rows.get(key)?.object;
  }

  row<T extends object>(table: Table<T, never>, key: string): Row<T> | undefined {
    return this.contents(table).rows.get(key);
  }

  has<T extends object>(table: Table<T, never>, key: string): boolean {
    return this.contents(table).rows.has(key);
  }

  size<T extends object>(table: Table<T, never>): number {
    return this.contents(table).rows.size;
  }

  /** The last revision that changed the table; 0 when nothing ever did. */
  revisionOf<T extends object>(table: Table<T, never>): number {
    return this.contents(table).revision;
  }

  /** Every object, by primary key. */
  *all<T extends object>(table: Table<T, never>): Generator<T, void> {
    for (const row of this.contents(table).rows.values()) yield row.object;
  }

  /** Objects whose primary key starts with `prefix`, by primary key. */
  *prefix<T extends object>(table: Table<T, never>, prefix: string): Generator<T, void> {
    for (const row of valuesByPrefix(this.contents(table).rows, prefix)) yield row.object;
  }

  /** Objects with exactly this key in a secondary index, by primary key. */
  *by<T extends object, Index extends string>(
    table: Table<T, Index>,
    index: NoInfer<Index>,
    key: string,
  ): Generator<T, void> {
    yield* this.#indexed(table, index, indexPrefix(key));
  }

  /** Objects with an index key that starts with `prefix`, by index key; once for each such key. */
  *byPrefix<T extends object, Index extends string>(
    table: Table<T, Index>,
    index: NoInfer<Index>,
    prefix: string,
  ): Generator<T, void> {
    yield* this.#indexed(table, index, prefix);
  }

  /** True once all who fill the table first have said that they are done. */
  isInitialized<T extends object>(table: Table<T, never>): boolean {
    return this.contents(table).pendingInitializers.size === 0;
  }

  /** Who has not said so yet. */
  pendingInitializers<T extends object>(table: Table<T, never>): string[] {
    return [...this.contents(table).pendingInitializers];
  }

  *#indexed<T extends object>(
    table: Table<T, never>,
    index: string,
    prefix: string,
  ): Generator<T, void> {
    const { rows, indexes } = this.contents(table);
    const tree = indexes.get(index);
    assert(tree !== undefined, `table ${table.name} has no index ${index}`);
    for (const primaryKey of valuesByPrefix(tree, prefix)) {
      const row = rows.get(primaryKey);
      assert(row !== undefined, `index ${index} of ${table.name} points to nothing: ${primaryKey}`);
      yield row.object;
    }
  }
}

/** A copy of a table's contents that one write transaction may change in place. */
export class Draft<T extends object> implements TableContents<T> {
  readonly rows: Tree<Row<T>>;
  readonly indexes: Map<string, Tree<string>>;
  readonly pendingInitializers: Set<string>;
  readonly revision: number;
  readonly #table: Table<T>;

  constructor(table: Table<T>, base: TableContents<T>, revision: number) {
    this.#table = table;
    this.rows = base.rows.clone();
    this.indexes = new Map([...base.indexes].map(([name, tree]) => [name, tree.clone()]));
    this.pendingInitializers = new Set(base.pendingInitializers);
    this.revision = revision;
  }

  insert(object: T): T | undefined {
    const key = this.#table.key(object);
    const previous = this.rows.get(key)?.object;
    for (const [name, tree] of this.indexes) {
      const keysOf = this.#table.indexes[name];
      assert(keysOf !== undefined, `table ${this.#table.name} has no index ${name}`);
      const added = keysOf(object);
      const removed = previous === undefined ? [] : keysOf(previous);
      if (isSame(added, removed)) continue;
      for (const indexKey of removed) tree.delete(indexEntry(indexKey, key));
      for (const indexKey of added) tree.set(indexEntry(indexKey, key), key);
    }
    this.rows.set(key, { object, revision: this.revision });
    return previous;
  }

  delete(key: string): T | undefined {
    const previous = this.rows.get(key)?.object;
    if (previous === undefined) return undefined;
    for (const [name, tree] of this.indexes) {
      for (const indexKey of this.#table.indexes[name]?.(previous) ?? []) {
        tree.delete(indexEntry(indexKey, key));
      }
    }
    this.rows.delete(key);
    return previous;
  }
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, at) => key === b[at]);
}
