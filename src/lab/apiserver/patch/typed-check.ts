/** What of a configuration does not fit its schema, in the words of the reference's merge library. */
import { ANY, getOwn, isObject, type SchemaNode } from "../schema/node.ts";
import type { Json, JsonObject } from "../schema/types.ts";
import { goSyntax, goText, goTypeName } from "./go-text.ts";

/** Answers list at most so many. */
const MAX_PROBLEMS = 100;

/** As `.spec.replicas: expected …`; nothing where it fits. */
export function typedProblems(node: SchemaNode, value: Json): readonly string[] {
  const problems: string[] = [];
  check(node, value, "", problems);
  return problems.slice(0, MAX_PROBLEMS);
}

function check(node: SchemaNode, value: Json, path: string, problems: string[]): void {
  const { type } = node;
  if (value === null || type === "any") return;
  if (type === "object" || type === "map") {
    if (isObject(value)) checkFields(node, value, path, problems);
    else problems.push(`${path}: expected map, got &{${goText(value)}}`);
  } else if (type === "list") {
    if (Array.isArray(value)) checkItems(node, value, path, problems);
    else problems.push(`${path}: expected list, got &{${goText(value)}}`);
  } else {
    const problem = scalarProblem(type, value);
    if (problem !== undefined) problems.push(`${path}: ${problem}`);
  }
}

function checkFields(node: SchemaNode, value: JsonObject, path: string, problems: string[]): void {
  for (const key of Object.keys(value).toSorted()) {
    const field = node.type === "map" ? node.items : node.fields.get(key);
    const inner = getOwn(value, key) ?? null;
    const place = `${path}.${key}`;
    if (field !== undefined) check(field.node, inner, place, problems);
    else if (node.type === "object" && node.keepsUnknown !== true) {
      problems.push(`${place}: field not declared in schema`);
    }
  }
}

function checkItems(node: SchemaNode, list: Json[], path: string, problems: string[]): void {
  const seen = new Set<string>();
  const items = node.items?.node ?? ANY;
  for (const [index, item] of list.entries()) {
    const id = idOf(node, item);
    if (id !== undefined && seen.has(id)) {
      problems.push(`${path}: duplicate entries for key ${id}`);
      continue;
    }
    if (id !== undefined) seen.add(id);
    check(items, item, `${path}${id ?? `[${index}]`}`, problems);
  }
}

/** What tells an item of a merged list from the others: `[name="a"]`, `[="x"]`. */
function idOf(node: SchemaNode, item: Json): string | undefined {
  if (node.listType === "set") return `[=${JSON.stringify(item)}]`;
  if (node.listType !== "map" || !isObject(item)) return undefined;
  const keys = (node.listKeys ?? []).toSorted().map((key) => {
    const value = getOwn(item, key) ?? node.items?.node.fields.get(key)?.default ?? null;
    return `${key}=${JSON.stringify(value)}`;
  });
  return `[${keys.join(",")}]`;
}

function scalarProblem(type: SchemaNode["type"], value: Json): string | undefined {
  if (type === "integer" || type === "number") {
    if (typeof value === "number") return undefined;
    return `expected numeric (int or float), got ${goTypeName(value)}`;
  }
  if (type === "boolean") {
    return typeof value === "boolean" ? undefined : `expected boolean, got &{${goText(value)}}`;
  }
  if (type === "int-or-string" || type === "quantity") {
    return typeof value === "object" ? `expected any scalar, got &{${goText(value)}}` : undefined;
  }
  if (typeof value === "string") return undefined;
  return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
}
