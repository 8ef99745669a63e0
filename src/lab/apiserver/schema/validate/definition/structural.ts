/**
 * Structural schemas: each value has a type, said once and outside of anyOf, oneOf, allOf and not,
 * which may only narrow what is there already.
 */
import { isObject, sameJson } from "../../node.ts";
import type { Cause, Json } from "../../types.ts";
import { compilePattern } from "../custom/patterns.ts";
import { View } from "../view.ts";

type Level = "root" | "item" | "field";

const TYPE_MISSING: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};
const INT_OR_STRING: Json = [{ type: "integer" }, { type: "string" }];
const FORMS = ["anyOf", "allOf", "oneOf"] as const;
const UNSUPPORTED = [
  "id",
  "$schema",
  "$ref",
  "patternProperties",
  "dependencies",
  "additionalItems",
  "definitions",
] as const;

/** What is unsupported is told of by others, and nothing more is said of such a schema. */
export function isReadable(schema: Json | undefined): boolean {
  let open: Json[] = [schema ?? null];
  while (open.length > 0) {
    const next: Json[] = [];
    for (const each of open) {
      if (!isObject(each)) continue;
      if (UNSUPPORTED.some((key) => each[key] !== undefined) || Array.isArray(each["items"])) {
        return false;
      }
      next.push(...innerSchemas(each));
    }
    open = next;
  }
  return true;
}

function innerSchemas(schema: Readonly<Record<string, Json>>): Json[] {
  const { properties, items, additionalProperties, not } = schema;
  const forms = FORMS.flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []));
  const fields = isObject(properties) ? Object.values(properties) : [];
  return [...fields, ...forms, items ?? null, additionalProperties ?? null, not ?? null];
}

/** Sorted by their words, as the API server has them. */
export function validateStructural(schema: View): void {
  const causes: Cause[] = [];
  const root = new View(schema.value, schema.path, causes);
  checkStructure(root, "root");
  checkFormsComplete(root, root);
  const worded = causes.map((cause) => ({ cause, words: `${cause.field}: ${cause.message}` }));
  worded.sort((one, two) => (one.words < two.words ? -1 : 1));
  schema.causes.push(...worded.map(({ cause }) => cause));
}

function checkStructure(schema: View, level: Level): void {
  const [items, type] = [schema.at("items"), schema.at("type").text];
  if (type === "array" && !items.isThere) items.required("must be specified");
  if (isObject(items.value)) checkStructure(items, "item");
  const properties = schema.at("properties");
  for (const [key] of properties.entries()) checkStructure(properties.key(key), "field");
  const more = schema.at("additionalProperties");
  if (more.isThere && level === "root") more.forbidden("must not be used at the root");
  if (isObject(more.value)) checkStructure(more, "field");
  checkExtensions(schema);
  checkPattern(schema);
  checkForms(schema);
  checkType(schema, level);
  checkMetadata(schema, level);
}

const isSet = (schema: View, key: string): boolean => schema.at(key).value === true;

function checkExtensions(schema: View): void {
  if (!isSet(schema, "x-kubernetes-int-or-string")) return;
  for (const key of ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"]) {
    if (!isSet(schema, key)) continue;
    schema.at(key).invalid("must be false if x-kubernetes-int-or-string is true");
  }
}

function checkType(schema: View, level: Level): void {
  const type = schema.at("type");
  const embedded = "x-kubernetes-embedded-resource";
  const isLoose =
    isSet(schema, "x-kubernetes-int-or-string") ||
    isSet(schema, "x-kubernetes-preserve-unknown-fields");
  if (isSet(schema, embedded) && type.text !== "object") {
    const words = `must be object if ${embedded} is true`;
    if (type.text === "") type.required(words);
    else type.invalid(words);
  } else if (type.text === "" && !isLoose) {
    type.required(TYPE_MISSING[level]);
  }
  if (isSet(schema, embedded) && schema.at("additionalProperties").isThere) {
    schema.at("additionalProperties").forbidden(`must not be used if ${embedded} is set`);
  }
  if (level === "root" && type.text !== "" && type.text !== "object") {
    type.invalid("must be object at the root");
  }
}

