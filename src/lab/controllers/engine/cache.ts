/**
 * What one watch has told, with what this process itself wrote since: a controller that has created
 * a pod must see it at once, or it creates another. Own writes are taken in when they are
 * acknowledged; the watch confirms them later, and what it never confirms goes again.
 */
import type { Clock } from "#base";
import { type ApiObject, keyOf } from "../model/object.ts";
import { timestamp } from "../model/time.ts";

export interface Change<T extends ApiObject> {
  readonly before: T | undefined;
  readonly after: T | undefined;
}

type Index<T> = (object: T) => readonly string[];

/** How long the watch may take to tell of what we wrote. */
const MAX_UNCONFIRMED_MS = 30_000;
/** How many objects that are gone are remembered, so that a late answer does not bring one back. */
const MAX_GONE = 10_000;
const NOTHING: ReadonlySet<string> = new Set();

export class ObjectCache<T extends ApiObject> {
  readonly #clock: Clock;
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, { of: Index<T>; keys: Map<string, Set<string>> }>();
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  /** Own writes that the watch has not told yet, by key, and since when. */
  readonly #unconfirmed = new Map<string, number>();
  /** Objects whose deletion was acknowledged to us, by uid: it cannot be undone. */
  readonly #deleting = new Map<string, string>();

  /** By uid, which is never given twice; the oldest first. */
  readonly #gone = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called before anything is in it. */
  addIndex(name: string, of: Index<T>): void {
    if (!this.#indexes.has(name)) this.#indexes.set(name, { of, keys: new Map() });
  }

  onChange(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  all(): T[] {
    return [...this.#objects.values()];
  }

  by(index: string, value: string): T[] {
    const keys = this.#indexes.get(index)?.keys.get(value) ?? NOTHING;
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** From the watch. */
  told(object: T): void {
    const key = keyOf(object);
    if (!isOlder(object, this.#objects.get(key))) this.#unconfirmed.delete(key);
    this.#put(key, object);
  }

  /** From the watch: the object is gone. */
  toldDeleted(object: T): void {
    const key = keyOf(object);
    const current = this.#objects.get(key);
    this.#deleting.delete(object.metadata.uid ?? "");
    this.#bury(object.metadata.uid ?? "");
    if (current === undefined || current.metadata.uid !== object.metadata.uid) return;
    this.#remove(key);
  }

  /** The answer to a write of ours. */
  wrote(object: T): void {
    const key = keyOf(object);
    // The watch may be quicker than the answer, also with the object's end.
    if (this.#gone.has(object.metadata.uid ?? "")) return;
    const current = this.#objects.get(key);
    if (current !== undefined && !isOlder(current, object)) return;
    this.#unconfirmed.set(key, this.#clock.monotonicMs());
    this.#put(key, object);
  }

  /** What a write of ours has made of the object, where the answer does not show it. */
  assume(object: T): void {
    const current = this.#objects.get(keyOf(object));
    if (current === undefined || current.metadata.uid !== object.metadata.uid) return;
    this.#put(keyOf(object), object);
  }

  /** A deletion of ours was acknowledged; finalizers or grace may keep the object for a while. */
  deleteWasAccepted(key: string, uid: string | undefined): void {
    const current = this.#objects.get(key);
    if (current?.metadata.uid === undefined) return;
    if (uid !== undefined && current.metadata.uid !== uid) return;
    this.#deleting.set(current.metadata.uid, timestamp(this.#clock.nowMs()));
    this.#put(key, current);
  }

  /** The keys whose last write the watch should have told by now; they are forgotten as such. */
  takeOverdue(): string[] {
    const before = this.#clock.monotonicMs() - MAX_UNCONFIRMED_MS;
    const overdue = [...this.#unconfirmed].filter(([, sinceMs]) => sinceMs <= before);
    for (const [key] of overdue) this.#unconfirmed.delete(key);
    return overdue.map(([key]) => key);
  }

  /** The server has no such object, though no watch has told so. */
  forget(key: string): void {
    if (this.#objects.has(key)) this.#remove(key);
  }

  #bury(uid: string): void {
    this.#gone.add(uid);
    for (const oldest of this.#gone) {
      if (this.#gone.size <= MAX_GONE) return;
      this.#gone.delete(oldest);
    }
  }

  #put(key: string, told: T): void {
    const before = this.#objects.get(key);
    if (isOlder(told, before)) return;
    const object = this.#withDeletion(told);
    this.#objects.set(key, object);
    this.#reindex(key, before, object);
    this.#tell({ before, after: object });
  }

  #remove(key: string): void {
    const before = this.#objects.get(key);
    this.#objects.delete(key);
    this.#unconfirmed.delete(key);
    this.#reindex(key, before, undefined);
    this.#tell({ before, after: undefined });
  }

  #withDeletion(object: T): T {
    const deletionTimestamp = this.#deleting.get(object.metadata.uid ?? "");
    if (deletionTimestamp === undefined) return object;
    if (object.metadata.deletionTimestamp !== undefined) return object;
    return { ...object, metadata: { ...object.metadata, deletionTimestamp } };
  }

  #reindex(key: string, before: T | undefined, after: T | undefined): void {
    for (const { of, keys } of this.#indexes.values()) {
      for (const value of before === undefined ? [] : of(before)) {
        const set = keys.get(value);
        set?.delete(key);
        if (set?.size === 0) keys.delete(value);
      }
      for (const value of after === undefined ? [] : of(after)) {
        const set = keys.get(value) ?? new Set();
        keys.set(value, set.add(key));
      }
    }
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) handler(change);
  }
}

/** Of the same object, by its version: decimal numbers of any length, as Kubernetes promises. */
function isOlder(object: ApiObject, than: ApiObject | undefined): boolean {
  if (than === undefined || object.metadata.uid !== than.metadata.uid) return false;
  const [mine = "", other = ""] = [object.metadata.resourceVersion, than.metadata.resourceVersion];
  return mine.length === other.length ? mine < other : mine.length < other.length;
}
