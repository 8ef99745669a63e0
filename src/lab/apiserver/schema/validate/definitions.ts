import { RE2JS } from "re2js";
import { MAX_DEPTH } from "../depth.ts";
import { isObject } from "../node.ts";
import { validateUnchanged } from "./metadata.ts";
import { View } from "./view.ts";
import { dns1035Label, dnsSubdomain } from "./words.ts";

const SCOPES = ["Cluster", "Namespaced"];
const SCHEMA_TYPES = ["array", "boolean", "integer", "number", "object", "string"];
/** Deeper schemas than anybody writes. */
const SCHEMA_MAX_DEPTH = Math.min(MAX_DEPTH, 100);

export function validateDefinition(object: View): void {
  const spec = object.at("spec");
  const [group, names] = [spec.at("group"), spec.at("names")];
  if (group.text === "") group.required();
  else if (!group.text.includes(".")) group.invalid("should be a domain with at least one dot");
  else group.invalids(dnsSubdomain(group.text));
  const scope = spec.at("scope");
  if (!SCOPES.includes(scope.text)) scope.oneOf(SCOPES);
  validateNames(names);
  const name = object.at("metadata", "name");
  const expected = `${names.at("plural").text}.${group.text}`;
  if (name.text !== expected) name.invalid('must be spec.names.plural+"."+spec.group');
  validateVersions(spec.at("versions"));
}

function validateNames(names: View): void {
  const plural = names.at("plural");
  if (plural.text === "") plural.required();
  else plural.invalids(dns1035Label(plural.text));
  const kind = names.at("kind");
  if (kind.text === "") kind.required();
  else kind.invalids(dns1035Label(kind.text.toLowerCase()).map(mayBeMixed));
  const list = names.at("listKind");
  if (list.text !== "" && list.text === kind.text)
    list.invalid("kind and listKind may not be the same");
  for (const short of names.at("shortNames").items()) short.invalids(dns1035Label(short.text));
}

const mayBeMixed = (words: string): string =>
  `may have mixed case, but should otherwise match: ${words}`;

function validateVersions(versions: View): void {
  if (versions.items().length === 0) {
    return versions.invalid("must have exactly one version marked as storage version");
  }
  const stored = versions.items().filter((each) => each.at("storage").value === true);
  if (stored.length !== 1) {
    versions.invalid("must have exactly one version marked as storage version");
  }
  View.unique(versions.items().map((each) => each.at("name")));
  for (const version of versions.items()) {
    version.at("name").invalids(dns1035Label(version.at("name").text));
    const schema = version.at("schema", "openAPIV3Schema");
    if (!schema.isThere) schema.required("schemas are required");
    else validateRoot(schema);
  }
}

function validateRoot(schema: View): void {
  const type = schema.at("type");
  if (type.text === "") type.required("must not be empty at the root");
  else if (type.text !== "object") type.invalid("must be object at the root");
  validateSchema(schema, 0);
}

/** Structural: each value has a type, and nothing is said of it outside of its place. */
function validateSchema(schema: View, depth: number): void {
  if (depth > SCHEMA_MAX_DEPTH) {
    return schema.forbidden(
      `schemas nested deeper than ${SCHEMA_MAX_DEPTH} levels are not supported by the lab's API server`,
    );
  }
  const type = schema.at("type");
  const isLoose =
    schema.at("x-kubernetes-int-or-string").value === true ||
    schema.at("x-kubernetes-preserve-unknown-fields").value === true;
  if (type.text === "") {
    if (!isLoose && depth > 0) type.required("must not be empty for specified object fields");
  } else if (!SCHEMA_TYPES.includes(type.text)) {
    type.unsupported(SCHEMA_TYPES);
  }
  if (schema.at("uniqueItems").value === true) {
    schema
      .at("uniqueItems")
      .forbidden(
        "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      );
  }
  if (schema.at("$ref").isThere) schema.at("$ref").forbidden("$ref is not supported");
  validatePattern(schema.at("pattern"));
  validateInner(schema, depth);
}

function validateInner(schema: View, depth: number): void {
  const more = schema.at("additionalProperties");
  if (more.isThere && schema.at("properties").entries().length > 0) {
    more.forbidden("additionalProperties and properties are mutual exclusive");
  }
  for (const [key] of schema.at("properties").entries()) {
    validateSchema(schema.at("properties").key(key), depth + 1);
  }
  if (isObject(more.value)) validateSchema(more, depth + 1);
  const items = schema.at("items");
  if (schema.at("type").text === "array") {
    if (!items.isThere) items.required("must be specified");
    else validateSchema(items, depth + 1);
  }
}

function validatePattern(pattern: View): void {
  if (pattern.text === "") return;
  try {
    RE2JS.compile(pattern.text);
  } catch {
    pattern.invalid(`must be a valid regular expression, but isn't: ${pattern.text}`);
  }
}

export function validateDefinitionChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  validateUnchanged(spec.at("group"), before.at("group"));
  const established = old
    .at("status", "conditions")
    .items()
    .some((each) => each.at("type").text === "Established" && each.at("status").text === "True");
  if (!established) return;
  validateUnchanged(spec.at("scope"), before.at("scope"));
  validateUnchanged(spec.at("names", "kind"), before.at("names", "kind"));
  validateUnchanged(spec.at("names", "plural"), before.at("names", "plural"));
}
