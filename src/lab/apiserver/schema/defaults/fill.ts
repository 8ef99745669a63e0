import { isObject } from "../node.ts";
import type { Json, JsonObject } from "../types.ts";

/** Sets what of one object the API server sets where the client did not. */
export type Defaulter = (object: JsonObject) => void;

/** Sets the properties that are missing. */
export function fill(object: JsonObject, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) {
    if (object[key] === undefined) object[key] = value;
  }
}

/** The same for properties that in Go are no pointers: "" and 0 are missing too. */
export function fillZero(object: JsonObject, defaults: JsonObject): void {
  for (const [key, value] of Object.entries(defaults)) {
    const now = object[key];
    if (now === undefined || now === "" || now === 0) object[key] = value;
  }
}

export function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject | undefined {
  let at: Json | undefined = object;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  return isObject(at) ? at : undefined;
}

export function objectsAt(object: JsonObject | undefined, key: string): JsonObject[] {
  const list = object?.[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** The object at the key, made where it is missing. */
export function ensure(object: JsonObject, key: string): JsonObject {
  const there = object[key];
  if (isObject(there)) return there;
  const made: JsonObject = {};
  object[key] = made;
  return made;
}
