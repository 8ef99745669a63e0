/** From a request to its handler, and from a failure to its Status. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { badRequest } from "../schema/status-error.ts";
import { kindWarnings } from "../schema/warnings/kinds.ts";
import { checkAccept, checkObjectType } from "./accept.ts";
import type { Authenticator, User } from "./authentication.ts";
import { authorizePath, authorizeResource } from "./authorization.ts";
import type { Call } from "./call.ts";
import type { ApiContext } from "./context.ts";
import { aggregated, aggregatedContentType, aggregatedVersion, apiVersions } from "./discovery.ts";
import { groupList, groupObject, resourceList } from "./discovery.ts";
import {
  methodNotAllowed,
  notSupported,
  toStatusError,
  tooManyRequests,
  unknownPath,
} from "./errors.ts";
import { handleObject } from "./handlers.ts";
import { healthOf, sendHealth } from "./health.ts";
import { addWarnings, type Reply, sendBytes, sendJson, sendStatus, sendText } from "./http.ts";
import { type KubeletProxy, type KubeletTarget, refuseUpgrade } from "./kubelet-proxy.ts";
import { isKubeletSubresource } from "./kubelet-path.ts";
import type { OpenApiDocuments } from "./open-api.ts";
import { parseResourcePath, type ResourcePath, splitPath, verbOf } from "./request.ts";
import { handleReview, isReview } from "./reviews.ts";
import { isBuiltInGroup, resourceAt } from "./routes.ts";
import { bindByBody } from "./subresources/binding.ts";
import { handleSubresource } from "./subresources/dispatch.ts";
import { ISSUER } from "./tokens.ts";
import { VERSION } from "./version.ts";

/** Requests that are being answered at once, without those that last: watches, logs. */
const MAX_IN_FLIGHT = 600;
/** Requests that last. */
const MAX_LONG_RUNNING = 5_000;
const RETRY_AFTER_SECONDS = 10;

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
      if (target === undefined) throw methodNotAllowed();
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
      throw tooManyRequests("too many requests at once, please try again later", {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
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
    const user = this.#parts.authenticator.userOf(request);
    if (healthOf(segments) !== undefined) {
      sendHealth(reply, segments, url.searchParams);
      return;
    }
    if (segments[0] === "version") {
      checkAccept(request.headers.accept, false);
      sendJson(reply, 200, VERSION);
      return;
    }
    const path = parseResourcePath(segments);
    if (path === undefined) {
      authorizePath(user, request.method ?? "GET", url.pathname);
      this.#sendOther(reply, segments);
    } else await this.#serveResource(reply, path, url.searchParams, user, signal);
  }

  /** Discovery, schemas and keys. */
  #sendOther(reply: Reply, segments: readonly string[]): void {
    const { method } = reply.request;
    const [first = "", second = "", third] = segments;
    const isRoot = segments.length === 1 && (first === "api" || first === "apis");
    if (method !== "GET" && method !== "HEAD" && !isRoot) throw methodNotAllowed();
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
    checkObjectType(reply.request.headers.accept);
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
    if (found !== undefined) sendJson(reply, 200, found);
    else if (isCore || isBuiltInGroup(registry, group)) throw unknownPath();
    else sendText(reply, 404, "404 page not found\n");
  }

  #sendOpenApi(reply: Reply, rest: readonly string[]): void {
    if (rest.length === 0) {
      sendJson(reply, 200, this.#parts.openApi.index());
      return;
    }
    const document = this.#parts.openApi.v3(rest.join("/"));
    if (document === undefined) {
      reply.response.writeHead(404).end();
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
    const { request } = reply;
    const verb = verbOf(request.method ?? "GET", path, params);
    authorizeResource(user, verb, path);
    const resource = resourceAt(context.schemas.registry, request.method ?? "GET", path);
    if (resource === undefined) {
      sendText(reply, 404, "404 page not found\n");
      return;
    }
    addWarnings(reply, kindWarnings(resource));
    if (resource.custom === undefined) {
      checkAccept(request.headers.accept, verb === "list" || verb === "watch");
    }
    const call: Call = { ...reply, context, path, verb, params, resource, user, signal };
    if (isKubeletSubresource(path.subresource)) await serveFromKubelet(call, kubelets);
    else if (path.subresource !== "") await handleSubresource(call);
    else if (verb !== "connect" && !resource.verbs.includes(verb)) throw methodNotAllowed();
    else if (isReview(call)) await handleReview(call, authenticator);
    else if (resource.kind === "Binding" && verb === "create") await bindByBody(call);
    else await handleObject(call);
  }

  #upgradeTarget(request: IncomingMessage): KubeletTarget | undefined {
    const url = new URL(request.url ?? "/", "https://server");
    const user = this.#parts.authenticator.userOf(request);
    const path = parseResourcePath(splitPath(url.pathname));
    if (path === undefined) authorizePath(user, request.method ?? "GET", url.pathname);
    else authorizeResource(user, verbOf(request.method ?? "GET", path, url.searchParams), path);
    const isOfPod = path?.group === "" && path.plural === "pods";
    if (path === undefined || !isOfPod || !isKubeletSubresource(path.subresource)) {
      throw notSupported(`a change of protocol at ${url.pathname}`);
    }
    const { subresource, namespace, name } = path;
    return this.#parts.kubelets.target(subresource, namespace, name, url.searchParams);
  }
}

/** Logs are a plain request; all else wants another protocol. */
async function serveFromKubelet(call: Call, kubelets: KubeletProxy): Promise<void> {
  const { path, params, response, signal } = call;
  if (!isKubeletSubresource(path.subresource)) throw unknownPath();
  const target = kubelets.target(path.subresource, path.namespace, path.name, params);
  if (target === undefined) response.writeHead(204).end();
  else if (path.subresource === "log") await kubelets.forward(target, response, signal);
  else throw badRequest("Upgrade request required");
}
