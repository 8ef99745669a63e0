import { copyJson, type Field, getOwn, isObject, type SchemaNode, setOwn } from "../schema/node.ts";
import { badRequest } from "../schema/status-error.ts";
import type { Json, JsonObject } from "../schema/types.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const SET_ORDER = "$setElementOrder/";

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
  if (directive !== undefined && directive !== "merge") throw unknownDirective(directive);
  const result = retained(copyJson(current), patch);
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key)) continue;
    if (value === null) delete result[key];
    else mergeField(result, key, value, fieldOf(node, key), patch);
  }
  for (const [key, value] of Object.entries(patch))
    applyListDirective(result, key, value, node, patch);
  return result;
}

function unknownDirective(directive: Json): Error {
  return badRequest(
    `unknown patch directive ${JSON.stringify(directive)}: there are "merge", "replace" and "delete"`,
  );
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
  if (!Array.isArray(keys)) throw badRequest(`${RETAIN_KEYS} is a list of keys`);
  const kept = new Set(keys);
  for (const key of Object.keys(patch)) {
    if (!isDirective(key) && patch[key] !== null && !kept.has(key)) {
      throw badRequest(`${RETAIN_KEYS} does not name ${JSON.stringify(key)}, which the patch sets`);
    }
  }
  for (const key of Object.keys(object)) if (!kept.has(key)) delete object[key];
  return object;
}

function mergeField(
  result: JsonObject,
  key: string,
  value: Json,
  field: Field | undefined,
  patch: JsonObject,
): void {
  const now = getOwn(result, key);
  if (isObject(value)) {
    const retains = field?.patchStrategy?.includes("replace") === true;
    const base = isObject(now) && !retains ? now : {};
    // `$patch: delete` of an object takes it away.
    if (getOwn(value, DIRECTIVE) === "delete") delete result[key];
    else setOwn(result, key, applyStrategicMerge(field?.node, base, value));
  } else if (Array.isArray(value)) {
    setOwn(result, key, mergeList(Array.isArray(now) ? now : [], value, field, key, patch));
  } else {
    setOwn(result, key, value);
  }
}

function mergeList(
  current: Json[],
  patch: Json[],
  field: Field | undefined,
  key: string,
  around: JsonObject,
): Json[] {
  if (patch.some((each) => isObject(each) && getOwn(each, DIRECTIVE) === "replace")) {
    return patch
      .filter((each) => !(isObject(each) && Object.hasOwn(each, DIRECTIVE)))
      .map((each) => (isObject(each) ? withoutDirectives(each) : copyJson(each)));
  }
  if (field?.patchStrategy?.includes("merge") !== true) {
    return patch.map((each) => (isObject(each) ? withoutDirectives(each) : copyJson(each)));
  }
  const { mergeKey } = field;
  if (mergeKey === undefined) return mergeScalars(current, patch, around[DELETE_FROM + key]);
  return mergeByKey(current, patch, mergeKey, field.node.items?.node);
}

function mergeScalars(current: Json[], patch: Json[], deleted: Json | undefined): Json[] {
  const gone = new Set(Array.isArray(deleted) ? deleted : []);
  const kept = current.filter((each) => !gone.has(each));
  return [...new Set([...kept, ...patch])];
}

function mergeByKey(
  current: Json[],
  patch: Json[],
  mergeKey: string,
  node: SchemaNode | undefined,
): Json[] {
  const result: Json[] = current.map(copyJson);
  // By the key's text: lists can be long, and a search for each item would be quadratic.
  const places = new Map<string, number>();
  for (const [index, each] of result.entries()) {
    const value = isObject(each) ? getOwn(each, mergeKey) : undefined;
    if (value !== undefined) places.set(JSON.stringify(value), index);
  }
  const gone = new Set<number>();
  for (const each of patch) {
    if (!isObject(each))
      throw badRequest(`items of a list that is merged by ${mergeKey} are objects`);
    const value = getOwn(each, mergeKey);
    if (value === undefined || value === null) {
      throw badRequest(
        `map: ${JSON.stringify(each)} does not contain declared merge key: ${mergeKey}`,
      );
    }
    const id = JSON.stringify(value);
    const place = places.get(id);
    if (getOwn(each, DIRECTIVE) === "delete") {
      if (place !== undefined) gone.add(place);
      places.delete(id);
      continue;
    }
    const there = place === undefined ? undefined : result[place];
    const merged = applyStrategicMerge(node, isObject(there) ? there : {}, each);
    if (place !== undefined) result[place] = merged;
    else places.set(id, result.push(merged) - 1);
  }
  return result.filter((_, index) => !gone.has(index));
}

/** The two directives that stand beside the list that they are about. */
function applyListDirective(
  result: JsonObject,
  key: string,
  value: Json,
  node: SchemaNode | undefined,
  patch: JsonObject,
): void {
  if (key.startsWith(DELETE_FROM)) {
    const name = key.slice(DELETE_FROM.length);
    const list = getOwn(result, name);
    if (!Array.isArray(value)) throw badRequest(`${key} is a list`);
    if (!Array.isArray(list) || Object.hasOwn(patch, name)) return;
    const gone = new Set(value);
    setOwn(
      result,
      name,
      list.filter((each) => !gone.has(each)),
    );
  } else if (key.startsWith(SET_ORDER)) {
    const name = key.slice(SET_ORDER.length);
    const list = getOwn(result, name);
    if (!Array.isArray(value)) throw badRequest(`${key} is a list`);
    if (Array.isArray(list))
      setOwn(result, name, ordered(list, value, fieldOf(node, name)?.mergeKey));
  }
}

/** Items in the order that the patch names; others keep their places relative to their neighbours. */
function ordered(list: Json[], order: Json[], mergeKey: string | undefined): Json[] {
  const idOf = (each: Json): string => {
    const key = mergeKey !== undefined && isObject(each) ? getOwn(each, mergeKey) : each;
    return JSON.stringify(key ?? null);
  };
  const ranks = new Map(order.map((each, index) => [idOf(each), index]));
  const named = list
    .filter((each) => ranks.has(idOf(each)))
    .toSorted((a, b) => (ranks.get(idOf(a)) ?? 0) - (ranks.get(idOf(b)) ?? 0));
  const result: Json[] = [];
  let next = 0;
  // Each unnamed item goes before those named ones that stood behind it.
  const positions = new Map(list.map((each, index) => [idOf(each), index]));
  for (const [index, each] of list.entries()) {
    if (ranks.has(idOf(each))) continue;
    while (next < named.length && (positions.get(idOf(named[next] ?? null)) ?? 0) < index) {
      result.push(named[next] ?? null);
      next += 1;
    }
    result.push(each);
  }
  return [...result, ...named.slice(next)];
}

/** What a patch sets where there was nothing: the same without its directives. */
function withoutDirectives(patch: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(patch)) {
    if (isDirective(key) || value === null) continue;
    if (isObject(value)) setOwn(result, key, withoutDirectives(value));
    else if (Array.isArray(value)) {
      const items = value.filter((each) => !(isObject(each) && Object.hasOwn(each, DIRECTIVE)));
      setOwn(
        result,
        key,
        items.map((each) => (isObject(each) ? withoutDirectives(each) : each)),
      );
    } else setOwn(result, key, value);
  }
  return result;
}
