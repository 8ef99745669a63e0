import { copyJson, getOwn, isObject, setOwn } from "../schema/node.ts";
import type { Json, JsonObject } from "../schema/types.ts";

/** A patch by RFC 7386: objects are merged, null takes away, all else replaces. */
export function applyMergePatch(current: Json, patch: Json): Json {
  if (!isObject(patch)) return copyJson(patch);
  const result: JsonObject = isObject(current) ? copyJson(current) : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else setOwn(result, key, applyMergePatch(getOwn(result, key) ?? null, value));
  }
  return result;
}
