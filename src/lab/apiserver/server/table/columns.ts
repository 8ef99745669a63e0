/** What the tables of several kinds have in common. */
import type { JsonObject } from "../../schema/types.ts";
import { asList, asRecord, asShown, asText, at, recordsAt, textAt } from "../json.ts";
import type { TableColumn } from "./types.ts";

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
