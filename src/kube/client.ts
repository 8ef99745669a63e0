import { assert, type Clock, systemClock } from "#base";

import {
  decodeError,
  decodeJson,
  decodeList,
  decodeObject,
  decodeWatchEvent,
  LineSplitter,
} from "./decode.ts";
import { KubeError } from "./error.ts";
import { type AnyObject, type KubeObject, type ObjectRef, refOf } from "./object.ts";
import { deleteBody, listQuery, patchTypes, watchQuery, withQuery, writeQuery } from "./query.ts";
import type {
  DeleteOptions,
  ListOptions,
  ObjectList,
  PatchOptions,
  RawOptions,
  SelectorOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./requests.ts";
import { apiVersionOf, isResourceList, objectPath, pathOf, type Resource } from "./resource.ts";
import { MAX_SILENCE_MS, streamBody } from "./stream.ts";
import { type Answer, type Request, type TlsCredentials, Transport } from "./transport.ts";

/** Where an API server is, and who we are to it. All in PEM. */
export interface Connection {
  /** `https://172.30.0.1:6443`. */
  server: string;
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  token?: string | undefined;
}

/** What others need to connect by themselves, as WebSockets do. */
export interface Endpoint {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsCredentials;
}

/** How often a server may say that it is too busy. */
const MAX_ATTEMPTS = 4;
/** Longer waits are the caller's to decide. */
const MAX_RETRY_AFTER_S = 5;

const JSON_TYPE = "application/json";

/**
 * A client of one API server. Every failure is a KubeError. Objects are plain JSON: `T` is the
 * caller's claim of what they look like, checked by nobody (parse with #kube/types).
 */
export class KubeClient implements Disposable {
  readonly #transport: Transport;
  readonly #clock: Clock;
  /** By apiVersion and kind. */
  readonly #discovered = new Map<string, Resource>();

  static of({ server, ca, cert, key, token }: Connection): KubeClient {
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    };
    const headers: Record<string, string> =
      token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return new KubeClient(new Transport(new URL(server), () => ({ headers, tls })));
  }

  /** As kubectl finds it: `path`, or KUBECONFIG, or ~/.kube/config. Rejects with ConfigError. */
  static async fromKubeconfig(path?: string, context?: string): Promise<KubeClient> {
    const { fromKubeconfig } = await import("./connect.ts");
    return new KubeClient(fromKubeconfig(path, context));
  }

  /** From within a pod, by its service account. Rejects with ConfigError. */
  static async fromCluster(): Promise<KubeClient> {
    const { fromCluster } = await import("./connect.ts");
    return new KubeClient(fromCluster());
  }

  private constructor(transport: Transport, clock: Clock = systemClock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  get<T extends AnyObject = KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    signal?: AbortSignal,
  ): Promise<T> {
    return this.#object({ method: "GET", path: objectPath(resource, ref), signal });
  }

  /** One page when there is a limit, everything otherwise. */
  async list<T extends AnyObject = KubeObject>(
    resource: Resource,
    options: ListOptions = {},
  ): Promise<ObjectList<T>> {
    const { namespace, signal } = options;
    const path = withQuery(pathOf(resource, { namespace }), listQuery(options));
    const { body } = await this.#request({ method: "GET", path, signal });
    return decodeList(body, resource);
  }

  /** Into the object's own namespace. */
  create<T extends AnyObject>(
    resource: Resource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const { namespace } = object.metadata;
    assert(
      !resource.isNamespaced || namespace !== undefined,
      `a ${resource.kind} is created in a namespace`,
    );
    const path = withQuery(pathOf(resource, { namespace }), writeQuery(options));
    return this.#send("POST", path, typed(resource, object), options.signal);
  }

  /** A `Conflict` where its resourceVersion is given and is not the last. */
  update<T extends AnyObject>(
    resource: Resource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = withQuery(objectPath(resource, refOf(object)), writeQuery(options));
    return this.#send("PUT", path, typed(resource, object), options.signal);
  }

  updateStatus<T extends AnyObject>(
    resource: Resource,
    object: T,
    options: WriteOptions = {},
  ): Promise<T> {
    const path = withQuery(objectPath(resource, refOf(object), "status"), writeQuery(options));
    return this.#send("PUT", path, typed(resource, object), options.signal);
  }

  patch<T extends AnyObject = KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    const { type, subresource, isForced, signal } = options;
    const query = { ...writeQuery(options), ...(isForced === true ? { force: "true" } : {}) };
    const path = withQuery(objectPath(resource, ref, subresource), query);
    return this.#send("PATCH", path, patch, signal, patchTypes[type]);
  }

  /** Answers the object where it stays for a while (grace, finalizers), or a Status. */
  delete(resource: Resource, ref: ObjectRef, options: DeleteOptions = {}): Promise<KubeObject> {
    return this.#send("DELETE", objectPath(resource, ref), deleteBody(options), options.signal);
  }

  async deleteCollection(
    resource: Resource,
    options: SelectorOptions & DeleteOptions = {},
  ): Promise<void> {
    const { namespace, signal } = options;
    const path = withQuery(pathOf(resource, { namespace }), listQuery(options));
    await this.#send("DELETE", path, deleteBody(options), signal);
  }

  /** POST to a part of an object: `binding`, `eviction`, `token`. */
  createSubresource<T = KubeObject>(
    resource: Resource,
    ref: ObjectRef,
    subresource: string,
    body: unknown,
  ): Promise<T> {
    return this.#send("POST", objectPath(resource, ref, subresource), body);
  }

  /**
   * Events until the server ends the watch, which it does now and then. A failure, also one that
   * comes as an ERROR event, is thrown. An abort ends it without an error. For state that stays
   * right over all this, use an Informer.
   */
  async *watch<T extends AnyObject = KubeObject>(
    resource: Resource,
    options: WatchOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { namespace, allowBookmarks } = options;
    const path = withQuery(pathOf(resource, { namespace }), watchQuery(options));
    const lines = new LineSplitter();
    const maxSilenceMs = allowBookmarks === true ? MAX_SILENCE_MS : undefined;
    for await (const chunk of streamBody(this.#transport, path, { signal, maxSilenceMs })) {
      for (const line of lines.push(chunk)) {
        if (signal?.aborted === true) return;
        yield decodeWatchEvent<T>(line);
      }
    }
  }

  /** Any request; the answer is parsed where it is JSON, and a string otherwise. */
  async raw(method: string, path: string, options: RawOptions = {}): Promise<unknown> {
    const { body, contentType = JSON_TYPE, accept = JSON_TYPE, signal } = options;
    const isText = typeof body === "string" || body instanceof Uint8Array || body === undefined;
    const answer = await this.#request({
      method,
      path,
      headers: { Accept: accept, ...(body === undefined ? {} : { "Content-Type": contentType }) },
      body: isText ? body : JSON.stringify(body),
      signal,
    });
    const isJson = answer.headers["content-type"]?.startsWith(JSON_TYPE) === true;
    return isJson ? decodeJson(answer.body) : answer.body.toString();
  }

  /** The body of a GET as it comes: logs. An abort ends it without an error. */
  stream(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return streamBody(this.#transport, path, { signal });
  }

  /** The resource of a kind that RESOURCES does not know, by asking the server. */
  async discover(apiVersion: string, kind: string): Promise<Resource> {
    const known = this.#discovered.get(`${apiVersion}/${kind}`);
    if (known !== undefined) return known;
    const prefix = apiVersion.includes("/") ? "/apis" : "/api";
    const answer = await this.raw("GET", `${prefix}/${apiVersion}`);
    const resources = isResourceList(answer) ? answer.resources : [];
    // Names with a slash are parts of objects.
    const found = resources.find(({ name, kind: its }) => its === kind && !name.includes("/"));
    if (found === undefined) {
      const message = `the API server knows no ${kind} in ${apiVersion}`;
      throw new KubeError(404, { reason: "NotFound", message });
    }
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    const { name: plural, namespaced: isNamespaced } = found;
    const resource = { group, version, plural, kind, isNamespaced };
    this.#discovered.set(`${apiVersion}/${kind}`, resource);
    return resource;
  }

  async endpoint(): Promise<Endpoint> {
    const { headers, tls } = await this.#transport.credentials();
    return { url: this.#transport.url, headers, tls };
  }

  /** Closes idle connections. */
  [Symbol.dispose](): void {
    this.#transport[Symbol.dispose]();
  }

  async #send<T>(
    method: string,
    path: string,
    body: unknown,
    signal?: AbortSignal,
    contentType: string = JSON_TYPE,
  ): Promise<T> {
    return this.#object({
      method,
      path,
      headers: { "Content-Type": contentType },
      body: JSON.stringify(body),
      signal,
    });
  }

  async #object<T>(request: Request): Promise<T> {
    const { body } = await this.#request(request);
    return decodeObject(body) as T;
  }

  /** The answer to a request that succeeded. One that a busy server put off is made again. */
  async #request(request: Request): Promise<Answer> {
    const headers = { Accept: JSON_TYPE, ...request.headers };
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#transport.fetch({ ...request, headers });
      if (answer.status < 400) return answer;
      const retryAfterS = Number(answer.headers["retry-after"] ?? Infinity);
      const isPutOff = answer.status === 429 && retryAfterS <= MAX_RETRY_AFTER_S;
      if (!isPutOff || attempt === MAX_ATTEMPTS) throw decodeError(answer.status, answer.body);
      await this.#clock.sleep(retryAfterS * 1_000, request.signal);
    }
  }
}

/** Servers want the type in the object too; callers have said it already. */
function typed<T extends AnyObject>(resource: Resource, object: T): T {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...object };
}
