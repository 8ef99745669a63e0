/** A server in a folder of its own, and a client with an administrator's certificate: for tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, type RequestOptions } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertDefined } from "#base";
import { type ApiServer, startApiServer } from "./server.ts";
import { TEST_PKI } from "./test-pki.ts";

export interface Answered {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
  /** The text as JSON; a test that asks for it knows that it is. */
  readonly body: Body;
}

/** JSON of which a test knows what is in it. */
// oxlint-disable-next-line typescript/no-explicit-any -- every test would cast it otherwise
export type Body = any;

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** "nobody" shows no certificate, "stranger" one of another CA. */
  readonly as?: "admin" | "nobody" | "stranger";
}

const CREDENTIALS = {
  admin: { cert: TEST_PKI.adminCert, key: TEST_PKI.adminKey },
  stranger: { cert: TEST_PKI.strangerCert, key: TEST_PKI.strangerKey },
  nobody: {},
} as const;

export class TestServer implements AsyncDisposable {
  readonly folder: string;
  #server: ApiServer;
  readonly #agent = new Agent({ keepAlive: true, ca: TEST_PKI.caCert, ...CREDENTIALS.admin });

  private constructor(folder: string, server: ApiServer) {
    this.folder = folder;
    this.#server = server;
  }

  static async start(): Promise<TestServer> {
    const folder = mkdtempSync(join(tmpdir(), "apiserver-"));
    return new TestServer(folder, await start(folder));
  }

  get port(): number {
    return assertDefined(this.#server.addresses[0], "a server listens somewhere").port;
  }

  /** The same objects, served by a new server. */
  async restart(): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#server = await start(this.folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    await this.#server[Symbol.asyncDispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A request that is not answered yet: for watches and upgrades. */
  open(
    method: string,
    path: string,
    { headers = {}, as = "admin" }: AskOptions = {},
  ): ReturnType<typeof httpsRequest> {
    const options: RequestOptions = { host: "127.0.0.1", port: this.port, method, path, headers };
    if (as === "admin") return httpsRequest({ ...options, agent: this.#agent });
    return httpsRequest({ ...options, agent: false, ca: TEST_PKI.caCert, ...CREDENTIALS[as] });
  }

  async ask(
    method: string,
    path: string,
    body?: object | Uint8Array,
    options: AskOptions = {},
  ): Promise<Answered> {
    const isBytes = body instanceof Uint8Array;
    const bytes = body === undefined || isBytes ? body : Buffer.from(JSON.stringify(body));
    const described =
      bytes === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(bytes.length) };
    const headers = { ...described, ...options.headers };
    const request = this.open(method, path, { ...options, headers });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on("response", resolve).on("error", reject).end(bytes);
    });
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      get body() {
        return JSON.parse(text);
      },
    };
  }

  /** Creates an object; a failure is thrown. */
  async create(path: string, body: object): Promise<Body> {
    const answer = await this.ask("POST", path, body);
    if (answer.status !== 201) throw new Error(`${path}: ${answer.text}`);
    return answer.body;
  }
}

/** The body of a test, with a server in which the default namespace has its service account. */
export function withServer(run: (api: TestServer) => Promise<void>): () => Promise<void> {
  return async () => {
    await using api = await TestServer.start();
    const accounts = "/api/v1/namespaces/default/serviceaccounts";
    await api.create(accounts, { metadata: { name: "default" } });
    await run(api);
  };
}

function start(folder: string): Promise<ApiServer> {
  const { adminCert, adminKey, caCert, serverCert, serverKey, serviceAccountKey } = TEST_PKI;
  return startApiServer({
    listen: [{ host: "127.0.0.1", port: 0 }],
    folder,
    pki: {
      caCert,
      serverCert,
      serverKey,
      serviceAccountKey,
      kubeletClientCert: adminCert,
      kubeletClientKey: adminKey,
    },
    serviceCidrs: ["10.201.0.0/16", "fd32:1::/112"],
    advertise: { host: "172.30.1.1", port: 6443 },
  });
}

/** A Pod that the server lets in; merged with what is given. */
export function podManifest(name: string, spec: object = {}, metadata: object = {}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...metadata },
    spec: { containers: [{ name: "main", image: "nginx" }], ...spec },
  };
}
