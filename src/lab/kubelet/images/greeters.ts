import type net from "node:net";
import type { SocketServer } from "./http.ts";
import type { StandInOptions } from "./stand-in.ts";

/** Of what a client may send before an answer. */
const MAX_PENDING_BYTES = 64 * 1024;
const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/** Feeds `take` what has come, until it wants more; a client that sends too much is cut off. */
function serveFrames(socket: net.Socket, take: (pending: Buffer) => number): void {
  let pending = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      const taken = take(pending);
      if (taken <= 0) break;
      pending = pending.subarray(taken);
    }
    if (pending.length > MAX_PENDING_BYTES) socket.destroy();
  });
}

function pgMessage(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** Lets everybody in, and says of every query that it stands in for a database and is none. */
export function postgresServer({ write }: StandInOptions): SocketServer {
  write("stderr", "LOG:  database system is ready to accept connections");
  const setting = (name: string, value: string): Buffer =>
    pgMessage("S", Buffer.from(`${name}\0${value}\0`));
  const ready = pgMessage("Z", Buffer.from("I"));
  const welcome = Buffer.concat([
    pgMessage("R", Buffer.alloc(4)),
    setting("server_version", "15.0"),
    setting("client_encoding", "UTF8"),
    setting("server_encoding", "UTF8"),
    pgMessage("K", Buffer.alloc(8)),
    ready,
  ]);
  const refusal = Buffer.concat([
    pgMessage(
      "E",
      Buffer.from(
        "SERROR\0VERROR\0C0A000\0Mthe lab's stand-in for postgres answers no queries\0\0",
      ),
    ),
    ready,
  ]);
  return {
    serve(socket) {
      let isIn = false;
      serveFrames(socket, (pending) => {
        const offset = isIn ? 1 : 0;
        if (pending.length < offset + 4) return 0;
        const length = pending.readUInt32BE(offset) + offset;
        if (length < offset + 4 || length > MAX_PENDING_BYTES) {
          socket.destroy();
          return 0;
        }
        if (pending.length < length) return 0;
        if (isIn) {
          const type = pending.toString("latin1", 0, 1);
          if (type === "X") socket.end();
          else if (type === "Q" || type === "S") socket.write(refusal);
        } else {
          const code = pending.length >= 8 ? pending.readUInt32BE(4) : 0;
          isIn = code !== SSL_REQUEST && code !== GSS_REQUEST;
          socket.write(isIn ? welcome : "N");
        }
        return length;
      });
    },
  };
}

/** What a stand-in for redis keeps. */
const MAX_REDIS_KEYS = 10_000;

/** PING, ECHO, SET, GET, DEL and INFO. */
export function redisServer(): SocketServer {
  const values = new Map<string, string>();
  return {
    serve(socket) {
      serveFrames(socket, (pending) => {
        const request = redisRequest(pending);
        if (request === undefined) return 0;
        socket.write(redisAnswer(request.words, values));
        if (request.words[0]?.toUpperCase() === "QUIT") socket.end();
        return request.length;
      });
    },
  };
}

/** An array of strings, or a line of words; undefined while it is not whole. */
function redisRequest(bytes: Buffer): { words: string[]; length: number } | undefined {
  const end = bytes.indexOf("\r\n") >= 0 ? bytes.indexOf("\r\n") + 2 : bytes.indexOf("\n") + 1;
  if (end <= 0) return undefined;
  const line = bytes.toString("utf8", 0, end).trim();
  if (!line.startsWith("*")) return { words: line.split(/\s+/), length: end };
  const words: string[] = [];
  let at = end;
  for (let left = Number.parseInt(line.slice(1), 10); left > 0; left--) {
    const stop = bytes.indexOf("\r\n", at);
    if (stop < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at + 1, stop), 10);
    if (!(size >= 0) || bytes.length < stop + 2 + size + 2) return undefined;
    words.push(bytes.toString("utf8", stop + 2, stop + 2 + size));
    at = stop + 2 + size + 2;
  }
  return { words, length: at };
}

function redisAnswer(
  [command = "", key = "", value = ""]: string[],
  values: Map<string, string>,
): string {
  const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
  switch (command.toUpperCase()) {
    case "PING":
      return key === "" ? "+PONG\r\n" : bulk(key);
    case "ECHO":
      return bulk(key);
    case "SET":
      if (values.size >= MAX_REDIS_KEYS) return "-OOM the lab's stand-in keeps no more keys\r\n";
      values.set(key, value);
      return "+OK\r\n";
    case "GET": {
      const found = values.get(key);
      return found === undefined ? "$-1\r\n" : bulk(found);
    }
    case "DEL":
      return `:${values.delete(key) ? 1 : 0}\r\n`;
    case "INFO":
      return bulk("# Server\r\nredis_version:7.0.0\r\n");
    case "QUIT":
      return "+OK\r\n";
    case "":
      return "";
    default:
      return `-ERR unknown command '${command.replaceAll(/[\r\n]/g, " ")}'\r\n`;
  }
}

/** Greets, and lets nobody in. */
export function mysqlServer(): SocketServer {
  const packet = (sequence: number, body: Buffer): Buffer => {
    const head = Buffer.alloc(4);
    head.writeUIntLE(body.length, 0, 3);
    head.writeUInt8(sequence, 3);
    return Buffer.concat([head, body]);
  };
  const greeting = Buffer.concat([
    Buffer.from([10]),
    Buffer.from("8.0.36-lab\0"),
    Buffer.from([1, 0, 0, 0]),
    Buffer.from("abcdefgh\0"),
    Buffer.from([0x00, 0xa2, 0x21, 0x02, 0x00, 0x08, 0x00, 21]),
    Buffer.alloc(10),
    Buffer.from("ijklmnopqrst\0"),
    Buffer.from("mysql_native_password\0"),
  ]);
  const denial = Buffer.concat([
    Buffer.from([0xff, 0x15, 0x04]),
    Buffer.from("#28000Access denied: the lab's stand-in for mysql lets nobody in"),
  ]);
  return {
    serve(socket) {
      socket.write(packet(0, greeting));
      socket.once("data", () => socket.end(packet(2, denial)));
    },
  };
}
