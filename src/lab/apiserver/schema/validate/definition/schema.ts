/** The schema of a version: what the API server has of OpenAPI, and its own extensions. */
import { isObject } from "../../node.ts";
import { MAX_DEPTH } from "../../depth.ts";
import { View } from "../view.ts";
import { validateDefaults } from "./defaults.ts";
import { validateLists } from "./lists.ts";
import { isReadable, validateStructural } from "./structural.ts";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];
/** Deeper schemas than anybody writes. */
const SCHEMA_MAX_DEPTH = Math.min(MAX_DEPTH, 100);
const META = new Set(["metadata", "kind", "apiVersion"]);
const UNIQUE = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
/** Of a root whose status is a subresource: it is looked at by itself. */
const WITH_STATUS = new Set([
  "description",
  "type",
  "format",
  "title",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "multipleOf",
  "required",
  "items",
  "properties",
  "externalDocs",
  "example",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
]);

export function validateSchema(schema: View, hasStatus: boolean): void {
  if (!isObject(schema.value)) return;
  if (isTooDeep(schema)) return;
  if (hasStatus) checkRoot(schema);
  if (schema.at("nullable").value === true) {
    schema.at("nullable").forbidden("nullable cannot be true at the root");
  }
  if (isReadable(schema.value)) {
    const before = schema.causes.length;
    validateStructural(schema);
    if (schema.causes.length === before) validateDefaults(schema);
  }
  checkSchema(schema, { isRoot: true, noDefaults: undefined });
}

function isTooDeep(schema: View): boolean {
  const depth = (value: unknown, at: number): number => {
    if (typeof value !== "object" || value === null) return at;
    return Math.max(at, ...Object.values(value).map((each) => depth(each, at + 1)));
  };
  // Each level of a schema is two of its JSON: the keyword, and the name of the field.
  if (depth(schema.value, 0) <= SCHEMA_MAX_DEPTH * 2) return false;
  schema.forbidden(
    `schemas nested deeper than ${SCHEMA_MAX_DEPTH} levels are not supported by the lab's API server`,
  );
  return true;
}

function checkRoot(schema: View): void {
  const type = schema.at("type");
  for (const [key] of schema.entries()) {
    if (key === "type" && type.text !== "object") {
      const where = new View(type.value, type.path, schema.causes);
      return where.invalid(
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      );
    }
    if (!WITH_STATUS.has(key)) {
      return schema
        .at(key)
        .forbidden("is not allowed at the root of the schema if the status subresource is enabled");
    }
  }
}

interface Surroundings {
  readonly isRoot: boolean;
  /** Why there may be no defaults here. */
  readonly noDefaults: string | undefined;
}

function checkSchema(schema: View, surroundings: Surroundings): void {
  checkKeywords(schema, surroundings);
  const inner = { isRoot: false, noDefaults: surroundings.noDefaults };
  const [properties, more] = [schema.at("properties"), schema.at("additionalProperties")];
  if (more.isThere && more.value !== true && properties.entries().length > 0) {
    more.forbidden("additionalProperties and properties are mutual exclusive");
  }
  if (isObject(more.value)) checkSchema(more, inner);
  for (const [key] of properties.entries()) {
    const isMeta = surroundings.isRoot && META.has(key);
    checkSchema(properties.key(key), {
      ...inner,
      ...(isMeta ? { noDefaults: `in top-level ${key}` } : {}),
    });
  }
  if (schema.at("not").isThere) checkSchema(schema.at("not"), inner);
  for (const key of ["allOf", "oneOf", "anyOf"]) {
    for (const form of schema.at(key).items()) checkSchema(form, inner);
  }
  if (isObject(schema.at("items").value)) checkSchema(schema.at("items"), inner);
  if (schema.at("x-kubernetes-preserve-unknown-fields").value === false) {
    schema.at("x-kubernetes-preserve-unknown-fields").invalid("must be true or undefined");
  }
  validateLists(schema);
  validateRules(schema.at("x-kubernetes-validations"));
}

function checkKeywords(schema: View, { noDefaults }: Surroundings): void {
  const type = schema.at("type");
  if (type.text === "null") {
    type.unsupported(TYPES);
  } else if (type.text !== "" && !TYPES.includes(type.text)) {
    type.unsupported(TYPES);
  }
  if (schema.at("default").isThere && noDefaults !== undefined) {
    schema.at("default").forbidden(`must not be set ${noDefaults}`);
  }
  for (const key of ["id", "additionalItems", "patternProperties", "definitions"]) {
    if (schema.at(key).isThere) schema.at(key).forbidden(`${key} is not supported`);
  }
  for (const key of ["dependencies", "$ref"]) {
    if (schema.at(key).isThere) schema.at(key).forbidden(`${key} is not supported`);
  }
  if (type.text === "null") {
    type.forbidden("type cannot be set to null, use nullable as an alternative");
  }
  if (Array.isArray(schema.at("items").value)) {
    schema.at("items").forbidden("items must be a schema object and not an array");
  }
  if (schema.at("uniqueItems").value === true) schema.at("uniqueItems").forbidden(UNIQUE);
}

/** Rules in CEL: their form. They are not evaluated, which the client is told (cel.ts). */
function validateRules(rules: View): void {
  for (const rule of rules.items()) {
    if (rule.at("rule").text.trim() === "") rule.at("rule").required("rule is not specified");
  }
}
