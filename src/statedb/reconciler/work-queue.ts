import { numberKey } from "../table.ts";
import { emptyTree } from "../tree.ts";

/** Something to be done for one object. */
export interface Work<T> {
  readonly operation: "update" | "delete";
  readonly key: string;
  readonly object: T;
  readonly revision: number;
  /** Since when the target is behind for this object. */
  readonly sinceMs: number;
  /** Failures in a row. */
  readonly attempts: number;
  /** Must not share a batch: it was in one that failed as a whole. */
  readonly isAlone: boolean;
}

/**
 * What a reconciler has to do, one entry an object: ready now, or due at a later time.
 * Newer work for an object takes the place of older.
 */
export class WorkQueue<T> {
  readonly #deletes = new Map<string, Work<T>>();
  readonly #updates = new Map<string, Work<T>>();
  readonly #waiting = new Map<string, { work: Work<T>; due: string }>();
  /** Keys of what waits, by due time. */
  readonly #byDue = emptyTree<string>();

  get size(): number {
    return this.#deletes.size + this.#updates.size + this.#waiting.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get hasReady(): boolean {
    return this.#deletes.size + this.#updates.size > 0;
  }

  get(key: string): Work<T> | undefined {
    return this.#deletes.get(key) ?? this.#updates.get(key) ?? this.#waiting.get(key)?.work;
  }

  /** Ready now. */
  add(work: Work<T>): void {
    this.#remove(work.key);
    (work.operation === "delete" ? this.#deletes : this.#updates).set(work.key, work);
  }

  /** Ready at `dueMs`, unless newer work for the object comes first. */
  addLater(work: Work<T>, dueMs: number): void {
    this.#remove(work.key);
    const due = `${numberKey(Math.ceil(dueMs))}/${work.key}`;
    this.#waiting.set(work.key, { work, due });
    this.#byDue.set(due, work.key);
  }

  /** Makes what is due by now ready. */
  wakeDue(nowMs: number): void {
    for (let next = this.#firstDue(); next !== undefined; next = this.#firstDue()) {
      if (next.dueMs > nowMs) return;
      const entry = this.#waiting.get(next.key);
      if (entry === undefined) return;
      this.add(entry.work);
    }
  }

  /** When the next waiting work is due; undefined when none waits. */
  nextDueMs(): number | undefined {
    return this.#firstDue()?.dueMs;
  }

  /**
   * Takes out the next batch: work of one kind. Deletions come first, so that what takes a
   * deleted object's place finds it free.
   */
  takeBatch(limit: number): Work<T>[] {
    const source = this.#deletes.size > 0 ? this.#deletes : this.#updates;
    const batch: Work<T>[] = [];
    for (const work of source.values()) {
      if (work.isAlone && batch.length > 0) continue;
      batch.push(work);
      if (work.isAlone || batch.length >= limit) break;
    }
    for (const work of batch) source.delete(work.key);
    return batch;
  }

  /** The oldest `sinceMs` of all; undefined when there is no work. */
  oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const work of this.all()) oldest = Math.min(oldest ?? work.sinceMs, work.sinceMs);
    return oldest;
  }

  *all(): Generator<Work<T>, void> {
    yield* this.#deletes.values();
    yield* this.#updates.values();
    for (const { work } of this.#waiting.values()) yield work;
  }

  #firstDue(): { dueMs: number; key: string } | undefined {
    const due = this.#byDue.minKey();
    if (due === undefined) return undefined;
    return { dueMs: Number(due.slice(0, due.indexOf("/"))), key: due.slice(due.indexOf("/") + 1) };
  }

  #remove(key: string): void {
    this.#deletes.delete(key);
    this.#updates.delete(key);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    this.#byDue.delete(waiting.due);
  }
}
