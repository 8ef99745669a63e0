/** What API servers answer, from bytes. Nothing here trusts them to be what they should. */
import { DecodeError } from "#base";

import { KubeError, type KubeStatus } from "./error.ts";
import type { AnyObject, KubeObject } from "./object.ts";
import type { ObjectList, WatchEvent } from "./requests.ts";
import { apiVersionOf, type Resource } from "./resource.ts";

/** An event of a watch is a line with one object, and no server takes larger ones. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const LINE_END = 0x0a;
/** What is shown of an answer that is no Status. */
const MAX_SHOWN_CHARACTERS = 200;

type JsonObject = Record<string, unknown>;

/** JSON, or a DecodeError. */
export function decodeJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(),
    ) as unknown;
  } catch (error) {
    throw new DecodeError("the API server's answer is no JSON", 0, { cause: error });
  }
}

/** An object with metadata, as answers to all requests for one object are. */
export function decodeObject(bytes: Uint8Array): KubeObject {
  return asObject(decodeJson(bytes));
}

export function decodeList<T extends AnyObject>(
  bytes: Uint8Array,
  resource: Resource,
): ObjectList<T> {
  const answer = asJsonObject(decodeJson(bytes));
  const metadata = isJsonObject(answer["metadata"]) ? answer["metadata"] : {};
  const items = answer["items"] ?? [];
  if (!Array.isArray(items)) throw new DecodeError("a list's items are no array", 0);
  const type = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  const token = textOf(metadata["continue"]);
  return {
    // Typed objects in lists come without their type.
    items: items.map((item) => ({ ...type, ...asObject(item) }) as unknown as T),
    resourceVersion: textOf(metadata["resourceVersion"]) ?? "",
    continue: token === "" ? undefined : token,
  };
}

/** The failure that an answer with a status of 400 or more tells of. */
export function decodeError(status: number, bytes: Uint8Array): KubeError {
  let answer: unknown;
  try {
    answer = decodeJson(bytes);
  } catch {
    // Proxies, and servers that have not come far, answer with text.
    const text = Buffer.from(bytes).toString().trim().slice(0, MAX_SHOWN_CHARACTERS);
    return new KubeError(status, text === "" ? {} : { message: text });
  }
  return new KubeError(status, statusOf(answer));
}

/** One line of a watch. An ERROR event is thrown as the KubeError that it is. */
export function decodeWatchEvent<T extends AnyObject>(line: Uint8Array): WatchEvent<T> {
  const event = asJsonObject(decodeJson(line));
  const type = event["type"];
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: asObject(event["object"]) as unknown as T };
    case "BOOKMARK": {
      const { resourceVersion } = asObject(event["object"]).metadata;
      if (typeof resourceVersion === "string") return { type, resourceVersion };
      throw new DecodeError("a bookmark without a resourceVersion", 0);
    }
    case "ERROR": {
      const status = statusOf(event["object"]);
      throw new KubeError(status.code ?? 0, status);
    }
    default:
      throw new DecodeError("an event of a watch is of no known type", 0);
  }
}

/** Cuts a stream into lines. */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** The lines that this chunk completes, without their ends, and without empty ones. */
  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      this.#add(chunk.subarray(start, end));
      if (this.#length > 0) lines.push(this.#take());
      start = end + 1;
    }
    this.#add(chunk.subarray(start));
    return lines;
  }

  #add(part: Uint8Array): void {
    this.#length += part.length;
    if (this.#length > MAX_LINE_BYTES) {
      throw new DecodeError(`a line of more than ${MAX_LINE_BYTES} bytes`, 0);
    }
    if (part.length > 0) this.#parts.push(part);
  }

  #take(): Uint8Array {
    const [only] = this.#parts;
    const line = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#length = 0;
    return line;
  }
}

function statusOf(value: unknown): KubeStatus {
  if (!isJsonObject(value)) return {};
  const { code, reason, message, details } = value;
  return {
    ...(typeof code === "number" ? { code } : {}),
    ...(typeof reason === "string" && reason !== "" ? { reason } : {}),
    ...(typeof message === "string" && message !== "" ? { message } : {}),
    ...(isJsonObject(details) ? { details } : {}),
  };
}

function asObject(value: unknown): KubeObject {
  const object = asJsonObject(value);
  // A Status has none worth speaking of, and is an answer all the same.
  if (object["metadata"] === undefined) return { ...object, metadata: {} };
  asJsonObject(object["metadata"]);
  return object as unknown as KubeObject;
}

function asJsonObject(value: unknown): JsonObject {
  if (isJsonObject(value)) return value;
  throw new DecodeError("the API server's answer is no object", 0);
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
