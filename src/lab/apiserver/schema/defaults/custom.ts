import { copyJson, type Field, getOwn, isObject, type SchemaNode, setOwn } from "../node.ts";
import type { Json, JsonObject } from "../types.ts";

/**
 * What the structural schema sets in a value of a custom kind: defaults of what is missing, or is
 * null and must not be. A null without a default is taken for nothing. Changes the value.
 */
export function applyCustomDefaults(node: SchemaNode | undefined, value: Json): void {
  if (Array.isArray(value)) {
    const items = node?.items;
    for (const [index, each] of value.entries()) {
      if (isWrongNull(items, each) && items?.default !== undefined) {
        value[index] = copyJson(items.default);
      }
      applyCustomDefaults(items?.node, value[index] ?? null);
    }
  } else if (isObject(value)) {
    dropNulls(node, value);
    fillMissing(node, value);
    for (const [key, each] of Object.entries(value)) {
      applyCustomDefaults(fieldOf(node, key)?.node, each);
    }
  }
}

function fieldOf(node: SchemaNode | undefined, key: string): Field | undefined {
  return node?.fields.get(key) ?? (node?.type === "map" ? node.items : undefined);
}

function isWrongNull(field: Field | undefined, value: Json): boolean {
  return value === null && field !== undefined && field.node.isNullable !== true;
}

function dropNulls(node: SchemaNode | undefined, value: JsonObject): void {
  for (const [key, each] of Object.entries(value)) {
    const field = fieldOf(node, key);
    if (!isWrongNull(field, each)) continue;
    if (field?.default === undefined) delete value[key];
    else setOwn(value, key, copyJson(field.default));
  }
}

function fillMissing(node: SchemaNode | undefined, value: JsonObject): void {
  for (const [key, field] of node?.fields ?? []) {
    if (field.default === undefined || getOwn(value, key) !== undefined) continue;
    setOwn(value, key, copyJson(field.default));
  }
}
