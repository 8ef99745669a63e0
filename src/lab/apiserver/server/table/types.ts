/** Tables of objects: columns, and how a row is made. */
import type { KubeObject } from "../../schema/types.ts";

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  /** 1: only with `-o wide`. */
  readonly priority?: number;
}

export type Cell = string | number | boolean | null;

export interface Row {
  readonly cells: readonly Cell[];
  /** Says of pods that they are over; kubectl leaves such out where it is told to. */
  readonly conditions?: readonly object[];
}

export interface TableKind {
  readonly columns: readonly TableColumn[];
  readonly cellsOf: (object: KubeObject, nowMs: number) => Row;
}