/** Of the metadata of whole objects, names alone may be restricted. */
function checkMetadata(schema: View, level: Level): void {
  const properties = schema.at("properties");
  const embedded = isSet(schema, "x-kubernetes-embedded-resource");
  const isChecked = level === "root" || embedded;
  for (const key of isChecked ? ["kind", "apiVersion"] : []) {
    const type = properties.key(key).at("type");
    if (properties.key(key).isThere && type.text !== "string") type.invalid("must be string");
  }
  const metadata = properties.key("metadata");
  if (isObject(metadata.value)) {
    const type = metadata.at("type");
    if (isChecked && type.text !== "object") type.invalid("must be object");
    if (level === "root" && !restrictsNamesOnly(metadata)) {
      metadata.forbidden(
        "must not specify anything other than name and generateName, but metadata is implicitly specified",
      );
    }
  }
  if (!embedded || isSet(schema, "x-kubernetes-preserve-unknown-fields")) return;
  if (properties.entries().length > 0) return;
  properties.required(
    "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
  );
}

function restrictsNamesOnly(metadata: View): boolean {
  const restricted = metadata.at("properties").entries();
  const names = restricted.every(([key]) => key === "name" || key === "generateName");
  const others = metadata
    .entries()
    .filter(([key]) => key !== "type" && key !== "properties" && key !== "default");
  return names && others.length === 0;
}

function checkPattern(schema: View): void {
  const pattern = schema.at("pattern");
  if (pattern.text === "") return;
  const problem = compilePattern(pattern.text);
  if (typeof problem !== "string") return;
  pattern.invalid(`must be a valid regular expression, but isn't: ${problem}`);
}

function checkForms(schema: View, isFirstSkipped = false): void {
  const [any, all] = [schema.at("anyOf"), schema.at("allOf")];
  if (!isFirstSkipped && !sameJson(any.value, INT_OR_STRING)) {
    for (const form of any.items()) checkForm(form);
  }
  for (const [index, form] of all.items().entries()) {
    checkForm(form, index === 0 && sameJson(form.at("anyOf").value, INT_OR_STRING));
  }
  for (const form of schema.at("oneOf").items()) checkForm(form);
  if (schema.at("not").isThere) checkForm(schema.at("not"));
}

const FORBIDDEN_IN_FORMS: readonly [string, (value: Json) => boolean, string][] = [
  ["type", (value) => value !== "", "must be empty"],
  ["additionalProperties", () => true, "must be undefined"],
  ["default", () => true, "must be undefined"],
  ["title", (value) => value !== "", "must be empty"],
  ["description", (value) => value !== "", "must be empty"],
  ["nullable", (value) => value === true, "must be false"],
  ["x-kubernetes-preserve-unknown-fields", (value) => value === true, "must be false"],
  ["x-kubernetes-embedded-resource", (value) => value === true, "must be false"],
  ["x-kubernetes-int-or-string", (value) => value === true, "must be false"],
  ["x-kubernetes-list-map-keys", () => true, "must be empty"],
  ["x-kubernetes-list-type", () => true, "must be undefined"],
  ["x-kubernetes-map-type", () => true, "must be undefined"],
  ["x-kubernetes-validations", () => true, "must be empty"],
];

function checkForm(form: View, isIntOrString = false): void {
  checkPattern(form);
  checkForms(form, isIntOrString);
  if (isObject(form.at("items").value)) checkForm(form.at("items"));
  const properties = form.at("properties");
  for (const [key] of properties.entries()) checkForm(properties.key(key));
  for (const [key, isWrong, words] of FORBIDDEN_IN_FORMS) {
    const { value } = form.at(key);
    if (value === undefined || !isWrong(value)) continue;
    form.at(key).forbidden(`${words} to be structural`);
  }
  if (properties.key("metadata").isThere) {
    properties.key("metadata").forbidden("must not be specified in a nested context");
  }
}

/** Forms of the root speak of no value that the schema itself does not have. */
function checkFormsComplete(form: View, schema: View): void {
  for (const key of ["not", ...FORMS]) {
    const inner = key === "not" ? [form.at(key)] : form.at(key).items();
    for (const each of inner) if (isObject(each.value)) checkComplete(each, schema);
  }
}

function checkComplete(form: View, schema: View): void {
  if (!schema.isThere) return schema.required(`because it is defined in ${form.path}`);
  checkFormsComplete(form, schema);
  if (isObject(form.at("items").value)) checkComplete(form.at("items"), schema.at("items"));
  for (const [key] of form.at("properties").entries()) {
    checkComplete(form.at("properties").key(key), schema.at("properties").key(key));
  }
}
