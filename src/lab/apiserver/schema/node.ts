import type { Json, JsonObject } from "./types.ts";

/**
 * The types that values can have. Scalars beyond JSON's own: a quantity ("100m", 1), an int or a
 * string (a port), a time of RFC 3339, bytes in base64.
 */
export type NodeType =
  | "object"
  | "map"
  | "list"
  | "string"
  | "integer"
  | "number"
  | "boolean"
  | "int-or-string"
  | "quantity"
  | "time"
  | "bytes"
  | "any";

/** How patches treat lists and objects; "atomic" ones are replaced whole. */
export type ListType = "atomic" | "set" | "map";

/**
 * A schema as decoding, defaulting and patching read it: one form for what comes from OpenAPI
 * documents and what comes from structural schemas of definitions.
 */
export interface SchemaNode {
  readonly type: NodeType;
  /** The schema's name in the OpenAPI documents; defaults by functions hang on it. */
  readonly name?: string;
  /** Of an object. Made when first asked for: schemas refer to themselves. */
  readonly fields: ReadonlyMap<string, Field>;
  /** Of a list its items, of a map its values. */
  readonly items?: Field;
  readonly format?: string;
  /** Properties that no field names stay, as x-kubernetes-preserve-unknown-fields has it. */
  readonly keepsUnknown?: boolean;
  /** apiVersion, kind and metadata are an object's of their own. */
  readonly isEmbedded?: boolean;
  readonly isAtomic?: boolean;
  readonly listType?: ListType;
  readonly listKeys?: readonly string[];
  readonly isNullable?: boolean;
}

export interface Field {
  readonly node: SchemaNode;
  readonly default?: Json;
  readonly isRequired?: boolean;
  /** Left out where it is "", 0 or false: in Go it is no pointer. */
  readonly isOmittedWhenZero?: boolean;
  /** For strategic merge patches. */
  readonly patchStrategy?: readonly string[];
  readonly mergeKey?: string;
}

export const ANY: SchemaNode = { type: "any", fields: new Map(), keepsUnknown: true };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Sets a property of that very name: an assignment of `__proto__` would set the prototype, and
 * objects from outside may have any keys.
 */
export function setOwn(object: JsonObject, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    object[key] = value;
  }
}

/** Reads an own property, and nothing of the prototype's. */
export function getOwn(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Texts as they are, other values as JSON, and nothing as "". */
export function asText(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}

/** A copy that shares nothing. Deep values were refused at the door (MAX_DEPTH). */
export function copyJson<T extends Json>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const copy: JsonObject = {};
  for (const [key, each] of Object.entries(value)) setOwn(copy, key, copyJson(each));
  return copy as T;
}

/** A copy whose keys are in order, as Go's maps are shown. */
export function sortedKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (!isObject(value)) return value;
  const sorted: JsonObject = {};
  for (const key of Object.keys(value).toSorted())
    setOwn(sorted, key, sortedKeys(value[key] ?? null));
  return sorted;
}

/** Whether two values are the same JSON; the order of keys does not count. */
export function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object") return false;
  if (left === null || right === null || left === undefined || right === undefined) return false;
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false;
    return left.every((each, index) => sameJson(each, right[index]));
  }
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && sameJson(left[key], right[key]));
}
