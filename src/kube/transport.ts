/** Requests over HTTPS with connections that are kept. */
import { setMaxListeners } from "node:events";
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from "node:https";

import { KubeError, UNREACHABLE } from "./error.ts";

/** What goes with a request to prove who asks; asked for anew each time, as tokens change. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsCredentials;
  /** Where a kubeconfig names a proxy. */
  readonly agent?: HttpsAgent | undefined;
}

export interface TlsCredentials {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
}

export interface Request {
  method: string;
  /** With its query. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array | undefined;
  signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** What is enough for any request that is not a stream; also the wait for a stream's beginning. */
const REQUEST_TIMEOUT_MS = 30_000;
/** As a list of a very large cluster, asked for in one piece. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** How soon the kernel asks a silent peer whether it is there. */
const TCP_KEEPALIVE_MS = 15_000;
const MAX_IDLE_CONNECTIONS = 8;

/** One server, and who we are to it. */
export class Transport implements Disposable {
  readonly url: URL;
  readonly #credentials: () => Credentials | Promise<Credentials>;
  readonly #agent: HttpAgent;

  constructor(url: URL, credentials: () => Credentials | Promise<Credentials>) {
    this.url = url;
    this.#credentials = credentials;
    const options = {
      keepAlive: true,
      keepAliveMsecs: TCP_KEEPALIVE_MS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS,
    };
    this.#agent = url.protocol === "http:" ? new HttpAgent(options) : new HttpsAgent(options);
  }

  async credentials(): Promise<Credentials> {
    return this.#credentials();
  }

  /** The whole answer, whatever its status. Rejects with KubeError `Unreachable`, or the abort. */
  async fetch(request: Request): Promise<Answer> {
    using deadline = new Deadline(REQUEST_TIMEOUT_MS, request.signal);
    try {
      const response = await this.#send(request, deadline.signal);
      const { statusCode = 0, headers } = response;
      return { status: statusCode, headers, body: await readAll(response) };
    } catch (error) {
      throw this.#failure(request, deadline, error);
    }
  }

  /** The answer as it comes: for its reader, who reads it to its end or destroys it. */
  async open(request: Request): Promise<IncomingMessage> {
    const deadline = new Deadline(REQUEST_TIMEOUT_MS, request.signal);
    try {
      const response = await this.#send(request, deadline.signal);
      deadline.meet();
      response.once("close", () => deadline[Symbol.dispose]());
      response.socket.setKeepAlive(true, TCP_KEEPALIVE_MS);
      return response;
    } catch (error) {
      deadline[Symbol.dispose]();
      throw this.#failure(request, deadline, error);
    }
  }

  /** What a body that breaks off is to its reader. */
  unreachable(path: string, cause: unknown): KubeError {
    return this.#unreachable({ method: "GET", path }, cause);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #send(request: Request, signal: AbortSignal): Promise<IncomingMessage> {
    const credentials = await this.#credentials();
    signal.throwIfAborted();
    try {
      return await this.#sendOnce(request, credentials, signal);
    } catch (error) {
      // A kept connection that the server was just closing: nothing of a GET can have happened.
      if (request.method !== "GET" || !(error instanceof StaleConnectionError)) throw error;
      return this.#sendOnce(request, credentials, signal);
    }
  }

  #sendOnce(
    { method, path, headers, body }: Request,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const options: RequestOptions = {
      ...credentials.tls,
      method,
      headers: {
        ...credentials.headers,
        ...headers,
        ...(body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) }),
      },
      agent: credentials.agent ?? this.#agent,
      signal,
    };
    const url = new URL(joined(this.url, path));
    return new Promise((resolve, reject) => {
      const send = this.url.protocol === "http:" ? httpRequest : httpsRequest;
      const sent = send(url, options, resolve);
      sent.on("error", (error: NodeJS.ErrnoException) => {
        const isStale = sent.reusedSocket && error.code === "ECONNRESET";
        reject(isStale ? new StaleConnectionError(error.message, { cause: error }) : error);
      });
      sent.end(body);
    });
  }

  #failure(request: Request, { signal }: Deadline, error: unknown): unknown {
    if (request.signal?.aborted === true) return request.signal.reason;
    return this.#unreachable(request, signal.aborted ? signal.reason : error);
  }

  #unreachable({ method, path }: Request, cause: unknown): KubeError {
    if (cause instanceof KubeError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${method} ${joined(this.url, path)}: ${reason === "" ? "no connection" : reason}`;
    return new KubeError(0, { reason: UNREACHABLE, message }, cause);
  }
}

class StaleConnectionError extends Error {}

/**
 * A signal of one request: aborted with another one, or when time is up. It lets go of the other,
 * which may live much longer, when disposed of.
 */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort: () => void;

  constructor(ms: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.#onAbort = () => this.#controller.abort(outer?.reason);
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`no answer within ${ms / 1_000} s`));
    }, ms);
    // A signal may end any number of requests; Node takes more than ten for a leak.
    if (outer !== undefined) setMaxListeners(0, outer);
    if (outer?.aborted === true) this.#onAbort();
    outer?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Time cannot be up any more. */
  meet(): void {
    clearTimeout(this.#timer);
  }

  [Symbol.dispose](): void {
    this.meet();
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }
}

/** A server may be behind a path of its own: `https://rancher/k8s/clusters/c-1`. */
function joined(server: URL, path: string): string {
  return `${server.origin}${server.pathname.replace(/\/$/, "")}${path}`;
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES)
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
