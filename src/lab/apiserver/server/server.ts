/** The server: its parts, its sockets, and how it ends. */
import { constants } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { AppError, AsyncScope, Cidr, type Clock, ConfigError, systemClock } from "#base";
import { type Logger, silentLogger } from "#base/log";
import { createRegistry } from "../schema/registry.ts";
import { createSchemaSet } from "../schema/schema-set.ts";
import { ObjectStore } from "../store/object-store.ts";
import { Authenticator } from "./authentication.ts";
import { type Advertised, bootstrap } from "./bootstrap.ts";
import type { ApiContext } from "./context.ts";
import { DefinitionController } from "./definition-controller.ts";
import { EventExpiry } from "./event-expiry.ts";
import { ServiceAllocator } from "./kinds/service-allocator.ts";
import { KubeletProxy } from "./kubelet-proxy.ts";
import { OpenApiDocuments } from "./open-api.ts";
import { Router } from "./router.ts";
import { TokenIssuer } from "./tokens.ts";

/** All PEM. */
export interface ApiServerPki {
  /** Signs the certificates of clients and kubelets; given to pods to know the server by. */
  readonly caCert: string;
  readonly serverCert: string;
  readonly serverKey: string;
  /** Private; signs the tokens of service accounts. RSA, or of the curve P-256. */
  readonly serviceAccountKey: string;
  /** What the server shows to kubelets. */
  readonly kubeletClientCert: string;
  readonly kubeletClientKey: string;
}

export interface ApiServerOptions {
  /** Port 0 takes one that is free. */
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  /** Where the objects are kept; made if it is not there. */
  readonly folder: string;
  readonly pki: ApiServerPki;
  /** One of a family, or two of both; the first is preferred. */
  readonly serviceCidrs: readonly string[];
  /** Where pods find the server, for the Service `kubernetes`; else the first of `listen`. */
  readonly advertise?: Advertised;
  readonly clock?: Clock;
  readonly log?: Logger;
}

export interface ApiServer extends AsyncDisposable {
  /** Where it listens, in the order of the options. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
}

/** Clients of Go keep idle connections for 90 seconds; who closes later never meets a request. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_TIMEOUT_MS = 30_000;
/** How long those who are being answered are let finish at the end. */
const CLOSE_GRACE_MS = 1_000;

/** Resolves once it answers. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  await using scope = new AsyncScope();
  const { pki } = options;
  const context = openContext(options, scope);
  let open: (router: Router) => void = () => {};
  const opened = new Promise<Router>((resolve) => {
    open = resolve;
  });
  const listeners = options.listen.map(() => createListener(pki));
  const ending = new AbortController();
  for (const listener of listeners) attach(listener, opened, ending.signal);
  const addresses: { host: string; port: number }[] = [];
  for (const [index, listener] of listeners.entries()) {
    const wanted = options.listen[index] ?? { host: "127.0.0.1", port: 0 };
    // oxlint-disable-next-line no-await-in-loop -- one after the other, so that errors name theirs
    addresses.push(await listen(listener, wanted, scope));
  }
  const [first] = addresses;
  if (first === undefined)
    throw new ConfigError("listen", "name at least one address to listen at");
  await bootstrap(context, options.advertise ?? first);
  // Who goes on from before that has read from another cluster.
  context.store.forgetHistory();
  scope.use(new DefinitionController(context));
  scope.use(new EventExpiry(context));
  const kubelets = new KubeletProxy(context, {
    ca: pki.caCert,
    cert: pki.kubeletClientCert,
    key: pki.kubeletClientKey,
  });
  scope.defer(() => kubelets.close());
  open(
    new Router({
      context,
      authenticator: new Authenticator(context.tokens, context.store),
      kubelets,
      openApi: new OpenApiDocuments(context.schemas),
      address: `${first.host}:${first.port}`,
    }),
  );
  // The first to happen at the end: what lasts is told to, before its sockets are waited for.
  scope.defer(() => ending.abort());
  const owned = scope.move();
  return { addresses, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function openContext(options: ApiServerOptions, scope: AsyncScope): ApiContext {
  const { folder, pki, serviceCidrs, clock = systemClock, log = silentLogger } = options;
  const cidrs = serviceCidrs.map((text) => {
    const cidr = Cidr.tryParse(text);
    if (cidr !== undefined) return cidr;
    throw new ConfigError("serviceCidrs", `${JSON.stringify(text)} is no range of addresses`);
  });
  if (cidrs.length === 0) throw new ConfigError("serviceCidrs", "name one range, or one a family");
  return {
    store: scope.use(ObjectStore.open(folder)),
    schemas: createSchemaSet(createRegistry()),
    clock,
    log,
    services: new ServiceAllocator(cidrs),
    tokens: new TokenIssuer(pki.serviceAccountKey, clock),
  };
}

/** Sessions are not resumed: a resumed one need not show its client's certificate again. */
function createListener({ caCert, serverCert, serverKey }: ApiServerPki): Server {
  const server = createServer({
    ca: caCert,
    cert: serverCert,
    key: serverKey,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    secureOptions: constants.SSL_OP_NO_TICKET,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: 0,
  });
  return server;
}

async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
  scope: AsyncScope,
): Promise<{ host: string; port: number }> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const why = cause.code === "EADDRINUSE" ? "another program has it" : cause.message;
      reject(new AppError("listen", `cannot listen at ${host}:${port}: ${why}`, { cause }));
    });
    server.listen(port, host, () => resolve());
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  scope.defer(() => close(server, sockets));
  return { host, port: (server.address() as AddressInfo).port };
}

/** Who comes before the server is ready is answered once it is. */
function attach(server: Server, opened: Promise<Router>, ending: AbortSignal): void {
  const running = new Set<AbortController>();
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const gone = new AbortController();
    running.add(gone);
    response.on("close", () => {
      running.delete(gone);
      gone.abort();
    });
    if (ending.aborted) gone.abort();
    void opened.then((router) => router.serve(request, response, gone.signal));
  });
  // Not AbortSignal.any: in Node 20 a signal that lives on keeps all that were made of it.
  const endAll = (): void => {
    for (const one of running) one.abort();
  };
  ending.addEventListener("abort", endAll, { once: true });
  server.on("upgrade", (request, socket, head) => {
    void opened.then((router) => router.serveUpgrade(request, socket, head));
  });
}

/** What lasts was told to end; what does not end in a moment is cut off. */
async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  await new Promise<void>((resolve) => {
    const cut = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
