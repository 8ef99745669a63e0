import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { readFile, stat } from "node:fs/promises";
import type net from "node:net";
import { extname, join, normalize } from "node:path";
import type { StandInOptions } from "./stand-in.ts";

/** What a stand-in does with its connections. */
export interface SocketServer {
  serve(socket: net.Socket): void;
  /** Where its arguments say that it listens. */
  readonly port?: number;
}

type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
) => void | Promise<void>;

/** Of a request's body; more is answered with 413. */
const MAX_BODY_BYTES = 1024 * 1024;
const HEADERS_TIMEOUT_MS = 60_000;

const FOLDERS: Readonly<Record<string, string>> = {
  nginx: "/usr/share/nginx/html",
  httpd: "/usr/local/apache2/htdocs",
  caddy: "/usr/share/caddy",
};

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".txt": "text/plain",
  ".json": "application/json",
  ".css": "text/css",
  ".js": "application/javascript",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

/** nginx, httpd and their like: the files of their folder in the container, and a welcome page. */
export function staticServer(options: StandInOptions): SocketServer {
  const { name } = options.image;
  const folder = join(options.root, FOLDERS[name] ?? FOLDERS["nginx"] ?? "/");
  return httpServer(options, async (request, response) => {
    response.setHeader("server", name);
    const { method = "GET" } = request;
    if (method !== "GET" && method !== "HEAD") {
      finish(response, 405, "text/html", page("405 Not Allowed", name));
      return;
    }
    const path = pathOf(request);
    const found = await fileAt(folder, path);
    if (found !== undefined) finish(response, 200, found.type, found.bytes);
    else if (path === "/" || path === "/index.html")
      finish(response, 200, "text/html", welcome(options));
    else finish(response, 404, "text/html", page("404 Not Found", name));
  });
}

async function fileAt(
  folder: string,
  path: string,
): Promise<{ type: string; bytes: Buffer } | undefined> {
  try {
    let file = join(folder, normalize(`/${path}`));
    if ((await stat(file)).isDirectory()) file = join(file, "index.html");
    return {
      type: TYPES[extname(file)] ?? "application/octet-stream",
      bytes: await readFile(file),
    };
  } catch {
    return undefined;
  }
}

function welcome({ image, pod }: StandInOptions): string {
  const titles: Readonly<Record<string, string>> = { httpd: "It works!" };
  const title = titles[image.name] ?? `Welcome to ${image.name}!`;
  return `<!DOCTYPE html>
<html>
<head><title>${title}</title></head>
<body>
<h1>${title}</h1>
<p>The lab's stand-in for ${image.name}, in pod ${pod.metadata.namespace}/${pod.metadata.name}.</p>
</body>
</html>
`;
}

function page(title: string, name: string): string {
  return `<html>
<head><title>${title}</title></head>
<body>
<center><h1>${title}</h1></center>
<hr><center>${name}</center>
</body>
</html>
`;
}

/** Says what it was told to say: `-text=hello -listen=:5678`. */
export function httpEchoServer(options: StandInOptions): SocketServer {
  const flags = flagsOf(options.args);
  const text = flags.get("text") ?? options.environment.get("ECHO_TEXT") ?? "hello-world";
  const status = Number(flags.get("status-code") ?? 200);
  const port = Number(/:(\d+)$/.exec(flags.get("listen") ?? "")?.[1] ?? 0);
  const server = httpServer(options, (_request, response) => {
    finish(response, status, "text/plain; charset=utf-8", `${text}\n`);
  });
  return port === 0 ? server : { ...server, port };
}

function flagsOf(args: readonly string[]): Map<string, string> {
  const result = new Map<string, string>();
  for (const [at, arg] of args.entries()) {
    const [, name, value] = /^--?([\w-]+)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name !== undefined) result.set(name, value ?? args[at + 1] ?? "");
  }
  return result;
}

/** Says what it was asked, and by whom. */
export function echoServer(options: StandInOptions): SocketServer {
  return httpServer(options, (request, response, body) => {
    const { method, url, httpVersion, headers, socket } = request;
    const lines = [
      "",
      "",
      `Hostname: ${options.hostName}`,
      "",
      "Pod Information:",
      `\tpod name:\t${options.pod.metadata.name}`,
      `\tpod namespace:\t${options.pod.metadata.namespace}`,
      `\tpod IP:\t${options.ips[0] ?? ""}`,
      "",
      "Request Information:",
      `\tclient_address=${socket.remoteAddress ?? ""}`,
      `\tmethod=${method}`,
      `\treal path=${url}`,
      `\trequest_version=${httpVersion}`,
      "",
      "Request Headers:",
      ...Object.entries(headers).map(([name, value]) => `\t${name}=${String(value)}`),
      "",
      "Request Body:",
      body.length === 0 ? "\t-no body in request-" : body.toString("utf8"),
      "",
    ];
    finish(response, 200, "text/plain", lines.join("\n"));
  });
}

/** Says that all is well. */
export function healthServer(options: StandInOptions): SocketServer {
  return httpServer(options, (_request, response) => finish(response, 200, "text/plain", "OK"));
}

/** A few resources as JSON, of any path. */
export function jsonServer(options: StandInOptions): SocketServer {
  return httpServer(options, (request, response, body) => {
    const { method = "GET", url = "/" } = request;
    const answer = {
      pod: options.pod.metadata.name,
      namespace: options.pod.metadata.namespace,
      method,
      path: url,
      ...(body.length === 0 ? {} : { body: body.toString("utf8") }),
    };
    const status = method === "POST" ? 201 : 200;
    finish(response, status, "application/json", `${JSON.stringify(answer)}\n`);
  });
}

export function whoamiServer(options: StandInOptions): SocketServer {
  return httpServer(options, (request, response) => {
    const { method, url, httpVersion, headers, socket } = request;
    const lines = [
      `Hostname: ${options.hostName}`,
      ...options.ips.map((ip) => `IP: ${ip}`),
      `RemoteAddr: ${socket.remoteAddress}:${socket.remotePort}`,
      `${method} ${url} HTTP/${httpVersion}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`),
      "",
    ];
    finish(response, 200, "text/plain; charset=utf-8", `${lines.join("\n")}\n`);
  });
}

function httpServer(options: StandInOptions, answer: Answer): SocketServer {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
    void respond(options, answer, request, response);
  });
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    else socket.destroy();
  });
  return { serve: (socket) => void server.emit("connection", socket) };
}

async function respond(
  options: StandInOptions,
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { remoteAddress = "-" } = request.socket;
  try {
    const body = await bodyOf(request);
    if (body === undefined) finish(response, 413, "text/plain", "the body is too large\n");
    else await answer(request, response, body);
  } catch {
    response.destroy();
    return;
  }
  const { method, url, httpVersion, headers } = request;
  const agent = headers["user-agent"] ?? "-";
  const bytes = Number(response.getHeader("content-length") ?? 0);
  const line =
    `${remoteAddress} - - [${clfTime(new Date())}] "${method} ${url} HTTP/${httpVersion}" ` +
    `${response.statusCode} ${bytes} "${headers.referer ?? "-"}" "${agent}"`;
  options.write("stdout", line);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function finish(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": type, "content-length": bytes.length });
  response.end(bytes);
}

function pathOf({ url = "/" }: IncomingMessage): string {
  const path = url.split(/[?#]/, 1)[0] ?? "/";
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** As web servers write times: 21/Nov/2026:17:04:05 +0000. */
function clfTime(date: Date): string {
  const iso = date.toISOString();
  return `${iso.slice(8, 10)}/${MONTHS[date.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}
