/**
 * Objects that clients send as protobuf: Go's typed clients do, and so does kubectl where it
 * creates something. What they get is JSON all the same, which they take too.
 */
import { DecodeError } from "#base";
import { protobufData } from "../../data/protobuf-data.ts";
import type { Json, JsonObject } from "../../schema/types.ts";
import { asRecord, asText } from "../json.ts";
import { scalarOf } from "./scalars.ts";
import { wireFields, type WireValue } from "./wire.ts";

export const PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf";

/** What a body begins with: `k8s`, and a zero. */
const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0);
/** No kind is half as deep; a schema's schema is not, either. */
const MAX_DEPTH = 64;

const ENVELOPE_TYPE = 1;
const ENVELOPE_RAW = 2;
const DELETE_OPTIONS = "DeleteOptions";

interface Field {
  readonly name: string;
  /** Its fields belong to the message around it, as JSON has it. */
  readonly isInline: boolean;
  readonly container: "one" | "list" | "map";
  /** A letter, or `m:MESSAGE`. */
  readonly type: string;
  /** Left out of the JSON where it is "", 0, false or empty. */
  readonly isOmittedEmpty: boolean;
}

type Fields = ReadonlyMap<number, Field>;

const known = new Map<string, Fields>();

/** The object as JSON has it. Throws DecodeError. */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (!MAGIC.every((byte, index) => bytes[index] === byte)) {
    throw new DecodeError("the body does not begin as Kubernetes' protobuf does", 0);
  }
  let type: JsonObject = {};
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of wireFields(bytes.subarray(MAGIC.length))) {
    if (number === ENVELOPE_TYPE) type = typeMeta(bytesOf(value));
    else if (number === ENVELOPE_RAW) raw = bytesOf(value);
  }
  const apiVersion = asText(type["apiVersion"]);
  const kind = asText(type["kind"]);
  const message = messageOf(apiVersion, kind);
  return { apiVersion, kind, ...decodeMessage(message, raw, 0) };
}

function typeMeta(bytes: Uint8Array): JsonObject {
  const names = ["", "apiVersion", "kind"];
  const found: JsonObject = {};
  for (const { number, value } of wireFields(bytes)) {
    const name = names[number] ?? "";
    if (name !== "") found[name] = Buffer.from(bytesOf(value)).toString("utf8");
  }
  return found;
}

function messageOf(apiVersion: string, kind: string): string {
  const data = protobufData();
  if (kind === DELETE_OPTIONS) return data.deleteOptions;
  const kinds = Object.hasOwn(data.kinds, apiVersion) ? data.kinds[apiVersion] : undefined;
  const message = kinds !== undefined && Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (message !== undefined) return message;
  throw new DecodeError(
    `the kind ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)} is not known as protobuf ` +
      "by the lab's API server: send it as JSON",
    MAGIC.length,
  );
}

function fieldsOf(message: string): Fields {
  const made = known.get(message);
  if (made !== undefined) return made;
  const fields = new Map<number, Field>();
  for (const text of (protobufData().messages[message] ?? "").split(";")) {
    const [number = "", name = "", whole = ""] = text.split(" ");
    const isOmittedEmpty = whole.endsWith("-");
    const type = isOmittedEmpty ? whole.slice(0, -1) : whole;
    const container = type.startsWith("[]") ? "list" : type.startsWith("{}") ? "map" : "one";
    const plain = container === "one" ? type : type.slice(2);
    const isInline = name === "~";
    fields.set(Number(number), { name, isInline, container, type: plain, isOmittedEmpty });
  }
  known.set(message, fields);
  return fields;
}

function decodeMessage(message: string, bytes: Uint8Array, depth: number): JsonObject {
  if (depth > MAX_DEPTH) throw new DecodeError("the object is nested too deep", 0);
  const fields = fieldsOf(message);
  const object: JsonObject = {};
  for (const { number, value } of wireFields(bytes)) {
    const field = fields.get(number);
    if (field === undefined) continue;
    const decoded = decodeField(field, value, depth);
    if (field.isInline) Object.assign(object, asRecord(decoded) ?? {});
    else if (decoded !== undefined) put(object, field, decoded);
  }
  return object;
}

function put(object: JsonObject, field: Field, value: Json): void {
  const { name, container } = field;
  if (container === "list") {
    const list = object[name];
    if (Array.isArray(list)) list.push(value);
    else define(object, name, [value]);
  } else if (container === "map") {
    define(object, name, Object.assign(asRecord(object[name]) ?? {}, value));
  } else define(object, name, value);
}

/** Undefined where JSON would leave it out. */
function decodeField(field: Field, value: WireValue, depth: number): Json | undefined {
  if (field.container === "map") return decodeEntry(field, bytesOf(value), depth);
  const decoded = decodeValue(field.type, value, depth);
  if (field.container === "list") return decoded;
  return field.isOmittedEmpty && isEmpty(decoded) ? undefined : decoded;
}

function decodeEntry(field: Field, bytes: Uint8Array, depth: number): JsonObject {
  let key = "";
  let value: WireValue | undefined;
  for (const { number, value: part } of wireFields(bytes)) {
    if (number === 1) key = Buffer.from(bytesOf(part)).toString("utf8");
    else if (number === 2) value = part;
  }
  const entry: JsonObject = {};
  define(entry, key, decodeValue(field.type, value ?? new Uint8Array(), depth) ?? null);
  return entry;
}

/** Also a key `__proto__` is a key like others. */
function define(object: JsonObject, key: string, value: Json): void {
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function decodeValue(type: string, value: WireValue, depth: number): Json {
  if (type.startsWith("m:")) return decodeMessage(type.slice(2), bytesOf(value), depth + 1);
  switch (type) {
    case "B":
      return schemaOr(bytesOf(value), depth, "boolean");
    case "A":
      return schemaOr(bytesOf(value), depth, "list");
    case "S":
      return schemaOr(bytesOf(value), depth, "texts");
    default:
      return scalarOf(type, value);
  }
}

const SCHEMA = "apiextensions/v1.JSONSchemaProps";

/** The places of a schema that hold either a schema or something simpler. */
function schemaOr(bytes: Uint8Array, depth: number, or: "boolean" | "list" | "texts"): Json {
  const schema = (value: WireValue): JsonObject => decodeMessage(SCHEMA, bytesOf(value), depth + 1);
  const list: Json[] = [];
  let single: Json | undefined;
  let isAllowed = false;
  for (const { number, value } of wireFields(bytes)) {
    const isFirst = number === 1;
    if (or === "boolean") {
      if (isFirst) isAllowed = value === 1n;
      else single = schema(value);
    } else if (isFirst) single = schema(value);
    else if (or === "list") list.push(schema(value));
    else list.push(scalarOf("s", value));
  }
  if (single !== undefined) return single;
  return or === "boolean" ? isAllowed : list;
}

function isEmpty(value: Json): boolean {
  if (value === "" || value === 0 || value === false || value === null) return true;
  const record = asRecord(value);
  return record !== undefined && Object.keys(record).length === 0;
}

function bytesOf(value: WireValue): Uint8Array {
  if (typeof value !== "bigint") return value;
  throw new DecodeError("a field is a number, and should be text or a message", 0);
}
