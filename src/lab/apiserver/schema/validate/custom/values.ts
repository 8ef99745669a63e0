/**
 * Values against the schemas of definitions: which rules there are, and in which order they are
 * told of.
 */
import { asText, getOwn, isObject, sameJson } from "../../node.ts";
import type { Json, JsonObject } from "../../types.ts";
import { Result } from "./result.ts";
import { checkFormat, checkNumber, checkText, checkType } from "./scalars.ts";

/** What an update found in the value's place; none where nothing there belongs to it. */
export type Before = { readonly value: Json } | undefined;

/**
 * A value that an update leaves as it was is not refused: a schema that got stricter would else
 * make all changes of old objects impossible.
 */
export function checkValue(schema: JsonObject, value: Json, path: string, before: Before): Result {
  const result = checkSchema(schema, value, path, before);
  if (result.isValid || before === undefined || !sameJson(before.value, value)) return result;
  const forgiven = new Result();
  forgiven.matches = result.matches;
  return forgiven;
}

function checkSchema(schema: JsonObject, value: Json, path: string, before: Before): Result {
  const result = new Result();
  const add = (part: Result | undefined): void => {
    if (part !== undefined) result.merge(part).counted();
  };
  const type = checkType(schema, value, path);
  if (value === null) {
    if (type !== undefined) result.merge(type);
    return result.merge(checkEnum(schema, value, path));
  }
  add(type);
  add(checkForms(schema, value, path, before));
  if (typeof value === "string") {
    add(checkText(schema, value, path));
    add(checkFormat(schema, value, path));
  }
  if (typeof value === "number") add(checkNumber(schema, value, path));
  if (Array.isArray(value)) add(checkList(schema, value, path, before));
  add(checkEnum(schema, value, path));
  if (isObject(value)) add(checkObject(schema, value, path, before));
  return result.counted();
}

function checkEnum(schema: JsonObject, value: Json, path: string): Result {
  const result = new Result();
  const words = schema["enum"];
  if (!Array.isArray(words) || words.length === 0) return result;
  if (!words.some((each) => sameJson(each, value))) result.unsupported(path, value, words);
  return result;
}

function schemasOf(schema: JsonObject, key: string): JsonObject[] {
  const list = schema[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** anyOf, oneOf, allOf and not: which forms the value may take. */
function checkForms(schema: JsonObject, value: Json, path: string, before: Before): Result {
  const result = new Result();
  const check = (form: JsonObject): Result => checkSchema(form, value, path, before);
  const quoted = JSON.stringify(path);
  checkAny(schemasOf(schema, "anyOf").map(check), quoted, result);
  checkOne(schemasOf(schema, "oneOf").map(check), quoted, result);
  checkAll(schemasOf(schema, "allOf").map(check), quoted, result);
  const { not } = schema;
  if (isObject(not) && check(not).isValid) {
    result.form(`${quoted} must not validate the schema (not)`);
  }
  return result.counted();
}

function checkAny(forms: readonly Result[], quoted: string, result: Result): void {
  if (forms.length === 0) return;
  const fitting = forms.find((each) => each.isValid);
  if (fitting === undefined) {
    result.form(`${quoted} must validate at least one schema (anyOf)`);
  }
  result.merge(fitting ?? nearest(forms));
}

function checkOne(forms: readonly Result[], quoted: string, result: Result): void {
  if (forms.length === 0) return;
  const [fitting, ...more] = forms.filter((each) => each.isValid);
  if (fitting !== undefined && more.length === 0) {
    result.merge(fitting);
    return;
  }
  const found =
    fitting === undefined ? "Found none valid" : `Found ${more.length + 1} valid alternatives`;
  result.form(`${quoted} must validate one and only one schema (oneOf). ${found}`);
  if (fitting === undefined) result.merge(nearest(forms));
}

function checkAll(forms: readonly Result[], quoted: string, result: Result): void {
  for (const each of forms) result.merge(each);
  if (forms.every((each) => each.isValid)) return;
  const isNone = !forms.some((each) => each.isValid);
  const more = isNone ? ". None validated" : "";
  result.form(`${quoted} must validate all the schemas (allOf)${more}`);
}

/** Of forms that do not fit, the first of those with most that is right. */
function nearest(forms: readonly Result[]): Result {
  return forms.reduce((best, each) => (each.matches > best.matches ? each : best));
}

function checkList(schema: JsonObject, value: Json[], path: string, before: Before): Result {
  const result = new Result();
  const { items, minItems, maxItems } = schema;
  if (isObject(items)) {
    const olds = itemsBefore(schema, before);
    for (const [index, each] of value.entries()) {
      const old = olds?.get(keyOf(schema, each));
      result.merge(checkValue(items, each, `${path}[${index}]`, old));
    }
  }
  const count = value.length;
  if (typeof minItems === "number" && count < minItems) {
    result.invalid(path, count, `should have at least ${minItems} items`);
  }
  if (typeof maxItems === "number" && count > maxItems) result.tooMany(path, count, maxItems);
  return result.counted();
}

/** Items of old and new lists belong together by their keys, where they have such. */
function itemsBefore(schema: JsonObject, before: Before): Map<string, Before> | undefined {
  if (schema["x-kubernetes-list-type"] !== "map" || !Array.isArray(before?.value)) return undefined;
  return new Map(before.value.map((each) => [keyOf(schema, each), { value: each }]));
}

function keyOf(schema: JsonObject, item: Json): string {
  const keys = schema["x-kubernetes-list-map-keys"];
  if (!Array.isArray(keys) || !isObject(item)) return JSON.stringify(item);
  return JSON.stringify(keys.map((key) => getOwn(item, asText(key)) ?? null));
}

function checkObject(schema: JsonObject, value: JsonObject, path: string, before: Before): Result {
  const result = new Result();
  const { minProperties, maxProperties, required, properties, additionalProperties } = schema;
  const count = Object.keys(value).length;
  if (typeof minProperties === "number" && count < minProperties) {
    result.invalid(path, count, `should have at least ${minProperties} properties`);
  }
  if (typeof maxProperties === "number" && count > maxProperties) {
    result.tooMany(path, count, maxProperties);
  }
  const known = isObject(properties) ? properties : {};
  for (const [key, each] of Object.entries(value)) {
    const isKnown = Object.hasOwn(known, key);
    const inner = isKnown ? known[key] : additionalProperties;
    if (!isObject(inner)) continue;
    const at = isKnown && path === "" ? key : `${path}.${key}`;
    result.merge(checkValue(inner, each, at, memberBefore(schema, key, path, before)));
  }
  for (const key of Array.isArray(required) ? required : []) {
    if (typeof key === "string" && !Object.hasOwn(value, key)) result.required(`${path}.${key}`);
  }
  return result;
}

function memberBefore(schema: JsonObject, key: string, path: string, before: Before): Before {
  if (before === undefined || !isObject(before.value)) return undefined;
  if (schema["x-kubernetes-map-type"] === "atomic") return undefined;
  // What an object is, is told anew by each request.
  if (path === "" && (key === "kind" || key === "apiVersion")) return undefined;
  const value = getOwn(before.value, key);
  return value === undefined ? undefined : { value };
}
