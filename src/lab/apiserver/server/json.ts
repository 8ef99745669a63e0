/** Reading JSON whose shape nobody promised. */
import type { Json, JsonObject, KubeObject } from "../schema/types.ts";

export function asRecord(value: unknown): JsonObject | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as JsonObject) : undefined;
}

export function asList(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Any scalar as text; "" of what is none. */
export function asShown(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function asNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

/** What lies at the end of the steps; undefined where one is missing. */
export function at(value: unknown, ...steps: readonly string[]): Json | undefined {
  let here: unknown = value;
  for (const step of steps) {
    const record = asRecord(here);
    if (record === undefined || !Object.hasOwn(record, step)) return undefined;
    here = record[step];
  }
  return here as Json | undefined;
}

/** The record under a key, made where there is none. */
export function ensureRecord(parent: JsonObject, key: string): JsonObject {
  const present = asRecord(parent[key]);
  if (present !== undefined) return present;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}

export function recordsAt(value: unknown, ...steps: readonly string[]): readonly JsonObject[] {
  return asList(at(value, ...steps)).flatMap((item) => {
    const record = asRecord(item);
    return record === undefined ? [] : [record];
  });
}

export function textAt(value: unknown, ...steps: readonly string[]): string {
  return asText(at(value, ...steps));
}

export function numberAt(value: unknown, ...steps: readonly string[]): number | undefined {
  return asNumber(at(value, ...steps));
}

/** Sets a field, or takes it out where the value is undefined. */
export function put(parent: JsonObject, key: string, value: Json | undefined): void {
  if (value === undefined) delete parent[key];
  else parent[key] = value;
}

/** Of two plain values, whatever the order of their keys. */
export function isEqualJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, index) => isEqualJson(item, b[index]));
  }
  const left = asRecord(a);
  const right = asRecord(b);
  if (left === undefined || right === undefined) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && isEqualJson(left[key], right[key]));
}

/** With what says what it is first, then the metadata: so do lists, and people, look for it. */
export function inOrder(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, ...rest } = object;
  return { apiVersion, kind, metadata, ...rest };
}
