import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type net from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { type WebSocket, WebSocketServer } from "ws";
import { IpAddress } from "#base";
import { listenTcp } from "#netlink";
import type { KubeletContext, KubeletPki } from "../context.ts";
import { namespacePath } from "../host/sandbox.ts";
import type { Kubelet } from "../kubelet.ts";
import { KUBELET_PORT } from "../node/node-object.ts";
import { idleReason } from "../core/status.ts";
import type { ContainerRecord } from "../pod/record.ts";
import type { PodWorker } from "../pod/worker.ts";
import { serveAttach } from "./attach.ts";
import { REMOTE_COMMAND_PROTOCOLS } from "./channels.ts";
import { serveExec } from "./exec.ts";
import { readLog } from "./log-reader.ts";
import { parseLogQuery } from "./log-query.ts";
import { PORT_CHANNELS_PROTOCOL, servePortChannels } from "./port-channels.ts";
import { PORT_FORWARD_PROTOCOL, servePortForward } from "./port-forward.ts";
import { checkProtocol, execRequestOf, HttpError } from "./stream-request.ts";

const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const ALL_ADDRESSES = ["0.0.0.0", "::"];
const KNOWN_PROTOCOLS = [...REMOTE_COMMAND_PROTOCOLS, PORT_CHANNELS_PROTOCOL];

interface Target {
  readonly worker: PodWorker;
  readonly record: ContainerRecord;
}

/** What the API server asks a kubelet for: logs, exec, attach, port-forward. */
export class KubeletServer implements AsyncDisposable {
  readonly #kubelet: Kubelet;
  readonly #clientName: string;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #listeners: net.Server[] = [];
  readonly #sockets = new Set<net.Socket>();
  /** Those who want SPDY within their WebSocket. */
  readonly #tunnels = new WeakSet<IncomingMessage>();
  readonly #abort = new AbortController();

