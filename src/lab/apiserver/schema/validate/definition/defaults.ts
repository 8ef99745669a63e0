/** Defaults are values that their own schema takes as they are. */
import { isObject, sameJson } from "../../node.ts";
import { Pruner } from "../../prune.ts";
import { structuralNode } from "../../structural-nodes.ts";
import { checkEmbedded } from "../custom/members.ts";
import { checkValue } from "../custom/values.ts";
import type { View } from "../view.ts";

/** The names of a whole object, which no default can speak of. */
const TYPE_META = ["apiVersion", "kind"];

export function validateDefaults(schema: View): void {
  checkDefault(schema, true);
  walk(schema);
}

function walk(schema: View): void {
  const properties = schema.at("properties");
  for (const [key] of properties.entries()) visit(properties.key(key));
  for (const key of ["items", "additionalProperties"]) {
    if (isObject(schema.at(key).value)) visit(schema.at(key));
  }
}

function visit(schema: View): void {
  checkDefault(schema, false);
  walk(schema);
}

function checkDefault(schema: View, isRoot: boolean): void {
  const given = schema.at("default");
  if (!given.isThere || given.value === undefined || !isObject(schema.value)) return;
  const pruned = new Pruner().prune(structuralNode(schema.value), given.value ?? null, "");
  if (!sameJson(pruned, given.value)) given.invalid("must not have unknown fields");
  if (isRoot) {
    for (const key of TYPE_META) if (!given.at(key).isThere) given.at(key).required();
    return;
  }
  const before = given.causes.length;
  checkEmbedded(schema.value, given);
  if (given.causes.length > before) return;
  const result = checkValue(schema.value, given.value ?? null, "", undefined);
  given.causes.push(...result.causes(given.path));
}
