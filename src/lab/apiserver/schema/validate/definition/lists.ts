/** Lists that are sets or maps, and objects that are one value. */
import { isObject } from "../../node.ts";
import type { View } from "../view.ts";

const LIST_TYPE = "x-kubernetes-list-type";
const MAP_TYPE = "x-kubernetes-map-type";
const KEYS = "x-kubernetes-list-map-keys";

export function validateLists(schema: View): void {
  const [listType, mapType] = [schema.at(LIST_TYPE), schema.at(MAP_TYPE)];
  checkType(schema, mapType, "object");
  if (mapType.isThere && !["atomic", "granular"].includes(mapType.text)) {
    mapType.unsupported(["atomic", "granular"]);
  }
  if (!checkType(schema, listType, "array") && listType.text === "set") checkSetItems(schema);
  if (listType.isThere && !["atomic", "set", "map"].includes(listType.text)) {
    listType.unsupported(["atomic", "set", "map"]);
  }
  if (schema.at(KEYS).items().length > 0) {
    const words = `must be map if ${KEYS} is non-empty`;
    if (!listType.isThere) listType.required(words);
    else if (listType.text !== "map") listType.invalid(words);
  }
  if (listType.text === "map") checkMap(schema);
  if (listType.text === "map" || listType.text === "set") checkNotNullable(schema);
}

/** Answers whether the type is wrong. */
function checkType(schema: View, extension: View, wanted: string): boolean {
  const type = schema.at("type");
  if (!extension.isThere || type.text === wanted) return false;
  const name = wanted === "array" ? LIST_TYPE : MAP_TYPE;
  const words = `must be ${wanted} if ${name} is specified`;
  if (type.text === "") type.required(words);
  else type.invalid(words);
  return true;
}

/** A member of a set is one value. */
function checkSetItems(schema: View): void {
  const items = schema.at("items");
  const words = `must be atomic as item of a list with ${LIST_TYPE}=set`;
  const type = items.at("type").text;
  const [listType, mapType] = [items.at(LIST_TYPE), items.at(MAP_TYPE)];
  if (type === "array" && listType.isThere && listType.text !== "atomic") listType.invalid(words);
  if (type === "object" && mapType.text !== "atomic") mapType.invalid(words, null);
}

function checkMap(schema: View): void {
  const [keys, items] = [schema.at(KEYS), schema.at("items")];
  if (keys.items().length === 0) keys.required(`must not be empty if ${LIST_TYPE} is map`);
  if (!items.isThere) return items.required(`must have a schema if ${LIST_TYPE} is map`);
  if (!isObject(items.value)) return;
  if (items.at("type").text !== "object") {
    return items
      .at("type")
      .invalid(`must be object if parent array's ${LIST_TYPE} is map`, items.at("type").text);
  }
  const seen = new Set<string>();
  for (const { text } of keys.items()) {
    const property = items.at("properties").key(text);
    const type = property.at("type");
    if (!property.isThere) keys.invalid("entries must all be names of item properties");
    else if (type.text === "array" || type.text === "object") {
      type.invalid(`must be a scalar type if parent array's ${LIST_TYPE} is map`, "object");
    }
    if (seen.has(text)) keys.invalid("must not contain duplicate entries");
    seen.add(text);
  }
}

function checkNotNullable(schema: View): void {
  const [items, type] = [schema.at("items"), schema.at(LIST_TYPE).text];
  if (items.at("nullable").value === true) {
    items.at("nullable").forbidden(`cannot be nullable when ${LIST_TYPE} is ${type}`);
  }
  if (type !== "map") return;
  const required = items
    .at("required")
    .items()
    .map(({ text }) => text);
  for (const { text } of schema.at(KEYS).items()) {
    const property = items.at("properties").key(text);
    if (!property.isThere) continue;
    const one = `this property is in ${KEYS}, so it`;
    if (!required.includes(text) && !property.at("default").isThere) {
      property.at("default").required(`${one} must have a default or be a required property`);
    }
    if (property.at("nullable").value === true) {
      property.at("nullable").forbidden(`${one} cannot be nullable`);
    }
  }
}
