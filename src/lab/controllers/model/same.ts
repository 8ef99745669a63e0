/**
 * One text for values that mean the same to Kubernetes: keys in order; null, undefined and empty
 * lists are absent. An empty object is kept: `emptyDir: {}` and `podSelector: {}` mean something.
 */
export function canonical(value: unknown): string {
  return JSON.stringify(ordered(value)) ?? "null";
}

/** Also of the values themselves, what is empty is absent: a server answers null for []. */
export function isSame(left: unknown, right: unknown): boolean {
  return left === right || canonical({ value: left }) === canonical({ value: right });
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => ordered(item) ?? null);
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const entries = Object.entries(value)
    .filter(([, item]) => item !== null && item !== undefined && !isEmptyList(item))
    .map(([key, item]): [string, unknown] => [key, ordered(item)]);
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}
