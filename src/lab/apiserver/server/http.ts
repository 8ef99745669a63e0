/** Bodies in and out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { DecodeError } from "#base";
import { badRequest, type StatusError } from "../schema/status-error.ts";
import { parseMediaType } from "./accept.ts";
import { decodeProtobuf, PROTOBUF_TYPE } from "./protobuf/decode.ts";
import { statusObject, tooLarge, unsupportedMediaType } from "./errors.ts";

/** As a real API server's. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** From here on an answer is worth compressing, if the client takes it. */
const MIN_COMPRESSED_BYTES = 128 * 1024;
const COMPRESSION_LEVEL = 1;

/** Throws 413 for a body that is too large; what is left of it is then still to be taken away. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) {
      reject(tooLarge(MAX_BODY_BYTES));
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    request.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(tooLarge(MAX_BODY_BYTES));
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("close", () => reject(badRequest("the client went away within the request")));
  });
}

/** Of a request that has to have one. */
export async function readObject(request: IncomingMessage): Promise<unknown> {
  const body = await readOptionalObject(request);
  if (body === undefined) throw badRequest("the request has no body, and needs one");
  return body;
}

/** Of a request that may have one. */
export async function readOptionalObject(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  const type = contentType(request);
  if (type === PROTOBUF_TYPE) return parseProtobuf(bytes);
  if (type === "application/json" || type === "*/*") return parseJson(bytes);
  throw unsupportedMediaType(
    "the body of the request was in an unknown format - accepted media types include: " +
      `application/json, ${PROTOBUF_TYPE}; ${type} is not supported by the lab's API server`,
  );
}

function parseProtobuf(bytes: Buffer): unknown {
  try {
    return decodeProtobuf(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw badRequest(`the object provided: ${error.message}`);
    throw error;
  }
}

/** A media type with parameters, or none, is that of the type. */
export function contentType(request: IncomingMessage): string {
  return parseMediaType(request.headers["content-type"] ?? "application/json").type;
}

export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`the object provided is unrecognized (must be of type JSON): ${why}`);
  }
}

export interface Reply {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function sendJson(reply: Reply, status: number, value: object, type?: string): void {
  sendBytes(reply, status, [Buffer.from(`${JSON.stringify(value)}\n`)], type);
}

export function sendBytes(
  { request, response }: Reply,
  status: number,
  parts: readonly Uint8Array[],
  type = "application/json",
): void {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const encodings = request.headers["accept-encoding"];
  const takesGzip = typeof encodings === "string" && encodings.includes("gzip");
  const head = { "content-type": type, "cache-control": "no-cache, private" };
  if (length >= MIN_COMPRESSED_BYTES && takesGzip) {
    const bytes = gzipSync(Buffer.concat(parts), { level: COMPRESSION_LEVEL });
    response.writeHead(status, {
      ...head,
      "content-length": bytes.length,
      "content-encoding": "gzip",
      vary: "Accept-Encoding",
    });
    response.end(bytes);
    return;
  }
  response.writeHead(status, { ...head, "content-length": length });
  response.end(parts.length === 1 ? parts[0] : Buffer.concat(parts));
}

export function sendText({ response }: Reply, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}

export function sendStatus(reply: Reply, error: StatusError): void {
  const seconds = error.details?.retryAfterSeconds;
  if (seconds !== undefined) reply.response.setHeader("retry-after", seconds);
  sendJson(reply, error.status, statusObject(error));
}

/** A warning that kubectl prints; printable ASCII, as headers are. */
export function addWarnings({ response }: Reply, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const headers = warnings.map((warning) => {
    const text = warning.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/(["\\])/g, String.raw`\$1`);
    return `299 - "${text}"`;
  });
  response.setHeader("warning", headers);
}
