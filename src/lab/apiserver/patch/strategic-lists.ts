/** Lists under a strategic merge: what becomes of their items, and in which order these end. */
import { copyJson, type Field, getOwn, isObject } from "../schema/node.ts";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type { Json, JsonObject } from "../schema/types.ts";
import { goText } from "./go-text.ts";

export const DIRECTIVE = "$patch";
export const DELETE_FROM = "$deleteFromPrimitiveList/";
export const SET_ORDER = "$setElementOrder/";

/** How an item of a list is merged with what a patch has of it, or made of nothing. */
type MergeItem = (current: JsonObject, patch: JsonObject) => JsonObject;

interface ListPatch {
  /** What the patch has of the list; none where only directives are about it. */
  readonly items: Json[] | undefined;
  readonly deleted: Json | undefined;
  readonly order: Json | undefined;
}

/** All that the patch says of the list under this key. */
export function listPatchOf(patch: JsonObject, key: string): ListPatch {
  const items = getOwn(patch, key);
  return {
    items: Array.isArray(items) ? items : undefined,
    deleted: getOwn(patch, DELETE_FROM + key),
    order: getOwn(patch, SET_ORDER + key),
  };
}

export function isMerged(field: Field | undefined): boolean {
  return field?.patchStrategy?.includes("merge") === true;
}

/** `key` is undefined for lists of plain values. */
export function mergeList(
  current: Json[],
  { items = [], deleted, order }: ListPatch,
  key: string | undefined,
  mergeItem: MergeItem,
): Json[] {
  const gone = new Set(valuesOf(deleted, "primitive list"));
  const left = current.filter((each) => !gone.has(each));
  checkKinds(left, items, key);
  const merged =
    key === undefined ? [...new Set([...left, ...items])] : byKey(left, items, key, mergeItem);
  // Nothing of it was asked for by this patch, which then does not order it.
  if (items.length === 0 && order === undefined) return merged;
  const wanted = order === undefined ? items : valuesOf(order, "setElementOrder list");
  return inOrder(merged, wanted, current, key);
}

function valuesOf(list: Json | undefined, what: string): Json[] {
  if (list === undefined) return [];
  if (Array.isArray(list)) return list;
  throw badRequest(`invalid patch format of ${what}`);
}

function checkKinds(current: Json[], patch: Json[], key: string | undefined): void {
  const isOne = [...current, ...patch].every((each) => isObject(each) === (key !== undefined));
  if (isOne) return;
  const message = `list element types are not identical: ${goText([current, patch])}`;
  throw new StatusError(500, "", message);
}

function byKey(current: Json[], patch: Json[], key: string, mergeItem: MergeItem): Json[] {
  const result: Json[] = current.map(copyJson);
  // By the key's text: lists can be long, and a search for each item would be quadratic.
  const places = new Map(result.map((each, index) => [idOf(each, key), index]));
  const gone = new Set<number>();
  for (const each of patch.filter(isObject)) {
    const value = getOwn(each, key);
    if (value === undefined || value === null) {
      const what = `map: ${goText(each)} does not contain declared merge key: ${key}`;
      throw new StatusError(500, "", what);
    }
    const id = idOf(each, key);
    const place = places.get(id);
    if (getOwn(each, DIRECTIVE) === "delete") {
      if (place !== undefined) gone.add(place);
      places.delete(id);
      continue;
    }
    const there = place === undefined ? undefined : result[place];
    const merged = mergeItem(isObject(there) ? there : {}, each);
    if (place !== undefined) result[place] = merged;
    else places.set(id, result.push(merged) - 1);
  }
  return result.filter((_, index) => !gone.has(index));
}

function idOf(item: Json, key: string | undefined): string {
  const value = key !== undefined && isObject(item) ? getOwn(item, key) : item;
  return JSON.stringify(value ?? null);
}

/**
 * Items that the patch names are in its order; the others keep theirs, and each of them stands
 * before the first of the former that it stood before on the server, and else behind them all.
 */
function inOrder(merged: Json[], wanted: Json[], server: Json[], key: string | undefined): Json[] {
  const places = (list: Json[]): Map<string, number> =>
    new Map(list.map((each, index) => [idOf(each, key), index]));
  const [wantedAt, serverAt] = [places(wanted), places(server)];
  const at = (map: Map<string, number>, item: Json): number | undefined => map.get(idOf(item, key));
  const named = merged
    .filter((each) => at(wantedAt, each) !== undefined)
    .toSorted((one, two) => (at(wantedAt, one) ?? 0) - (at(wantedAt, two) ?? 0));
  const others = merged.filter((each) => at(wantedAt, each) === undefined);
  const result: Json[] = [];
  let next = 0;
  for (const each of named) {
    const place = at(serverAt, each);
    for (let other = others[next]; other !== undefined; other = others[next]) {
      const otherPlace = at(serverAt, other);
      const isBefore = place !== undefined && otherPlace !== undefined && otherPlace < place;
      if (!isBefore) break;
      result.push(other);
      next += 1;
    }
    result.push(each);
  }
  return [...result, ...others.slice(next)];
}
