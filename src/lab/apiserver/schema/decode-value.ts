import { unreachable } from "#base";
import { formatQuantity, parseQuantity } from "#kube/types";
import { copyJson, type Field, isObject, type SchemaNode, setOwn } from "./node.ts";
import { base64Error, isInteger, readTime } from "./scalars.ts";
import { badRequest } from "./status-error.ts";
import type { Json, JsonObject } from "./types.ts";

/** Answers list at most so many fields, as the API server's do. */
const MAX_UNKNOWN = 100;

/** Where a value is, both as people write paths and as Go's decoder tells them. */
interface Place {
  /** `spec.containers[0].name` */
  readonly path: string;
  /** `PodSpec.spec.containers.name`: the schema that has the field, then the path without indexes. */
  readonly owner: string;
  readonly keys: string;
}

export const ROOT: Place = { path: "", owner: "", keys: "" };

/**
 * Reads values as Go reads them into its types: unknown fields are dropped and remembered, null is
 * nothing, what is empty is left out, and a value of a wrong type ends it with 400.
 */
export class ValueDecoder {
  readonly unknown: string[] = [];

  decode(node: SchemaNode, value: Json, place: Place): Json {
    if (node.type === "any") return copyJson(value);
    if (node.type === "object" && isObject(value)) return this.#object(node, value, place);
    if (node.type === "map" && isObject(value)) return this.#map(node, value, place);
    if (node.type === "list" && Array.isArray(value)) return this.#list(node, value, place);
    return scalar(node, value, place);
  }

  #object(node: SchemaNode, value: JsonObject, place: Place): JsonObject {
    const result: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const field = node.fields.get(key);
      const path = place.path === "" ? key : `${place.path}.${key}`;
      if (field === undefined) {
        if (node.keepsUnknown) setOwn(result, key, copyJson(each));
        else if (this.unknown.length < MAX_UNKNOWN) this.unknown.push(path);
        continue;
      }
      if (each === null) continue;
      const keys = place.keys === "" ? key : `${place.keys}.${key}`;
      const inner = this.decode(field.node, each, { path, owner: goStruct(node), keys });
      if (!isOmitted(field, inner)) setOwn(result, key, inner);
    }
    return result;
  }

  #map(node: SchemaNode, value: JsonObject, place: Place): JsonObject {
    const result: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const path = `${place.path}.${key}`;
      setOwn(result, key, this.#item(node.items, each, { ...place, path }));
    }
    return result;
  }

  #list(node: SchemaNode, value: Json[], place: Place): Json[] {
    return value.map((each, index) => {
      return this.#item(node.items, each, { ...place, path: `${place.path}[${index}]` });
    });
  }

  #item(items: Field | undefined, value: Json, place: Place): Json {
    if (items === undefined) return copyJson(value);
    return value === null ? zero(items.node) : this.decode(items.node, value, place);
  }
}

/** What Go makes of null where a value must be. */
function zero({ type }: SchemaNode): Json {
  if (type === "object" || type === "map") return {};
  if (type === "list") return [];
  if (type === "boolean") return false;
  if (type === "quantity") return "0";
  if (type === "string" || type === "bytes") return "";
  return type === "time" || type === "any" ? null : 0;
}

/** In the types in Go, lists, maps and scalars that are no pointers are left out where empty. */
function isOmitted({ node, isRequired, isOmittedWhenZero }: Field, value: Json): boolean {
  if (isOmittedWhenZero) return value === "" || value === 0 || value === false || isEmpty(value);
  if (isRequired) return false;
  return (node.type === "list" || node.type === "map") && isEmpty(value);
}

function isEmpty(value: Json): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function scalar(node: SchemaNode, value: Json, place: Place): Json {
  const { type, format } = node;
  if (typeof value === "string") return fromText(node, value, place);
  if (type === "boolean" && typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (type === "number") return value;
    if (type === "integer" && isInteger(value, format)) return value;
    if (type === "int-or-string" && isInteger(value, "int32")) return value;
    if (type === "quantity") return quantity(String(value));
  }
  // Whatever it is, it is read as a text.
  if (type === "quantity") return quantity(JSON.stringify(value));
  return mismatch(type === "int-or-string" ? INT32 : node, value, place);
}

const INT32: SchemaNode = { type: "integer", format: "int32", fields: new Map() };

function fromText(node: SchemaNode, value: string, place: Place): Json {
  const { type } = node;
  if (type === "string" || type === "int-or-string") return value;
  if (type === "quantity") return quantity(value);
  if (type === "time") return time(value, node.format);
  if (type !== "bytes") return mismatch(node, value, place);
  const why = base64Error(value);
  if (why === undefined) return value;
  throw badRequest(why);
}

function quantity(text: string): string {
  const parsed = parseQuantity(text.trim());
  if (typeof parsed === "string") throw badRequest(parsed);
  return formatQuantity(parsed);
}

function time(text: string, format: string | undefined): string {
  const read = readTime(text, format);
  if ("problem" in read) throw badRequest(read.problem);
  return read.time;
}

/** `v1.PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
function goType(node: SchemaNode): string {
  const items = (): string => (node.items === undefined ? "interface {}" : goType(node.items.node));
  switch (node.type) {
    case "string":
    case "time":
    case "quantity":
      return "string";
    case "boolean":
      return "bool";
    case "integer":
      return node.format ?? "int64";
    case "number":
      return "float64";
    case "bytes":
      return "[]uint8";
    case "list":
      return `[]${items()}`;
    case "map":
      return `map[string]${items()}`;
    case "object":
      return (node.name ?? "struct").split(".").slice(-2).join(".");
    case "int-or-string":
    case "any":
      return "interface {}";
    default:
      return unreachable(node.type);
  }
}

function goStruct(node: SchemaNode): string {
  return node.name?.split(".").at(-1) ?? "";
}

function jsonType(node: SchemaNode, value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" && node.type === "integer") return `number ${value}`;
  return typeof value;
}

function mismatch(node: SchemaNode, value: Json, { owner, keys }: Place): never {
  const target = keys === "" ? "Go value" : `Go struct field ${owner}.${keys}`;
  const what = jsonType(node, value);
  throw badRequest(`json: cannot unmarshal ${what} into ${target} of type ${goType(node)}`);
}
