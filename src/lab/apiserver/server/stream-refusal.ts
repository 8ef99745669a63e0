/**
 * Says over the WebSocket itself why exec or attach does not come about, as a real API server does:
 * a client that is refused the WebSocket takes it for an old server, and tries SPDY.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { StatusError } from "../schema/status-error.ts";
import { statusObject } from "./errors.ts";

const PROTOCOLS = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
const ERROR_CHANNEL = 3;
/** Appended to a client's key before it is hashed: RFC 6455, 1.3. */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const FINAL_BINARY = 0x82;
/** A closing frame with the status 1000. */
const CLOSING_FRAME = Buffer.of(0x88, 2, 0x03, 0xe8);
/** Longer payloads have their length in two bytes more. */
const MAX_SHORT_LENGTH = 125;
const LENGTH_IN_TWO_BYTES = 126;
const MAX_MESSAGE_CHARACTERS = 8_192;

/** False where the request is none that could be told so. */
export function refuseStream(
  socket: Duplex,
  request: IncomingMessage,
  error: StatusError,
): boolean {
  const { pathname } = new URL(request.url ?? "/", "https://server");
  const key = request.headers["sec-websocket-key"];
  const offered = (request.headers["sec-websocket-protocol"] ?? "").split(",");
  const protocol = PROTOCOLS.find((name) => offered.some((text) => text.trim() === name));
  if (!/\/(?:exec|attach)$/.test(pathname) || key === undefined || protocol === undefined) {
    return false;
  }
  if (socket.destroyed) return true;
  const accept = createHash("sha1").update(`${key}${KEY_SUFFIX}`).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
  );
  const message = error.message.slice(0, MAX_MESSAGE_CHARACTERS);
  const told = new StatusError(500, "InternalError", message);
  const status = Buffer.from(JSON.stringify(statusObject(told)));
  socket.write(frameOf(Buffer.concat([Buffer.of(ERROR_CHANNEL), status])));
  socket.end(CLOSING_FRAME);
  return true;
}

function frameOf(payload: Buffer): Buffer {
  const { length } = payload;
  if (length <= MAX_SHORT_LENGTH) return Buffer.concat([Buffer.of(FINAL_BINARY, length), payload]);
  const head = Buffer.of(FINAL_BINARY, LENGTH_IN_TWO_BYTES, 0, 0);
  head.writeUInt16BE(length, 2);
  return Buffer.concat([head, payload]);
}
