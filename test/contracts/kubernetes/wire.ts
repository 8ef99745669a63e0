/** Requests as they go over the wire: the contract is about answers, not about a client of them. */
import { Agent, request } from "node:https";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Endpoint } from "#kube";

const ANSWER_TIMEOUT_MS = 30_000;

export interface Question {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Connections to one server as one user. */
export class Wire implements Disposable {
  readonly #endpoint: Endpoint;
  readonly #agent: Agent;

  constructor(endpoint: Endpoint, agent = new Agent({ keepAlive: true })) {
    this.#endpoint = endpoint;
    this.#agent = agent;
  }

  /** To the same server, without credentials. */
  asNobody(): Wire {
    const { url, tls } = this.#endpoint;
    return new Wire({ url, headers: {}, tls: tls.ca === undefined ? {} : { ca: tls.ca } });
  }

  /** The same, as whoever has the token; shares connections. */
  as(token: string): Wire {
    const { url, tls } = this.#endpoint;
    return new Wire({ url, headers: { Authorization: `Bearer ${token}` }, tls }, this.#agent);
  }

  /** With `lines`, only so many of an answer that may go on for ever. */
  async ask(question: Question, lines = Infinity): Promise<Answer> {
    const response = await this.#send(question);
    let body = "";
    response.setEncoding("utf8");
    for await (const piece of response) {
      body += String(piece);
      // Leaving the loop ends the connection, as a watcher does who has seen enough.
      if (body.split("\n").length > lines) break;
    }
    const { statusCode: status = 0, headers } = response;
    return { status, headers, body: body.split("\n").slice(0, lines).join("\n") };
  }

  #send({ method, path, headers, body }: Question): Promise<IncomingMessage> {
    const { url, tls, headers: credentials } = this.#endpoint;
    // Node leaves it out of requests to delete, and their bodies are then taken for requests.
    const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const all = { ...credentials, ...headers, ...length };
    const options = { ...tls, agent: this.#agent, method, headers: all };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, url), options, resolve);
      sent.on("error", reject);
      sent.setTimeout(ANSWER_TIMEOUT_MS, () => {
        sent.destroy(new Error(`${method} ${path}: no answer within ${ANSWER_TIMEOUT_MS} ms`));
      });
      sent.end(body);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
