/** What holds between the members of a value: lists that are sets or maps, objects in objects. */
import { isObject } from "../../node.ts";
import type { Json, JsonObject } from "../../types.ts";
import { validateLooseMetadata } from "../metadata.ts";
import type { View } from "../view.ts";
import { dns1035Label, mayBeMixed, pathSegment } from "../words.ts";

type Check = (schema: JsonObject, view: View) => void;

/** Calls the check for the value and all that is in it and has a schema. */
function walk(schema: JsonObject, view: View, check: Check): void {
  check(schema, view);
  const { properties, additionalProperties, items } = schema;
  if (Array.isArray(view.value)) {
    if (isObject(items)) for (const each of view.items()) walk(items, each, check);
    return;
  }
  const known = isObject(properties) ? properties : {};
  for (const [key] of view.entries()) {
    const inner = Object.hasOwn(known, key) ? known[key] : undefined;
    if (isObject(inner)) walk(inner, view.at(key), check);
    else if (isObject(additionalProperties)) walk(additionalProperties, view.key(key), check);
  }
}

/** Members of sets, and keys of maps, that occur twice are told of once, at the second. */
export function checkUnique(schema: JsonObject, view: View): void {
  walk(schema, view, (inner, list) => {
    const type = inner["x-kubernetes-list-type"];
    if (type !== "set" && type !== "map") return;
    const keys = inner["x-kubernetes-list-map-keys"];
    const names = Array.isArray(keys) ? keys.map(String).toSorted() : [];
    if (type === "map") {
      const stranger = list.items().find(({ value }) => value !== null && !isObject(value));
      if (stranger !== undefined) {
        return stranger.invalid("must be an object for an array of list-type map");
      }
    }
    const seen = new Map<string, number>();
    for (const item of list.items()) {
      const shown = type === "map" ? keyOf(names, item.value) : (item.value ?? null);
      const text = JSON.stringify(shown);
      const times = seen.get(text) ?? 0;
      if (times === 1) item.duplicate(shown);
      seen.set(text, times + 1);
    }
  });
}

function keyOf(names: readonly string[], item: Json | undefined): JsonObject {
  if (!isObject(item)) return {};
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(item, name)).map((name) => [name, item[name] ?? null]),
  );
}

/** Objects in the object say what they are, and have metadata as all have. */
export function checkEmbedded(schema: JsonObject, view: View): void {
  walk(schema, view, (inner, object) => {
    if (inner["x-kubernetes-embedded-resource"] !== true || !isObject(object.value)) return;
    const [version, kind] = [object.at("apiVersion"), object.at("kind")];
    if (version.value === undefined) version.required();
    if (kind.value === undefined) kind.required();
    if (version.value !== undefined) checkVersion(version);
    if (kind.value !== undefined) {
      if (kind.text === "") kind.invalid("must not be empty");
      else kind.invalids(dns1035Label(kind.text.toLowerCase()).map(mayBeMixed));
    }
    const metadata = object.at("metadata");
    if (metadata.value === undefined) return;
    for (const name of [metadata.at("name"), metadata.at("namespace")]) {
      name.invalids(name.text === "" ? [] : pathSegment(name.text));
    }
    validateLooseMetadata(metadata);
  });
}

function checkVersion(version: View): void {
  const { text } = version;
  if (text === "") version.invalid("must not be empty");
  else if (text.split("/").length > 2) {
    version.invalid(`unexpected GroupVersion string: ${text}`);
  }
}
