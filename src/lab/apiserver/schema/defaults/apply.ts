import { copyJson, getOwn, isObject, type SchemaNode, setOwn } from "../node.ts";
import type { Json } from "../types.ts";
import type { Defaulter } from "./fill.ts";
import { otherDefaults } from "./others.ts";
import { podDefaults } from "./pods.ts";
import { serviceDefaults } from "./services.ts";
import { workloadDefaults } from "./workloads.ts";

const FUNCTIONS: ReadonlyMap<string, Defaulter> = new Map(
  [podDefaults, serviceDefaults, workloadDefaults, otherDefaults].flatMap(Object.entries),
);

/**
 * Sets what the API server sets where the client said nothing, from outside inwards: what the
 * schema says first, then what only the API server's program says. Changes the value.
 */
export function applyDefaults(node: SchemaNode, value: Json): void {
  if (Array.isArray(value)) {
    const { items } = node;
    if (items !== undefined) for (const each of value) applyDefaults(items.node, each);
    return;
  }
  if (!isObject(value)) return;
  if (node.type === "map") {
    const { items } = node;
    if (items !== undefined)
      for (const each of Object.values(value)) applyDefaults(items.node, each);
    return;
  }
  for (const [key, field] of node.fields) {
    if (field.default === undefined || getOwn(value, key) !== undefined) continue;
    if (!isOmitted(field)) setOwn(value, key, copyJson(field.default));
  }
  if (node.name !== undefined) FUNCTIONS.get(node.name)?.(value);
  for (const [key, field] of node.fields) {
    const each = getOwn(value, key);
    if (each !== undefined) applyDefaults(field.node, each);
  }
}

/** A default of "" or 0 for what is left out where it is that. */
function isOmitted(field: { isOmittedWhenZero?: boolean; default?: Json }): boolean {
  const { isOmittedWhenZero } = field;
  return isOmittedWhenZero === true && (field.default === "" || field.default === 0);
}
