import { randomUUID } from "node:crypto";

import { assertDefined } from "#base";

import { StoreError } from "./errors.ts";
import { type Database, OWNER_KEY, reasonOf, REVISION_KEY } from "./lmdb.ts";
import { encode, isSame, Stored } from "./stored.ts";
import type { Change, StorableObject } from "./types.ts";
import type { WindowEvent } from "./window.ts";

/** Writes that wait for the disk. More are refused, so that clients slow down. */
const MAX_PENDING_WRITES = 10_000;

/** The revision of an empty store: to clients, 0 means "any". */
const FIRST_REVISION = 1;

/** Writes that go to disk as one transaction. */
interface Batch {
  readonly events: WindowEvent[];
  /** Settles when the batch is on disk, or is known not to be. */
  readonly done: Promise<void>;
  readonly settle: (error?: StoreError) => void;
}

interface PendingState {
  readonly event: WindowEvent;
  readonly batch: Batch;
  /** What readers are to see of the object until then. */
  onDisk: Stored | undefined;
}

/**
 * Decides writes at once, against what is on disk and what is on its way there, and brings them to
 * disk in batches: while one is being written, the next gathers.
 */
export class Writer {
  readonly #database: Database;
  readonly #owner = Buffer.from(randomUUID());
  readonly #onCommit: (events: readonly WindowEvent[]) => void;
  /** By key: the last write that is not on disk yet. */
  readonly #pending = new Map<string, PendingState>();
  /** That of the newest write, on disk or not. */
  #revision: number;
  #revisionOnDisk: number;
  /** In flight, and gathering. Each depends on those before it. */
  #batches: Batch[] = [];
  #isCommitting = false;
  #isClosed = false;

  /** `onCommit` gets the events of each batch that is on disk, before its writers hear of it. */
  constructor(database: Database, onCommit: (events: readonly WindowEvent[]) => void) {
    this.#database = database;
    this.#onCommit = onCommit;
    // From now on, a process that had the folder before cannot write any more.
    database.transactionSync(() => void database.put(OWNER_KEY, this.#owner));
    this.#revision = this.#storedRevision();
    this.#revisionOnDisk = this.#revision;
  }

  /** That of the newest write on disk. */
  get revision(): number {
    return this.#revisionOnDisk;
  }

  /**
   * The object on disk, by `revision`. The database itself may show a batch a moment before it is
   * known to be there.
   */
  read(key: string): Stored | undefined {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending.onDisk;
    const value = this.#database.get(key);
    return value === undefined ? undefined : new Stored(key, value);
  }

  /** In their order. */
  *pending(): Generator<WindowEvent, void> {
    for (const { events } of this.#batches) yield* events;
  }

  async modify(key: string, change: Change): Promise<Stored | undefined> {
    this.#checkOpen();
    const pending = this.#pending.get(key);
    const current = pending === undefined ? this.read(key) : stateAfter(pending.event);
    let batch: Batch | undefined;
    let result: Stored | undefined;
    try {
      const event = this.#decide(key, current, change);
      batch = event === undefined ? pending?.batch : this.#enqueue(event);
      result = event === undefined ? current : event.stored;
    } catch (error) {
      // What the change saw must be true before anybody is told that it was in the way.
      await pending?.batch.done;
      throw error;
    }
    await batch?.done;
    return result;
  }

  /** Waits for what is on its way; takes nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#batches.map(({ done }) => done));
  }

  /** The event that the change comes to; undefined when nothing changes. */
  #decide(key: string, current: Stored | undefined, change: Change): WindowEvent | undefined {
    const next = change(current);
    if (next === current) return undefined;
    const revision = this.#revision + 1;
    if (next === undefined) {
      const previous = assertDefined(current, "what is not there cannot differ from nothing");
      const stored = encode(key, previous.object, revision);
      return { type: "DELETED", revision, stored, previous };
    }
    const object = next as StorableObject;
    if (current !== undefined && isSame(current, object)) return undefined;
    const stored = encode(key, object, revision);
    return { type: current ? "MODIFIED" : "ADDED", revision, stored, previous: current };
  }

  #enqueue(event: WindowEvent): Batch {
    if (this.#revision - this.#revisionOnDisk >= MAX_PENDING_WRITES) {
      throw new StoreError("unavailable", "too many writes wait for the disk: try again later");
    }
    const gathering = this.#batches[this.#isCommitting ? 1 : 0] ?? this.#gather();
    gathering.events.push(event);
    this.#revision = event.revision;
    const { key } = event.stored;
    const onDisk = this.read(key);
    this.#pending.set(key, { event, batch: gathering, onDisk });
    return gathering;
  }

  #gather(): Batch {
    let settle: Batch["settle"] = () => {};
    const done = new Promise<void>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Whoever wrote waits for it too; a batch may be left by all of them.
    done.catch(() => {});
    const batch = { events: [], done, settle };
    this.#batches.push(batch);
    if (!this.#isCommitting) setImmediate(() => void this.#commitAll());
    return batch;
  }

  async #commitAll(): Promise<void> {
    this.#isCommitting = true;
    for (let batch = this.#batches[0]; batch !== undefined; batch = this.#batches[0]) {
      try {
        await this.#write(batch.events);
      } catch (error) {
        const reason = await reasonOf(error);
        if (!this.#isOnDisk(batch.events)) {
          this.#fail(error, reason);
          break;
        }
      }
      this.#finish(batch);
    }
    this.#isCommitting = false;
  }

