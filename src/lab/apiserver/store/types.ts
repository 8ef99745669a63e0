/** An object as it is stored: plain JSON. Nobody changes it once the store has it. */
export interface StorableObject {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** One state of one object. Immutable, and shared by all who read it. */
export interface StoredObject {
  readonly key: string;
  /** The revision of the write that made this state: its metadata.resourceVersion, as a number. */
  readonly revision: number;
  /** The object's JSON, with resourceVersion: made once, and given to every reader as it is. */
  readonly json: Buffer;
  /** The same parsed, on first use. Shared: clone what is to be changed. */
  readonly object: StorableObject;
}

export interface StoreEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** Rises from event to event; no two share one. */
  readonly revision: number;
  /** The new state; of a deletion the last state, with the deletion's revision as resourceVersion. */
  readonly stored: StoredObject;
  /** The state before; undefined for ADDED. */
  readonly previous: StoredObject | undefined;
}

export interface ListOptions {
  /** How many objects a page has at most; all of them without it. */
  limit?: number;
  /** Which objects count, judged before the limit is. */
  filter?: (stored: StoredObject) => boolean;
  /** The token of the page before. Its revision is the list's, and `revision` is ignored. */
  continue?: string;
  /** The state at exactly this revision, as long as it is in the watch window. */
  revision?: number;
}

export interface ListPage {
  /** In the order of their keys, as bytes. */
  readonly items: readonly StoredObject[];
  /** Of the whole list: a watch from here on misses nothing and repeats nothing. */
  readonly revision: number;
  /** Present when there is more. */
  readonly continue: string | undefined;
  /** How many are left, as far as known: undefined on the last page and with a filter. */
  readonly remaining: number | undefined;
}

/** The events of a prefix, in order, each once. */
export interface StoreWatch extends Disposable {
  /** Everything of the prefix up to this revision has been answered by `next`: for bookmarks. */
  readonly revision: number;
  /**
   * The events since the last call, once there is one; undefined once closed. Throws a StoreError
   * `expired` when the reader was so slow that the window has moved past it. One call at a time.
   */
  next(): Promise<readonly StoreEvent[] | undefined>;
  /** Also ends a `next` that waits. */
  close(): void;
}

/**
 * What a write makes of the current state: the new object, undefined to delete it, or `current`
 * itself to leave it alone. It runs at once and synchronously, sees all writes before it, and may
 * throw: then nothing is written, and the write rejects with what was thrown.
 */
export type Change = (
  current: StoredObject | undefined,
) => StorableObject | undefined | StoredObject;
