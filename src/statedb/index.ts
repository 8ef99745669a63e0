/**
 * The state of a process as tables of immutable objects: watchers write tables, derivations read
 * tables and write tables, and a reconciler keeps one target outside in step with one table.
 *
 * Not here: what the tables hold (each module defines its own), disks, other processes.
 *
 * Invariants:
 * - An object in a table is never changed; whoever wants a change inserts another object.
 *   `new StateDb(tables, { freeze: true })`, as in all tests, makes a change throw.
 * - A transaction is seen whole or not at all, and is one synchronous call.
 * - A snapshot costs the same whatever the size, and a slow reader of changes costs at most one
 *   older version of the table.
 */
export { type Change, ChangeStream } from "./changes.ts";
export type { Reader, Row } from "./contents.ts";
export { Reconciler } from "./reconciler/reconciler.ts";
export type {
  Failures,
  ReconcileFailure,
  ReconcilerMetrics,
  ReconcilerOptions,
  ReconcileStatus,
  StatusTable,
  Target,
} from "./reconciler/types.ts";
export { Snapshot, StateDb, type StateDbOptions, type WriteTransaction } from "./state-db.ts";
export { defineTable, numberKey, type Table } from "./table.ts";
