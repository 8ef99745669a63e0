/** What clients send, as values: JSON, YAML, protobuf. */
import type { IncomingMessage } from "node:http";
import { DecodeError } from "#base";
import { jsonSyntaxError } from "../schema/json-syntax.ts";
import { badRequest } from "../schema/status-error.ts";
import { parseMediaType } from "./accept.ts";
import { unsupportedMediaType } from "./errors.ts";
import { readBody } from "./http.ts";
import { asRecord, asText } from "./json.ts";
import { duplicateFields } from "./json-duplicates.ts";
import { decodeProtobuf, PROTOBUF_TYPE } from "./protobuf/decode.ts";
import { parseYaml, YAML_TYPE } from "./yaml.ts";

const OBJECT_TYPES = ["application/json", YAML_TYPE, PROTOBUF_TYPE];
/** How much of a body that cannot be read its sender is shown. */
const SHOWN_MAX = 30;
/** What the reference reads first of an object, in the words of its reader. */
const TYPE_META =
  String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; ` +
  String.raw`Kind string "json:\"kind,omitempty\"" }`;

interface Body {
  readonly value: unknown;
  /** Fields that are there twice, as paths. */
  readonly duplicates: readonly string[];
}

/** Of a request that has to have one; `kind` is what it should be. */
export async function readObject(request: IncomingMessage, kind: string): Promise<Body> {
  const type = contentType(request);
  const bytes = await readBody(request);
  if (type === PROTOBUF_TYPE) return { value: parseProtobuf(bytes), duplicates: [] };
  if (type === YAML_TYPE) return { value: parseYaml(bytes.toString()), duplicates: [] };
  if (type === "application/json" || type === "*/*") return parseObject(bytes, kind);
  throw unsupportedMediaType(OBJECT_TYPES);
}

/** Of a request that may have one. */
export async function readOptionalObject(
  request: IncomingMessage,
  kind: string,
): Promise<Body | undefined> {
  const isEmpty =
    request.headers["transfer-encoding"] === undefined &&
    Number(request.headers["content-length"] ?? 0) === 0;
  if (!isEmpty) return readObject(request, kind);
  await readBody(request);
  return undefined;
}

/** A media type with parameters, or none, is that of the type. */
export function contentType(request: IncomingMessage): string {
  return parseMediaType(request.headers["content-type"] ?? "application/json").type;
}

function parseObject(bytes: Buffer, kind: string): Body {
  const text = bytes.toString();
  const value = parsed(text);
  if (value === undefined) {
    const why = jsonSyntaxError(text) ?? "unexpected end of JSON input";
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${why}`, bytes);
  }
  if (value === null) return { value: {}, duplicates: [] };
  const object = asRecord(value);
  if (object === undefined) {
    const what = `json: cannot unmarshal ${goKind(value)} into Go value of type ${TYPE_META}`;
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${what}`, bytes);
  }
  const version = asText(object["apiVersion"]);
  if (version.split("/").length > 2) {
    throw unrecognized(kind, `unexpected GroupVersion string: ${version}`, bytes);
  }
  return { value, duplicates: duplicateFields(text) };
}

/** Undefined of what is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a patch, whose kinds tell in two ways what is wrong with them. */
export function parseJson(bytes: Buffer, prefix: string): unknown {
  const text = bytes.toString();
  const value = parsed(text);
  if (value !== undefined) return value;
  throw badRequest(`${prefix}${jsonSyntaxError(text) ?? "unexpected end of JSON input"}`);
}

/** What Go calls a value of JSON. */
export function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function unrecognized(kind: string, why: string, bytes: Buffer): Error {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${why} (${shown(bytes)})`,
  );
}

/** What may be text is shown as that. */
function shown(bytes: Buffer): string {
  if (bytes.length === 0) return "<empty>";
  const start = bytes.subarray(0, SHOWN_MAX);
  const text = bytes[0] === 0x7b ? start.toString() : start.toString("hex");
  return bytes.length > SHOWN_MAX ? `${text} ...` : text;
}

function parseProtobuf(bytes: Buffer): unknown {
  try {
    return decodeProtobuf(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`the object provided: ${error.message}`);
    throw error;
  }
}
