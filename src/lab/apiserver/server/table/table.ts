/** How objects look as rows: the columns that `kubectl get` shows. */
import type { KubeObject, PrinterColumn, ServedResource } from "../../schema/types.ts";
import { ageOf } from "./age.ts";
import { BATCH_TABLES } from "./batch.ts";
import { CLUSTER_TABLES } from "./cluster.ts";
import { NAME } from "./columns.ts";
import { evaluate, type JsonPath, parseJsonPath } from "./json-path.ts";
import { NETWORK_TABLES } from "./network.ts";
import { POD_TABLES } from "./pods.ts";
import { STORAGE_TABLES } from "./storage.ts";
import type { Cell, TableKind } from "./types.ts";
import { WORKLOAD_TABLES } from "./workloads.ts";

/** Of kinds that nobody made columns for. */
const PLAIN: TableKind = {
  columns: [NAME, { name: "Created At", type: "date" }],
  cellsOf: ({ metadata }) => ({
    cells: [metadata.name ?? "", metadata.creationTimestamp ?? ""],
  }),
};

const BUILT_IN: Readonly<Record<string, TableKind>> = {
  ...POD_TABLES,
  ...WORKLOAD_TABLES,
  ...BATCH_TABLES,
  ...NETWORK_TABLES,
  ...CLUSTER_TABLES,
  ...STORAGE_TABLES,
};

/** Of custom kinds, as long as their definition stays as it is. */
const CUSTOM = new WeakMap<readonly PrinterColumn[], TableKind>();

export function tableOf(resource: ServedResource): TableKind {
  const { custom } = resource;
  if (custom === undefined) return BUILT_IN[`${resource.group}/${resource.kind}`] ?? PLAIN;
  let table = CUSTOM.get(custom.printerColumns);
  if (table === undefined) {
    table = customTable(custom.printerColumns);
    CUSTOM.set(custom.printerColumns, table);
  }
  return table;
}

function customTable(printerColumns: readonly PrinterColumn[]): TableKind {
  const columns = printerColumns.map((column) => ({
    ...column,
    path: parseJsonPath(column.jsonPath),
  }));
  return {
    columns: [NAME, ...columns.map(({ path: _path, jsonPath: _text, ...column }) => column)],
    cellsOf: (object, nowMs) => ({
      cells: [
        object.metadata.name ?? "",
        ...columns.map((column) => customCell(object, column, nowMs)),
      ],
    }),
  };
}

function dateCell(text: string, nowMs: number): string {
  const age = ageOf(text, nowMs);
  return age === "<unknown>" ? "<invalid>" : age;
}

function customCell(
  object: KubeObject,
  { type, path }: { type: string; path: JsonPath | undefined },
  nowMs: number,
): Cell {
  const [value] = path === undefined ? [] : evaluate(path, object);
  if (value === undefined || value === null) return null;
  switch (type) {
    case "date":
      return typeof value === "string" ? dateCell(value, nowMs) : null;
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    default:
      return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}
