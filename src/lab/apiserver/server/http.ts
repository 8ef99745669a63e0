/** Bodies in and out. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { badRequest, type StatusError } from "../schema/status-error.ts";
import { prefersYaml } from "./accept.ts";
import { statusObject, tooLarge } from "./errors.ts";
import { YAML_TYPE, yamlOf } from "./yaml.ts";

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
    // An error is not cheap, and nearly every request is whole when it closes.
    request.on("close", () => {
      if (!request.complete) reject(badRequest("the client went away within the request"));
    });
  });
}

export interface Reply {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export function sendJson(reply: Reply, status: number, value: object, type?: string): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  if (type === undefined) sendObject(reply, status, [bytes]);
  else sendBytes(reply, status, [bytes], type);
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

/** An answer of JSON, in the form that its client wants most. */
export function sendObject(reply: Reply, status: number, parts: readonly Uint8Array[]): void {
  if (!prefersYaml(reply.request.headers.accept)) {
    sendBytes(reply, status, parts);
    return;
  }
  const text = yamlOf(JSON.parse(Buffer.concat(parts).toString()));
  sendBytes(reply, status, [Buffer.from(text)], YAML_TYPE);
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

/** Warnings that kubectl prints, after those that are there; printable ASCII, as headers are. */
export function addWarnings({ response }: Reply, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  const headers = warnings.map((warning) => {
    const text = warning.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/(["\\])/g, String.raw`\$1`);
    return `299 - "${text}"`;
  });
  for (const header of headers) response.appendHeader("warning", header);
}
