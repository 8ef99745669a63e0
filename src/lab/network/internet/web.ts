import { once } from "node:events";
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server as HttpServer,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import { AppError, AsyncScope, IpAddress } from "#base";
import { listenTcp, type NamespaceRef } from "#netlink";

/** A certificate and its key, both PEM; the certificate with those that it needs beside it. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate for a host's name, signed by the lab's authority. */
export type IssueCertificate = (name: string) => Certificate | Promise<Certificate>;

interface WebOptions {
  readonly namespace: NamespaceRef;
  readonly hasIpv6: boolean;
  readonly isHost: (name: string) => boolean;
  readonly issue: IssueCertificate;
}

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
/** Any name under a cloud's domain gets one. */
const MAX_CERTIFICATES = 500;

type ContextDone = (error: Error | null, context?: SecureContext) => void;

/** One server of each kind stands for every host, whatever address it is asked at. */
export async function startWeb(options: WebOptions): Promise<AsyncDisposable> {
  await using scope = new AsyncScope();
  const contexts = new Map<string, Promise<SecureContext>>();
  const contextOf = (name: string): Promise<SecureContext> => {
    const known = contexts.get(name);
    if (known !== undefined) return known;
    if (contexts.size >= MAX_CERTIFICATES) contexts.clear();
    const made = makeContext(name, options.issue);
    contexts.set(name, made);
    // Another time it may go well.
    made.catch(() => contexts.delete(name));
    return made;
  };
  const chooseContext = async (name: string, done: ContextDone): Promise<void> => {
    let context: SecureContext;
    try {
      if (!options.isHost(name)) throw new AppError("name", `no host is called ${name}`);
      context = await contextOf(name);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, context);
  };
  const handler: RequestListener = (request, response) => respond(request, response, options);
  const https = createHttps(
    {
      SNICallback: (name, done) => void chooseContext(name.toLowerCase(), done),
    },
    handler,
  );
  const http = createHttp(handler);
  for (const [server, port] of [
    [http, HTTP_PORT],
    [https, HTTPS_PORT],
  ] as const) {
    scope.defer(() => server.closeAllConnections());
    for (const text of options.hasIpv6 ? ["0.0.0.0", "::"] : ["0.0.0.0"]) {
      scope.use(await listen(options.namespace, server, { text, port }));
    }
  }
  return scope.move();
}

async function listen(
  namespace: NamespaceRef,
  server: HttpServer,
  { text, port }: { text: string; port: number },
): Promise<AsyncDisposable> {
  const address = IpAddress.parse(text);
  const listener = await listenTcp(namespace, { address, port }, (socket) => {
    server.emit("connection", socket);
  });
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function makeContext(name: string, issue: IssueCertificate): Promise<SecureContext> {
  const { certificate, key } = await issue(name);
  return createSecureContext({ cert: certificate, key });
}

function respond(request: IncomingMessage, response: ServerResponse, { isHost }: WebOptions): void {
  const host = (request.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
  // What is sent with a question is taken and thrown away.
  request.resume();
  const isSecure = "encrypted" in request.socket;
  const body = {
    host,
    protocol: isSecure ? "https" : "http",
    method: request.method,
    path: request.url,
    client: (request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
  };
  response.writeHead(isHost(host) || IpAddress.tryParse(host) !== undefined ? 200 : 404, {
    "content-type": "application/json",
    server: "ciliate-internet",
  });
  response.end(`${JSON.stringify(body)}\n`);
}