  #write(events: readonly WindowEvent[]): Promise<void> {
    const database = this.#database;
    return database.transaction(() => {
      if (!this.#isOwner()) throw takenOver();
      for (const { type, stored } of events) {
        if (type === "DELETED") leave(database.remove(stored.key));
        else leave(database.put(stored.key, stored.value));
      }
      const last = assertDefined(events.at(-1), "a batch is never empty");
      leave(database.put(REVISION_KEY, Buffer.from(String(last.revision))));
    });
  }

  #finish(batch: Batch): void {
    this.#batches.shift();
    for (const event of batch.events) {
      this.#revisionOnDisk = event.revision;
      const pending = this.#pending.get(event.stored.key);
      if (pending?.event === event) this.#pending.delete(event.stored.key);
      else if (pending !== undefined) pending.onDisk = stateAfter(event);
    }
    this.#onCommit(batch.events);
    batch.settle();
  }

  /** Nothing that waited can be written any more: later batches were decided on this one's word. */
  #fail(cause: unknown, reason: string): void {
    const error = cause instanceof StoreError ? cause : notWritten(reason, cause);
    const failed = this.#batches;
    this.#batches = [];
    this.#pending.clear();
    this.#revision = this.#revisionOnDisk;
    for (const batch of failed) batch.settle(error);
  }

  /** An error does not always mean that nothing was written. */
  #isOnDisk(events: readonly WindowEvent[]): boolean {
    this.#database.resetReadTxn();
    return this.#isOwner() && this.#storedRevision() === events.at(-1)?.revision;
  }

  #isOwner(): boolean {
    return this.#database.get(OWNER_KEY)?.equals(this.#owner) === true;
  }

  #storedRevision(): number {
    const digits = this.#database.get(REVISION_KEY);
    return digits === undefined ? FIRST_REVISION : Number(digits.toString());
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreError("unavailable", "the store is closed");
  }
}

function stateAfter({ type, stored }: WindowEvent): Stored | undefined {
  return type === "DELETED" ? undefined : stored;
}

/** Each write of a transaction fails with it; the transaction's own failure is the one to tell. */
function leave(write: Promise<boolean>): void {
  write.catch(() => {});
}

function notWritten(reason: string, cause: unknown): StoreError {
  return new StoreError(
    "unavailable",
    `writing objects to disk: ${reason}; check that the disk has room and works`,
    { cause },
  );
}

function takenOver(): StoreError {
  return new StoreError(
    "unavailable",
    "another process has opened these objects and writes them now: this one must end",
  );
}
