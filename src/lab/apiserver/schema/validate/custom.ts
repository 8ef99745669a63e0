import { RE2JS } from "re2js";
import { Cidr, IpAddress } from "#base";
import { isObject, sameJson, type SchemaNode } from "../node.ts";
import type { Json, JsonObject } from "../types.ts";
import { View } from "./view.ts";

const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
/** Patterns kept compiled; definitions hold few. */
const PATTERNS_MAX = 10_000;
const patterns = new Map<string, RE2JS | undefined>();

/** Checks a value of a custom kind against its structural schema. */
export function validateCustom(node: SchemaNode, value: View): void {
  for (const [key, field] of node.fields) {
    if (node.isEmbedded && (key === "apiVersion" || key === "kind" || key === "metadata")) continue;
    const at = value.at(key);
    if (at.value !== undefined) validateAgainst(field.node.rules, at);
  }
  validateObjectRules(node.rules ?? {}, value, true);
  validateCombined(node.rules ?? {}, value);
}

function validateAgainst(schema: JsonObject | undefined, value: View): void {
  if (schema === undefined) return;
  if (value.value === null) {
    if (schema["nullable"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true)
      return;
    if (typeof schema["type"] !== "string") return;
    return value.wrongType(typeWords(value.path, schema["type"], "null"), "null");
  }
  if (!validateType(schema, value)) return;
  validateEnum(schema, value);
  validateScalar(schema, value);
  validateList(schema, value);
  validateObjectRules(schema, value, false);
  validateCombined(schema, value);
}

function typeWords(path: string, expected: string, found: string): string {
  return `${path} in body must be of type ${expected}: ${JSON.stringify(found)}`;
}

function typeOf(value: Json | undefined): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function validateType(schema: JsonObject, view: View): boolean {
  const found = typeOf(view.value);
  if (schema["x-kubernetes-int-or-string"] === true) {
    if (found === "integer" || found === "string") return true;
    view.wrongType(typeWords(view.path, "integer,string", found), found);
    return false;
  }
  const expected = schema["type"];
  if (typeof expected !== "string" || expected === found) return true;
  if (expected === "number" && found === "integer") return true;
  view.wrongType(typeWords(view.path, expected, found), found);
  return false;
}

function validateEnum(schema: JsonObject, view: View): void {
  const words = schema["enum"];
  if (!Array.isArray(words) || words.some((each) => sameJson(each, view.value))) return;
  view.unsupported(words.map((each) => (typeof each === "string" ? each : JSON.stringify(each))));
}

function validateScalar(schema: JsonObject, view: View): void {
  if (typeof view.value === "number") validateNumber(schema, view, view.value);
  if (typeof view.value === "string") validateText(schema, view, view.value);
}

function validateNumber(schema: JsonObject, view: View, value: number): void {
  const { minimum, maximum, multipleOf } = schema;
  const where = `${view.path} in body`;
  if (typeof minimum === "number") {
    if (schema["exclusiveMinimum"] === true ? value <= minimum : value < minimum) {
      const than =
        schema["exclusiveMinimum"] === true ? "greater than" : "greater than or equal to";
      view.invalid(`${where} should be ${than} ${minimum}`);
    }
  }
  if (typeof maximum === "number") {
    if (schema["exclusiveMaximum"] === true ? value >= maximum : value > maximum) {
      const than = schema["exclusiveMaximum"] === true ? "less than" : "less than or equal to";
      view.invalid(`${where} should be ${than} ${maximum}`);
    }
  }
  if (typeof multipleOf === "number" && multipleOf > 0) {
    const times = value / multipleOf;
    if (!Number.isInteger(times)) view.invalid(`${where} should be a multiple of ${multipleOf}`);
  }
}

function validateText(schema: JsonObject, view: View, value: string): void {
  const { minLength, maxLength, pattern, format } = schema;
  const where = `${view.path} in body`;
  // Lengths are in code points, as Go counts runes.
  const length = codePoints(value);
  if (typeof minLength === "number" && length < minLength) {
    view.invalid(`${where} should be at least ${minLength} chars long`);
  }
  if (typeof maxLength === "number" && length > maxLength) {
    view.tooLong(maxLength);
  }
  if (typeof pattern === "string" && !matches(pattern, value)) {
    view.invalid(`${where} should match '${pattern}'`);
  }
  if (typeof format === "string" && !hasFormat(format, value)) {
    view.invalid(`${where} must be of type ${format}: ${JSON.stringify(value)}`);
  }
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** In time linear in the value; a pattern that cannot be read refuses nothing. */
function matches(pattern: string, value: string): boolean {
  if (!patterns.has(pattern)) {
    if (patterns.size >= PATTERNS_MAX) patterns.clear();
    patterns.set(pattern, compile(pattern));
  }
  return patterns.get(pattern)?.matcher(value).find() ?? true;
}

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}

/** Formats that the API server knows; others are words to people only. */
function hasFormat(format: string, value: string): boolean {
  switch (format) {
    case "date-time":
      return DATE_TIME.test(value) && !Number.isNaN(Date.parse(value.toUpperCase()));
    case "ipv4":
    case "ipv6":
      return parses(() => IpAddress.parse(value)) && value.includes(":") === (format === "ipv6");
    case "cidr":
      return value.includes("/") && parses(() => Cidr.parse(value));
    default:
      return true;
  }
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

function validateList(schema: JsonObject, view: View): void {
  if (!Array.isArray(view.value)) return;
  const items = view.items();
  const { minItems, maxItems } = schema;
  if (typeof maxItems === "number" && items.length > maxItems) view.tooMany(items.length, maxItems);
  if (typeof minItems === "number" && items.length < minItems) {
    view.invalid(`${view.path} in body should have at least ${minItems} items`, items.length);
  }
  if (isObject(schema["items"])) for (const each of items) validateAgainst(schema["items"], each);
  validateUniqueItems(schema, items);
}

function validateUniqueItems(schema: JsonObject, items: readonly View[]): void {
  const type = schema["x-kubernetes-list-type"];
  if (type !== "set" && type !== "map") return;
  const keys = schema["x-kubernetes-list-map-keys"];
  const names = Array.isArray(keys) ? keys.map(String) : [];
  const seen = new Set<string>();
  for (const item of items) {
    const { value } = item;
    const shown =
      type === "map" && isObject(value)
        ? Object.fromEntries(names.map((name) => [name, value[name] ?? null]))
        : (value ?? null);
    const key = JSON.stringify(shown);
    if (seen.has(key)) item.duplicate(shown);
    seen.add(key);
  }
}

function validateObjectRules(schema: JsonObject, view: View, isRoot: boolean): void {
  if (!isObject(view.value)) return;
  const entries = view.entries();
  const { minProperties, maxProperties, required, properties, additionalProperties } = schema;
  if (typeof maxProperties === "number" && entries.length > maxProperties) {
    view.tooMany(entries.length, maxProperties);
  }
  if (typeof minProperties === "number" && entries.length < minProperties) {
    const words = `${view.path} in body should have at least ${minProperties} properties`;
    view.invalid(words, entries.length);
  }
  for (const key of Array.isArray(required) ? required : []) {
    if (typeof key === "string" && view.at(key).value === undefined) view.at(key).required();
  }
  if (isRoot) return;
  const known = isObject(properties) ? properties : {};
  for (const [key] of entries) {
    const inner = Object.hasOwn(known, key) ? known[key] : additionalProperties;
    if (isObject(inner)) validateAgainst(inner, view.at(key));
  }
}

/** oneOf, anyOf, allOf and not: they say which forms a value may take. */
function validateCombined(schema: JsonObject, view: View): void {
  const isIntOrString = schema["x-kubernetes-int-or-string"] === true;
  const forms = (key: string): JsonObject[] => {
    const list = schema[key];
    return Array.isArray(list) ? list.filter(isObject) : [];
  };
  for (const each of forms("allOf")) validateForm(each, view);
  const [any, one] = [forms("anyOf"), isIntOrString ? [] : forms("oneOf")];
  if (any.length > 0 && !any.some((each) => fits(each, view))) {
    const words = `${quoted(view)} must validate at least one schema (anyOf)`;
    view.invalid(words, "");
  }
  if (one.length > 0) {
    const count = one.filter((each) => fits(each, view)).length;
    if (count !== 1) {
      const found = count === 0 ? "Found none valid" : `Found ${count} valid alternatives`;
      view.invalid(`${quoted(view)} must validate one and only one schema (oneOf). ${found}`, "");
    }
  }
  if (isObject(schema["not"]) && fits(schema["not"], view)) {
    view.invalid(`${quoted(view)} must not validate the schema (not)`, "");
  }
}

const quoted = ({ path }: View): string => JSON.stringify(path);

/** A form may name types and values only of what is there. */
function validateForm(schema: JsonObject, view: View): void {
  if (view.value === null || view.value === undefined) return;
  validateAgainst(schema, view);
}

function fits(schema: JsonObject, view: View): boolean {
  const probe = new View(view.value, view.path, []);
  validateForm(schema, probe);
  return probe.causes.length === 0;
}
