import type { Clock } from "#base";
import { numberKey, type Table } from "../table.ts";

/** The objects that could not be brought to the target, each with its reason. */
export type Failures<T> = ReadonlyMap<T, unknown>;

/**
 * The world outside that a table is kept in step with: a BPF map, the routes of a node.
 *
 * Each operation is idempotent and gets batches. It answers the objects that failed, if any;
 * when it throws, all of the batch counts as failed, and its objects are tried again one by one,
 * so that one that cannot be does not hold up the others.
 */
export interface Target<T> {
  /** Makes the target hold these objects as they are now. */
  update(objects: readonly T[], signal: AbortSignal): Promise<Failures<T> | void>;
  /** Takes out what stands there for these objects; well if nothing does. */
  delete(objects: readonly T[], signal: AbortSignal): Promise<Failures<T> | void>;
  /** Takes out everything that stands for none of these objects, which are all that may be there. */
  prune(objects: Iterable<T>, signal: AbortSignal): Promise<void>;
}

export interface ReconcilerOptions {
  /** The most objects that one call of the target gets. */
  batchSize: number;
  /** How long after its first failure an object is tried again; doubles with each further one. */
  minBackoffMs: number;
  maxBackoffMs: number;
  /** How often the target is searched for what does not belong there; 0: only at start. */
  pruneIntervalMs: number;
  /** How often an object is brought to the target again although it has not changed; 0: never. */
  refreshIntervalMs: number;
  clock: Clock;
  /** Told of each failed attempt, for logs. */
  onFailure: (failure: ReconcileFailure) => void;
}

export interface ReconcileFailure {
  reconciler: string;
  operation: "update" | "delete" | "prune";
  /** The object's key; undefined for prune. */
  key: string | undefined;
  error: unknown;
  attempts: number;
  retryInMs: number;
}

/** What became of an object at the target. An object without one has not been tried yet. */
export interface ReconcileStatus {
  readonly key: string;
  readonly state: "done" | "failed";
  readonly operation: "update" | "delete";
  /** The revision of the object that this is about; older than the object's own: still to do. */
  readonly revision: number;
  /** Failures in a row. */
  readonly attempts: number;
  readonly error: string | undefined;
  readonly atMs: number;
}

export type StatusTable = Table<ReconcileStatus, "state" | "age">;

export function statusTable(reconciler: string): StatusTable {
  return {
    name: `${reconciler}/status`,
    key: (status) => status.key,
    indexes: {
      state: (status) => [status.state],
      // Oldest first, those that are done only: what a refresh takes next.
      age: (status) => (status.state === "done" ? [numberKey(status.atMs)] : []),
    },
  };
}

export interface ReconcilerMetrics {
  /** Objects still to be brought to the target, failing ones included. */
  pending: number;
  failing: number;
  /** How long the oldest of them has been waiting; 0 when there are none. */
  lagMs: number;
  updates: number;
  deletes: number;
  prunes: number;
  /** Failed attempts, prunes included. */
  failures: number;
}
