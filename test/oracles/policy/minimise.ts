/**
 * Makes a failing case as small as it goes: leaves out one element or field after another, for as
 * long as it still fails. Generators shrink what they chose; this shrinks what came of it.
 */
const MAX_TRIES = 3_000;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** `fails` must bear nonsense, since fields that are needed are left out, too. */
export function minimise<T>(
  failing: T,
  fails: (value: T) => boolean,
  isNeeded: (path: readonly string[]) => boolean,
): T {
  let best = structuredClone(failing) as Json;
  let tries = 0;
  for (let hasChanged = true; hasChanged && tries < MAX_TRIES; ) {
    hasChanged = false;
    for (const path of pathsOf(best).toReversed()) {
      if (isNeeded(path)) continue;
      const candidate = without(best, path);
      tries += 1;
      if (
        candidate === undefined ||
        tries > MAX_TRIES ||
        !isFailing(candidate, (value) => fails(value as T))
      )
        continue;
      best = candidate;
      hasChanged = true;
    }
  }
  return best as T;
}

function isFailing(candidate: Json, fails: (value: Json) => boolean): boolean {
  try {
    return fails(candidate);
  } catch {
    return false;
  }
}

function pathsOf(value: Json): string[][] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, child]) => [
    [key],
    ...pathsOf(child).map((path) => [key, ...path]),
  ]);
}

function without(value: Json, path: readonly string[]): Json | undefined {
  const copy = structuredClone(value);
  let parent: Json = copy;
  for (const key of path.slice(0, -1)) {
    const child: Json | undefined = (parent as { [key: string]: Json })[key];
    if (child === undefined || child === null || typeof child !== "object") return undefined;
    parent = child;
  }
  const last = path.at(-1) ?? "";
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete (parent as { [key: string]: Json })[last];
  return copy;
}
