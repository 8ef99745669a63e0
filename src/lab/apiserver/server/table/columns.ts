/** What the tables of several kinds have in common. */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asList, asRecord, asShown, asText, at, recordsAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import type { Cell, TableColumn, TableKind } from "./types.ts";

export const NAME: TableColumn = { name: "Name", type: "string", format: "name" };
export const AGE: TableColumn = { name: "Age", type: "string" };

export function text(name: string): TableColumn {
  return { name, type: "string" };
}

export function integer(name: string): TableColumn {
  return { name, type: "integer" };
}

/** Shown with `-o wide` only. */
export function wide(name: string): TableColumn {
  return { name, type: "string", priority: 1 };
}

export const TEMPLATE_COLUMNS: readonly TableColumn[] = [wide("Containers"), wide("Images")];

/** The cells of those two, of a pod template. */
export function templateCells(object: unknown, ...path: readonly string[]): string[] {
  const containers = recordsAt(object, ...path, "spec", "containers");
  return [
    containers.map((one) => asText(one["name"])).join(","),
    containers.map((one) => asText(one["image"])).join(","),
  ];
}

const SELECTOR: OwnColumn = [
  wide("Selector"),
  (object) => selectorText(at(object, "spec", "selector")),
];

/** A column that a kind has for itself, and what stands in it. */
export type OwnColumn = readonly [
  column: TableColumn,
  cellOf: (object: KubeObject, nowMs: number) => Cell,
];

/** A kind with a template of Pods: its own columns stand between what all of these have. */
export function workload(
  own: readonly OwnColumn[],
  last: readonly OwnColumn[] = [SELECTOR],
): TableKind {
  const columnsOf = (some: readonly OwnColumn[]): TableColumn[] => some.map(([column]) => column);
  return {
    columns: [NAME, ...columnsOf(own), AGE, ...TEMPLATE_COLUMNS, ...columnsOf(last)],
    cellsOf: (object, nowMs) => ({
      cells: [
        object.metadata.name ?? "",
        ...own.map(([, cellOf]) => cellOf(object, nowMs)),
        ageOf(object.metadata.creationTimestamp, nowMs),
        ...templateCells(object, "spec", "template"),
        ...last.map(([, cellOf]) => cellOf(object, nowMs)),
      ],
    }),
  };
}

export function selectorText(selector: unknown): string {
  const record = asRecord(selector);
  if (record === undefined) return "<none>";
  const labels = labelsText(asRecord(record["matchLabels"]));
  const expressions = recordsAt(record, "matchExpressions").map(expressionText);
  const parts = [...(labels === "<none>" ? [] : [labels]), ...expressions];
  return parts.length === 0 ? "<none>" : parts.join(",");
}

export function labelsText(labels: JsonObject | undefined): string {
  const entries = Object.entries(labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return "<none>";
  return entries.map(([key, value]) => `${key}=${asShown(value)}`).join(",");
}

function expressionText(expression: JsonObject): string {
  const key = asText(expression["key"]);
  const values = asList(expression["values"]).map(asText).toSorted().join(",");
  switch (asText(expression["operator"])) {
    case "In":
      return `${key} in (${values})`;
    case "NotIn":
      return `${key} notin (${values})`;
    case "Exists":
      return key;
    default:
      return `!${key}`;
  }
}

/** A few of many: `a,b,c + 4 more...`. */
export function someOf(all: readonly string[], most: number, ifNone: string): string {
  if (all.length === 0) return ifNone;
  const shown = all.slice(0, most).join(",");
  return all.length > most ? `${shown} + ${all.length - most} more...` : shown;
}

export function conditionStatus(object: unknown, type: string): string {
  const found = recordsAt(object, "status", "conditions").find((one) => one["type"] === type);
  return textAt(found, "status");
}

export function keysOf(object: unknown, ...path: readonly string[]): readonly string[] {
  return Object.keys(asRecord(at(object, ...path)) ?? {});
}
