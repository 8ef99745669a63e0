/** From a request to its handler, and from a failure to its Status. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { StatusError } from "../schema/status-error.ts";
import type { ServedResource } from "../schema/types.ts";
import { ANONYMOUS, type Authenticator, type User } from "./authentication.ts";
import type { Call } from "./call.ts";
import type { ApiContext } from "./context.ts";
import { aggregated, aggregatedContentType, aggregatedVersion, apiVersions } from "./discovery.ts";
import { groupList, groupObject, resourceList } from "./discovery.ts";
import { methodNotAllowed, notSupported, toStatusError, tooManyRequests } from "./errors.ts";
import { handleObject } from "./handlers.ts";
import { readObject, type Reply, sendBytes, sendJson, sendStatus, sendText } from "./http.ts";
import {
  checkUpgrade,
  isKubeletSubresource,
  type KubeletProxy,
  type KubeletTarget,
  refuseUpgrade,
} from "./kubelet-proxy.ts";
import type { OpenApiDocuments } from "./open-api.ts";
import { parseResourcePath, type ResourcePath, splitPath, verbOf } from "./request.ts";
import { handleReview, isReview } from "./reviews.ts";
import { bind } from "./subresources/pods.ts";
import { handleSubresource } from "./subresources/dispatch.ts";
import { textAt } from "./json.ts";
import { ISSUER } from "./tokens.ts";
import { VERSION } from "./version.ts";

/** Requests that are being answered at once, without those that last: watches, logs. */
const MAX_IN_FLIGHT = 600;
/** Requests that last. */
const MAX_LONG_RUNNING = 5_000;

const HEALTH_PATHS: ReadonlySet<string> = new Set(["healthz", "livez", "readyz"]);
const OPEN_API_V3_TYPE = "application/json";

interface RouterParts {
  readonly context: ApiContext;
  readonly authenticator: Authenticator;
  readonly kubelets: KubeletProxy;
  readonly openApi: OpenApiDocuments;
  /** HOST:PORT, as /api tells it. */
  readonly address: string;
}

