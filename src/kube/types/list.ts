import { isObject } from "./walk.ts";

const SUFFIX = "List";

/**
 * The objects that a value stands for: itself, or the items of a List (of v1, or one such as
 * PodList, whose items need not say what they are), and of Lists within it.
 */
export function itemsOf(value: unknown): readonly unknown[] {
  const found: unknown[] = [];
  // A stack of its own: Lists may be nested deeper than calls may.
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    const items = listItems(next);
    if (items === undefined) found.push(next);
    else for (let index = items.length - 1; index >= 0; index--) pending.push(items[index]);
  }
  return found;
}

function listItems(value: unknown): readonly unknown[] | undefined {
  if (!isObject(value)) return undefined;
  const { apiVersion, kind, items } = value;
  if (typeof kind !== "string" || !kind.endsWith(SUFFIX)) return undefined;
  if (items === null && kind !== SUFFIX) return [];
  if (!Array.isArray(items)) return undefined;
  if (kind === SUFFIX) return items;
  const itemKind = kind.slice(0, -SUFFIX.length);
  return items.map((item: unknown) =>
    isObject(item) ? { apiVersion, kind: itemKind, ...item } : item,
  );
}
