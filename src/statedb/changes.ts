import type { TableContents } from "./contents.ts";
import type { StateDb } from "./state-db.ts";
import type { Table } from "./table.ts";
import { compareTrees, emptyTree } from "./tree.ts";
import type { Row } from "./contents.ts";

export type Change<T> =
  /** `previous` is the object that the reader last saw there; undefined when it is new to him. */
  | { kind: "upsert"; key: string; object: T; previous: T | undefined; revision: number }
  /** `object` is what the reader last saw there. */
  | { kind: "delete"; key: string; object: T };

/**
 * The changes of one table for one reader, as often as he asks.
 *
 * A reader is told the difference between what he saw last and what there is now: changes to
 * the same object in between count as one, and an object that came and went is not mentioned.
 * So a slow reader costs at most the versions he has yet to read, never a growing queue.
 * Within one answer the order is that of the keys, not that of the commits.
 */
export class ChangeStream<T extends object> implements Disposable {
  readonly #db: StateDb;
  readonly #table: Table<T, never>;
  #seen: TableContents<T>["rows"] = emptyTree<Row<T>>();
  /** What is found but not handed out yet, from `#next` on. */
  #found: Change<T>[] = [];
  #next = 0;
  #isClosed = false;
  readonly #wakers = new Set<() => void>();
  readonly #watch: Disposable;

  /** By StateDb.changes only. */
  constructor(db: StateDb, table: Table<T, never>) {
    this.#db = db;
    this.#table = table;
    this.#watch = db.watch(table, () => this.#wake());
  }

  /** At most `limit` changes; none when the reader has seen all there is. */
  next(limit = 1000): Change<T>[] {
    if (this.#next >= this.#found.length) this.#compare();
    const batch = this.#found.slice(this.#next, this.#next + limit);
    this.#next += batch.length;
    if (this.#next >= this.#found.length) {
      this.#found = [];
      this.#next = 0;
    }
    return batch;
  }

  /** True when `next` has something to tell (or a commit touched the table and took it back). */
  isBehind(): boolean {
    return this.#found.length > 0 || this.#rows() !== this.#seen;
  }

  /** Resolves when the reader is behind, or the signal is aborted, or the stream closed. */
  wait(signal?: AbortSignal): Promise<void> {
    if (this.isBehind() || this.#isClosed || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakers.delete(wake);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      this.#wakers.add(wake);
      signal?.addEventListener("abort", wake);
    });
  }

  /** Batches of changes until the signal is aborted or the stream closed. */
  async *batches(signal?: AbortSignal, limit?: number): AsyncGenerator<Change<T>[], void> {
    while (!this.#isClosed && signal?.aborted !== true) {
      const batch = this.next(limit);
      if (batch.length > 0) yield batch;
      else await this.wait(signal);
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#watch[Symbol.dispose]();
    this.#found = [];
    this.#seen = emptyTree();
    this.#wake();
  }

  #rows(): TableContents<T>["rows"] {
    return this.#db.snapshot().contentsOf(this.#table).rows;
  }

  #compare(): void {
    if (this.#isClosed) return;
    const rows = this.#rows();
    if (rows === this.#seen) return;
    const found: Change<T>[] = [];
    const { key } = this.#table;
    const upsert = (row: Row<T>, previous: T | undefined): void => {
      found.push({
        kind: "upsert",
        key: key(row.object),
        object: row.object,
        previous,
        revision: row.revision,
      });
    };
    compareTrees(this.#seen, rows, {
      removed: ({ object }) => void found.push({ kind: "delete", key: key(object), object }),
      added: (row) => upsert(row, undefined),
      replaced: (before, row) => upsert(row, before.object),
    });
    // The comparison has an order of its own; descending runs cost the sort no more than ascending.
    found.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#seen = rows;
    this.#found = found;
    this.#next = 0;
  }

  #wake(): void {
    // Each takes itself out of the set, which a Set allows while it is walked.
    for (const wake of this.#wakers) wake();
  }
}
