/** A small API server in memory: what the tests of a client need, and the troubles they look for. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { KubeClient } from "./client.ts";
import type { KubeObject } from "./object.ts";

interface SeenRequest {
  method: string;
  url: URL;
  contentType: string | undefined;
  authorization: string | undefined;
  body: unknown;
}

interface HistoryEvent {
  type: "ADDED" | "MODIFIED" | "DELETED";
  revision: number;
  object: KubeObject;
  path: string;
}

interface Watcher {
  path: string;
  response: ServerResponse;
}

type Handler = (request: SeenRequest, response: ServerResponse) => boolean;

export class TestServer implements AsyncDisposable {
  /** Every request, the latest last. */
  readonly requests: SeenRequest[] = [];
  /** Asked before all else: answers true when it has taken the request over. */
  intercept: Handler = () => false;
  revision = 100;
  /** What each object that is put has from then on. */
  labels: Record<string, string> | undefined;
  readonly #server: Server;
  /** By path. */
  readonly #objects = new Map<string, KubeObject>();
  #history: HistoryEvent[] = [];
  #floor = 100;
  readonly #watchers = new Set<Watcher>();

  static async start(): Promise<TestServer> {
    const server = new TestServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  private constructor() {
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  client(): KubeClient {
    return KubeClient.of({ server: this.url, token: "secret" });
  }

  /** Creates or changes the object at this path, such as `/api/v1/namespaces/n/pods/a`. */
  put(path: string, fields: object = {}): KubeObject {
    const { name, namespace } = partsOf(path);
    const before = this.#objects.get(path);
    const revision = ++this.revision;
    const uid = before?.metadata.uid ?? `uid-${revision}`;
    const metadata = { ...(namespace === undefined ? {} : { namespace }), name, uid };
    const labels = this.labels === undefined ? {} : { labels: this.labels };
    const object = {
      ...fields,
      metadata: { ...metadata, ...labels, resourceVersion: String(revision) },
    };
    this.#objects.set(path, object);
    this.#tell({ type: before === undefined ? "ADDED" : "MODIFIED", revision, object, path });
    return object;
  }

  delete(path: string): void {
    const before = this.#objects.get(path);
    if (before === undefined) return;
    const revision = ++this.revision;
    this.#objects.delete(path);
    const metadata = { ...before.metadata, resourceVersion: String(revision) };
    this.#tell({ type: "DELETED", revision, object: { ...before, metadata }, path });
  }

  objects(): IterableIterator<KubeObject> {
    return this.#objects.values();
  }

  /** The next request gets no answer. */
  failNext(): void {
    this.intercept = (_, response) => {
      this.intercept = () => false;
      response.destroy();
      return true;
    };
  }

  /** What was before now is forgotten: who asks for it gets a 410. */
  forget(): void {
    this.#history = [];
    this.#floor = this.revision;
  }

  bookmark(): void {
    const object = { kind: "Pod", metadata: { resourceVersion: String(this.revision) } };
    for (const { response } of this.#watchers) writeEvent(response, "BOOKMARK", object);
  }

  /** Ends the watches, in order or amid a line. */
  cut(how: "end" | "reset" | "half-line"): void {
    for (const { response } of this.#watchers) {
      if (how === "end") response.end();
      else if (how === "reset") response.destroy();
      else response.write('{"type":"ADDED","obj', () => response.destroy());
    }
    this.#watchers.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut("reset");
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://server");
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    const request: SeenRequest = {
      method: incoming.method ?? "",
      url,
      contentType: incoming.headers["content-type"],
      authorization: incoming.headers.authorization,
      body: body === "" ? undefined : JSON.parse(body),
    };
    this.requests.push(request);
    if (this.intercept(request, response)) return;
    if (request.method !== "GET") this.#write(request, response);
    else if (url.searchParams.get("watch") === "true") this.#watch(url, response);
    else if (this.#objects.has(url.pathname))
      answer(response, 200, this.#objects.get(url.pathname));
    else if (isObjectPath(url.pathname)) refuse(response, 404, "NotFound");
    else this.#list(url, response);
  }

  #write({ method, url, body }: SeenRequest, response: ServerResponse): void {
    const object = body as KubeObject;
    const path = method === "POST" ? `${url.pathname}/${object.metadata.name}` : url.pathname;
    const current = this.#objects.get(path);
    const { resourceVersion } = object.metadata ?? {};
    if (method === "DELETE") {
      this.delete(path);
      answer(response, 200, { kind: "Status", status: "Success" });
    } else if (method === "POST" && current !== undefined) refuse(response, 409, "AlreadyExists");
    else if (resourceVersion !== undefined && resourceVersion !== current?.metadata.resourceVersion)
      refuse(response, 409, "Conflict");
    else answer(response, method === "POST" ? 201 : 200, this.put(path, object));
  }

  /** Its tokens are the revision of the first page and how many were given. */
  #list(url: URL, response: ServerResponse): void {
    const all = [...this.#objects]
      .filter(([path]) => isUnder(url.pathname, path))
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    const limit = Number(url.searchParams.get("limit") ?? Infinity);
    const [revision = this.revision, start = 0] =
      url.searchParams.get("continue")?.split(":").map(Number) ?? [];
    // Nothing here remembers the past, so that a list that was changed cannot be gone on with.
    if (revision !== this.revision) {
      refuse(response, 410, "Expired");
      return;
    }
    const end = start + limit;
    answer(response, 200, {
      metadata: {
        resourceVersion: String(revision),
        ...(end < all.length ? { continue: `${revision}:${end}` } : {}),
      },
      items: all.slice(start, end).map(([, object]) => object),
    });
  }

  #watch(url: URL, response: ServerResponse): void {
    const since = Number(url.searchParams.get("resourceVersion"));
    response.writeHead(200, { "Content-Type": "application/json" });
    if (since < this.#floor) {
      writeEvent(response, "ERROR", { kind: "Status", code: 410, reason: "Expired" });
      response.end();
      return;
    }
    response.flushHeaders();
    const watcher = { path: url.pathname, response };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
    for (const event of this.#history) {
      if (event.revision > since && isUnder(url.pathname, event.path))
        writeEvent(response, event.type, event.object);
    }
  }

  #tell(event: HistoryEvent): void {
    this.#history.push(event);
    for (const watcher of this.#watchers) {
      if (isUnder(watcher.path, event.path)) writeEvent(watcher.response, event.type, event.object);
    }
  }
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}

export function refuse(response: ServerResponse, code: number, reason: string): void {
  answer(response, code, {
    kind: "Status",
    status: "Failure",
    code,
    reason,
    message: `it is ${reason}`,
  });
}

function writeEvent(response: ServerResponse, type: string, object: unknown): void {
  response.write(`${JSON.stringify({ type, object })}\n`);
}

/** `/api/v1/pods` has what is in `/api/v1/namespaces/n/pods`. */
function isUnder(listPath: string, path: string): boolean {
  return (
    path.startsWith(`${listPath}/`) ||
    path.replace(/namespaces\/[^/]+\//, "").startsWith(`${listPath}/`)
  );
}

function isObjectPath(path: string): boolean {
  return partsOf(path).name !== "";
}

function partsOf(path: string): { namespace: string | undefined; name: string } {
  const rest = path.replace(/^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)\//, "").split("/");
  if (rest[0] === "namespaces" && rest.length > 2)
    return { namespace: rest[1], name: rest[3] ?? "" };
  return { namespace: undefined, name: rest[1] ?? "" };
}
