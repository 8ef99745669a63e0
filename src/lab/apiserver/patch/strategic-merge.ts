import { copyJson, type Field, getOwn, isObject, type SchemaNode, setOwn } from "../schema/node.ts";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type { Json, JsonObject } from "../schema/types.ts";
import { goText } from "./go-text.ts";
import {
  DELETE_FROM,
  DIRECTIVE,
  isMerged,
  listPatchOf,
  mergeList,
  SET_ORDER,
} from "./strategic-lists.ts";

const RETAIN_KEYS = "$retainKeys";

/**
 * A strategic merge patch: lists are merged by their merge keys where the schema names one. The
 * directives say what a merge cannot: `$patch: replace|delete|merge`, `$retainKeys`,
 * `$deleteFromPrimitiveList/LIST`, `$setElementOrder/LIST`.
 */
export function applyStrategicMerge(
  node: SchemaNode | undefined,
  current: JsonObject,
  patch: JsonObject,
): JsonObject {
  const directive = getOwn(patch, DIRECTIVE);
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    const what = `unknown patch type: ${goText(directive)} in map: ${goText(patch)}`;
    throw new StatusError(500, "", what);
  }
  const result = retained(copyJson(current), patch);
  for (const key of keysOf(patch)) mergeKey(result, key, fieldOf(node, key), patch);
  return result;
}

/** All that the patch says something of, by a value or by a directive. */
function keysOf(patch: JsonObject): ReadonlySet<string> {
  const keys = Object.keys(patch).flatMap((key) => {
    for (const prefix of [DELETE_FROM, SET_ORDER]) {
      if (key.startsWith(prefix)) return key.slice(prefix.length);
    }
    return isDirective(key) ? [] : key;
  });
  return new Set(keys);
}

function isDirective(key: string): boolean {
  return (
    key === DIRECTIVE ||
    key === RETAIN_KEYS ||
    key.startsWith(DELETE_FROM) ||
    key.startsWith(SET_ORDER)
  );
}

/** The field of an object by its name, or of a map by any key. */
function fieldOf(node: SchemaNode | undefined, key: string): Field | undefined {
  return node?.type === "map" ? node.items : node?.fields.get(key);
}

function retained(object: JsonObject, patch: JsonObject): JsonObject {
  const keys = getOwn(patch, RETAIN_KEYS);
  if (keys === undefined) return object;
  const kept = new Set(Array.isArray(keys) ? keys : []);
  const isWhole = Object.keys(patch).every(
    (key) => isDirective(key) || patch[key] === null || kept.has(key),
  );
  if (!Array.isArray(keys) || !isWhole) throw badRequest("invalid patch format of retainKeys");
  for (const key of Object.keys(object)) if (!kept.has(key)) delete object[key];
  return object;
}

function mergeKey(
  result: JsonObject,
  key: string,
  field: Field | undefined,
  patch: JsonObject,
): void {
  const value = getOwn(patch, key);
  const now = getOwn(result, key);
  if (value === null) delete result[key];
  else if (isObject(value)) mergeObject(result, key, value, field);
  else if (value === undefined || Array.isArray(value)) {
    const list = listOf(Array.isArray(now) ? now : undefined, key, field, patch);
    if (list !== undefined) setOwn(result, key, list);
  } else setOwn(result, key, value);
}

function mergeObject(
  result: JsonObject,
  key: string,
  value: JsonObject,
  field: Field | undefined,
): void {
  const now = getOwn(result, key);
  const retains = field?.patchStrategy?.includes("replace") === true;
  const base = isObject(now) && !retains ? now : {};
  // `$patch: delete` of an object takes it away.
  if (getOwn(value, DIRECTIVE) === "delete") delete result[key];
  else setOwn(result, key, applyStrategicMerge(field?.node, base, value));
}

/** Undefined where there is no list, and the patch makes none. */
function listOf(
  current: Json[] | undefined,
  key: string,
  field: Field | undefined,
  patch: JsonObject,
): Json[] | undefined {
  const wanted = listPatchOf(patch, key);
  const { items } = wanted;
  if (items?.some((each) => isObject(each) && getOwn(each, DIRECTIVE) === "replace")) {
    return cleaned(items.filter((each) => !(isObject(each) && Object.hasOwn(each, DIRECTIVE))));
  }
  if (items === undefined && current === undefined) return undefined;
  if (!isMerged(field)) return items === undefined ? current : cleaned(items);
  const node = field?.node.items?.node;
  return mergeList(current ?? [], wanted, field?.mergeKey, (one, item) =>
    applyStrategicMerge(node, one, item),
  );
}

function cleaned(items: Json[]): Json[] {
  return items.map((each) => (isObject(each) ? withoutDirectives(each) : copyJson(each)));
}

/** What a patch sets where there was nothing: the same without its directives. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key) || value === null) continue;
    if (isObject(value)) setOwn(result, key, withoutDirectives(value));
    else if (Array.isArray(value)) {
      const items = value.filter((each) => !(isObject(each) && Object.hasOwn(each, DIRECTIVE)));
      setOwn(result, key, cleaned(items));
    } else setOwn(result, key, value);
  }
  return result;
}
