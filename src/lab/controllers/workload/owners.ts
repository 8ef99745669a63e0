import type { Change } from "../engine/cache.ts";
import { type ApiObject, controllerOf, joinKey, keyOf } from "../model/object.ts";

/**
 * The keys of the owners of this kind that a change of an owned object concerns: its owner, the one
 * it had before, and, of an object that nobody manages, those who might adopt it.
 */
export function ownersOf<T extends ApiObject>(
  { before, after }: Change<T>,
  kind: string,
  adopters: (orphan: T) => readonly string[],
): string[] {
  const keys = [before, after].flatMap((object) => {
    const owner = object === undefined ? undefined : controllerOf(object);
    return owner?.kind === kind ? [joinKey(object?.metadata.namespace, owner.name)] : [];
  });
  if (after !== undefined && controllerOf(after) === undefined) keys.push(...adopters(after));
  return [...new Set(keys)];
}

/** The key of the object that has changed. */
export function itself<T extends ApiObject>({ before, after }: Change<T>): string[] {
  const object = after ?? before;
  return object === undefined ? [] : [keyOf(object)];
}