export class Router {
  readonly #parts: RouterParts;
  #inFlight = 0;
  #longRunning = 0;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Answers, whatever comes. */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const reply = { request, response };
    try {
      await this.#counted(request, () => this.#route(reply, signal));
    } catch (error) {
      this.#answerFailure(reply, error);
    }
  }

  /** The same for a request that wants to change its protocol. */
  serveUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    try {
      const target = this.#upgradeTarget(request);
      this.#parts.kubelets.upgrade(target, request, socket, head);
    } catch (error) {
      refuseUpgrade(socket, error);
    }
  }

  #answerFailure(reply: Reply, error: unknown): void {
    const status = toStatusError(error);
    const { method = "", url = "" } = reply.request;
    if (status.status === 500) {
      this.#parts.context.log.error("a request failed", { method, url, why: String(error) });
    }
    if (reply.response.headersSent) {
      reply.response.destroy();
      return;
    }
    // A body that was refused unread would be taken for the next request.
    if (!reply.request.complete) {
      reply.response.setHeader("connection", "close");
      reply.request.resume();
    }
    sendStatus(reply, status);
  }

  async #counted(request: IncomingMessage, run: () => Promise<void>): Promise<void> {
    const isLong = /[?&](watch|follow)=(true|1)/.test(request.url ?? "");
    const isFull = isLong ? this.#longRunning >= MAX_LONG_RUNNING : this.#inFlight >= MAX_IN_FLIGHT;
    if (isFull) {
      throw tooManyRequests("too many requests at once, please try again later");
    }
    if (isLong) this.#longRunning++;
    else this.#inFlight++;
    try {
      await run();
    } finally {
      if (isLong) this.#longRunning--;
      else this.#inFlight--;
    }
  }

  async #route(reply: Reply, signal: AbortSignal): Promise<void> {
    const { request } = reply;
    const url = new URL(request.url ?? "/", "https://server");
    const segments = splitPath(url.pathname);
    const [first = ""] = segments;
    if (HEALTH_PATHS.has(first)) {
      sendText(reply, 200, "ok");
      return;
    }
    const user = this.#parts.authenticator.userOf(request);
    if (first === "version") {
      sendJson(reply, 200, VERSION);
      return;
    }
    refuseAnonymous(user, request, url.pathname);
    const path = parseResourcePath(segments);
    if (path === undefined) this.#sendOther(reply, segments);
    else await this.#serveResource(reply, path, url.searchParams, user, signal);
  }

  /** Discovery, schemas and keys. */
  #sendOther(reply: Reply, segments: readonly string[]): void {
    const { method } = reply.request;
    if (method !== "GET" && method !== "HEAD") throw methodNotAllowed();
    const [first = "", second = "", third] = segments;
    if (first === "api" || first === "apis") this.#sendDiscovery(reply, segments);
    else if (first === "openapi" && second === "v2") {
      sendBytes(reply, 200, [this.#parts.openApi.v2().bytes]);
    } else if (first === "openapi" && second === "v3") this.#sendOpenApi(reply, segments.slice(2));
    else if (first === "openid" && second === "v1" && third === "jwks") {
      sendJson(reply, 200, this.#parts.context.tokens.keySet(), "application/jwk-set+json");
    } else if (first === ".well-known" && second === "openid-configuration") {
      sendJson(reply, 200, this.#openIdConfiguration());
    } else if (first === "") sendJson(reply, 200, { paths: this.#paths() });
    else sendText(reply, 404, "404 page not found\n");
  }

  #sendDiscovery(reply: Reply, segments: readonly string[]): void {
    const { registry } = this.#parts.context.schemas;
    const [root = "", group = "", version = ""] = segments;
    const isCore = root === "api";
    if (segments.length === 1) {
      const wanted = aggregatedVersion(reply.request.headers.accept);
      if (wanted !== undefined) {
        const type = aggregatedContentType(wanted);
        sendJson(reply, 200, aggregated(registry, isCore, wanted), type);
      } else {
        const plain = isCore ? apiVersions(registry, this.#parts.address) : groupList(registry);
        sendJson(reply, 200, plain);
      }
      return;
    }
    const found = isCore
      ? resourceList(registry, "", group)
      : segments.length === 2
        ? groupObject(registry, group)
        : resourceList(registry, group, version);
    if (found === undefined) sendText(reply, 404, "404 page not found\n");
    else sendJson(reply, 200, found);
  }

  #sendOpenApi(reply: Reply, rest: readonly string[]): void {
    if (rest.length === 0) {
      sendJson(reply, 200, this.#parts.openApi.index());
      return;
    }
    const document = this.#parts.openApi.v3(rest.join("/"));
    if (document === undefined) {
      sendText(reply, 404, "404 page not found\n");
      return;
    }
    reply.response.setHeader("etag", `"${document.hash}"`);
    if (reply.request.headers["if-none-match"] === `"${document.hash}"`) {
      reply.response.writeHead(304).end();
      return;
    }
    sendBytes(reply, 200, [document.bytes], OPEN_API_V3_TYPE);
  }

  #paths(): string[] {
    const { registry } = this.#parts.context.schemas;
    const groups = registry.groups().flatMap(({ name, versions }) => {
      if (name === "") return ["/api", ...versions.map((version) => `/api/${version}`)];
      return [`/apis/${name}`, ...versions.map((version) => `/apis/${name}/${version}`)];
    });
    return [
      "/.well-known/openid-configuration",
      ...groups,
      "/apis",
      "/healthz",
      "/livez",
      "/openapi/v2",
      "/openapi/v3",
      "/openid/v1/jwks",
      "/readyz",
      "/version",
    ].toSorted();
  }

  #openIdConfiguration(): object {
    return {
      issuer: ISSUER,
      jwks_uri: `https://${this.#parts.address}/openid/v1/jwks`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256", "ES256"],
    };
  }

  async #serveResource(
    reply: Reply,
    path: ResourcePath,
    params: URLSearchParams,
    user: User,
    signal: AbortSignal,
  ): Promise<void> {
    const { context, authenticator, kubelets } = this.#parts;
    const resource = this.#resourceOf(path);
    if (resource === undefined) {
      sendText(reply, 404, "404 page not found\n");
      return;
    }
    const verb = verbOf(reply.request.method ?? "GET", path, params);
    const call: Call = { ...reply, context, path, verb, params, resource, user, signal };
    if (path.subresource === "log" && verb === "get") {
      const target = kubelets.target("log", path.namespace, path.name, params);
      await kubelets.forward(target, reply.response, signal);
    } else if (isKubeletSubresource(path.subresource)) {
      checkUpgrade(reply.request);
      throw methodNotAllowed();
    } else if (path.subresource !== "") await handleSubresource(call);
    else if (isReview(call)) await handleReview(call, authenticator);
    else if (resource.kind === "Binding" && verb === "create") await bindByBody(call);
    else {
      if (verb === "connect" || !resource.verbs.includes(verb)) throw methodNotAllowed();
      await handleObject(call);
    }
  }

  #resourceOf({ group, version, plural, subresource }: ResourcePath): ServedResource | undefined {
    const found = this.#parts.context.schemas.registry.find(group, version, plural);
    if (found === undefined || subresource === "") return found;
    if (subresource === "proxy") throw notSupported("the proxy to pods, services and nodes");
    return found.subresources.some(({ name }) => name === subresource) ? found : undefined;
  }

  #upgradeTarget(request: IncomingMessage): KubeletTarget {
    const url = new URL(request.url ?? "/", "https://server");
    const user = this.#parts.authenticator.userOf(request);
    refuseAnonymous(user, request, url.pathname);
    const path = parseResourcePath(splitPath(url.pathname));
    const isOfPod = path?.group === "" && path.plural === "pods";
    if (path === undefined || !isOfPod || !isKubeletSubresource(path.subresource)) {
      throw notSupported(`a change of protocol at ${url.pathname}`);
    }
    checkUpgrade(request);
    const { subresource, namespace, name } = path;
    return this.#parts.kubelets.target(subresource, namespace, name, url.searchParams);
  }
}

async function bindByBody(call: Call): Promise<void> {
  const body = await readObject(call.request);
  await bind(call, textAt(body, "metadata", "name"), body);
}

function refuseAnonymous(user: User, { method }: IncomingMessage, path: string): void {
  if (user !== ANONYMOUS) return;
  const verb = (method ?? "GET").toLowerCase();
  throw new StatusError(
    403,
    "Forbidden",
    `forbidden: User "${user.name}" cannot ${verb} path "${path}"`,
    {},
  );
}