  private constructor(kubelet: Kubelet, pki: KubeletPki) {
    this.#kubelet = kubelet;
    this.#clientName = pki.clientName;
    this.#server = createServer(
      {
        cert: pki.cert,
        key: pki.key,
        ca: pki.clientCa,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#webSockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_MESSAGE_BYTES,
      handleProtocols: (offered) => KNOWN_PROTOCOLS.find((name) => offered.has(name)) ?? false,
    });
    this.#webSockets.on("headers", (headers, request) => {
      // ws takes its slash for a mistake, so it is answered by hand.
      if (this.#tunnels.has(request)) {
        headers.push(`Sec-WebSocket-Protocol: ${PORT_FORWARD_PROTOCOL}`);
      }
    });
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  static async start(
    { namespace }: KubeletContext,
    pki: KubeletPki,
    kubelet: Kubelet,
  ): Promise<KubeletServer> {
    const server = new KubeletServer(kubelet, pki);
    for (const text of ALL_ADDRESSES) {
      const endpoint = { address: IpAddress.parse(text), port: KUBELET_PORT };
      try {
        server.#listeners.push(
          await listenTcp(namespace, endpoint, (socket) => server.#accept(socket)),
        );
      } catch (error) {
        // A machine without IPv6 has no :: to listen on.
        if (text === "::") continue;
        await server[Symbol.asyncDispose]();
        throw error;
      }
    }
    return server;
  }

  #accept(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    this.#server.emit("connection", socket);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { pathname, searchParams } = urlOf(request);
      if (pathname === "/healthz") {
        response.end("ok");
        return;
      }
      this.#authorise(request);
      const [, what, namespace = "", pod = "", container = ""] = pathname
        .split("/")
        .map(decodeURIComponent);
      if (what === "pods") this.#listPods(response);
      else if (what === "containerLogs")
        await this.#sendLogs(response, this.#find(namespace, pod, container), searchParams);
      else if (what === "exec" || what === "attach" || what === "portForward") {
        throw new HttpError(
          400,
          `unable to upgrade: ${what} takes a WebSocket; SPDY is not supported by the lab's kubelet`,
        );
      } else throw new HttpError(404, "404 page not found");
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(status, { "content-type": "text/plain; charset=utf-8" })
          .end(`${message}\n`);
    }
  }

  /** Only who has the certificate of the API server; others could run programs in any pod. */
  #authorise({ socket }: IncomingMessage): void {
    const secure = socket as TLSSocket;
    if (!secure.authorized) throw new HttpError(401, "Unauthorized");
    const { subject } = secure.getPeerCertificate();
    const name = (subject as { CN?: string | string[] } | undefined)?.CN;
    if (name !== this.#clientName) throw new HttpError(403, `Forbidden (user=${String(name)})`);
  }

  #find(namespace: string, pod: string, container: string): Target {
    const worker = this.#kubelet.worker(namespace, pod);
    if (worker === undefined)
      throw new HttpError(
        404,
        `pod ${JSON.stringify(pod)} not found in namespace ${JSON.stringify(namespace)}`,
      );
    const name = container === "" ? (worker.pod.spec.containers[0]?.name ?? "") : container;
    const record = worker.records.find((candidate) => candidate.container.name === name);
    if (record === undefined)
      throw new HttpError(
        404,
        `container ${JSON.stringify(name)} not found in pod ${JSON.stringify(pod)}`,
      );
    return { worker, record };
  }

  #listPods(response: ServerResponse): void {
    const items = this.#kubelet.workers().map(({ pod }) => pod);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: {}, items }));
  }

  async #sendLogs(
    response: ServerResponse,
    { worker, record }: Target,
    parameters: URLSearchParams,
  ): Promise<void> {
    const { query, isPrevious } = parseLogQuery(parameters, Date.now());
    const { name } = record.container;
    const run = isPrevious ? record.previous : record.run;
    if (run === undefined) {
      const { metadata } = worker.pod;
      throw isPrevious
        ? new HttpError(
            400,
            `previous terminated container ${JSON.stringify(name)} in pod ${JSON.stringify(metadata.name)} not found`,
          )
        : new HttpError(
            400,
            `container ${JSON.stringify(name)} in pod ${JSON.stringify(metadata.name)} is waiting to start: ${record.waiting?.reason ?? idleReason(worker.pod)}`,
          );
    }
    response.writeHead(200, { "content-type": "text/plain" });
    response.flushHeaders();
    const abort = new AbortController();
    response.once("close", () => abort.abort());
    const live = isPrevious ? undefined : record.log;
    const path = worker.folders.log(name, run.attempt);
    for await (const bytes of readLog(
      path,
      query,
      live,
      AbortSignal.any([abort.signal, this.#abort.signal]),
    )) {
      if (!response.write(bytes))
        await Promise.race([once(response, "drain"), once(response, "close")]);
    }
    response.end();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    let serve: (webSocket: WebSocket) => void;
    try {
      this.#authorise(request);
      serve = this.#streamOf(request);
      if (checkProtocol(request.headers, urlOf(request))) this.#tunnels.add(request);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 500;
      const message = error instanceof Error ? error.message : String(error);
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(message)}\r\nconnection: close\r\n\r\n${message}`,
      );
      return;
    }
    if (this.#tunnels.has(request)) delete request.headers["sec-websocket-protocol"];
    this.#webSockets.handleUpgrade(request, socket, head, serve);
  }

  #streamOf(request: IncomingMessage): (socket: WebSocket) => void {
    const { pathname, searchParams } = urlOf(request);
    const parts = pathname.split("/").map(decodeURIComponent);
    const [, what, namespace = "", pod = ""] = parts;
    const container = parts.at(-1) ?? "";
    if (what === "portForward") {
      const { worker } = this.#find(namespace, pod, "");
      return this.#forwardOf(worker, request, searchParams.getAll("port"));
    }
    const { worker, record } = this.#find(namespace, pod, container);
    const asked = execRequestOf(searchParams);
    const here = worker.here();
    if (here === undefined || record.process?.isRunning !== true) {
      throw new HttpError(
        500,
        what === "attach"
          ? `container ${record.container.name} not found in pod ${pod}_${namespace}`
          : `container not found (${JSON.stringify(record.container.name)})`,
      );
    }
    if (what === "attach") return (socket) => serveAttach(socket, record, asked);
    if (what !== "exec") throw new HttpError(404, "404 page not found");
    return (socket) => serveExec(socket, record, here, asked);
  }

  #forwardOf(
    worker: PodWorker,
    request: IncomingMessage,
    ports: readonly string[],
  ): (socket: WebSocket) => void {
    const { sandbox } = worker;
    const { name, namespace } = worker.pod.metadata;
    if (sandbox === undefined) throw new HttpError(500, `pod not found ("${name}_${namespace}")`);
    const networkPath =
      sandbox.namespace === undefined
        ? `/proc/${sandbox.process.pid}/ns/net`
        : namespacePath(sandbox.namespace);
    const target = { networkPath, id: sandbox.id };
    return (socket) => {
      if (this.#tunnels.has(request)) servePortForward(socket, target);
      else servePortChannels(socket, target, ports.map(Number));
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    const closed = this.#listeners.map((listener) => once(listener, "close"));
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#webSockets.close();
    this.#server.closeAllConnections();
    await Promise.all(closed);
  }
}

function urlOf({ url = "/" }: IncomingMessage): URL {
  return new URL(url, "https://kubelet");
}
