/** Logs, exec, attach and port-forward: passed on to the kubelet of the Pod's node. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type { KubeObject } from "../schema/types.ts";
import { objectKey } from "../store/keys.ts";
import type { ApiContext } from "./context.ts";
import { notFound, notSupported, statusObject, toStatusError, unavailable } from "./errors.ts";
import { asText, numberAt, recordsAt, textAt } from "./json.ts";
import { isTrue } from "./request.ts";
import { refuseStream } from "./stream-refusal.ts";

const KUBELET_PORT = 10_250;
const CONNECT_TIMEOUT_MS = 10_000;
const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

/** How the server proves to kubelets who it is, and knows them. PEM. */
interface KubeletCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

type KubeletSubresource = "log" | "exec" | "attach" | "portforward";

export function isKubeletSubresource(name: string): name is KubeletSubresource {
  return name === "log" || name === "exec" || name === "attach" || name === "portforward";
}

/** What goes on as it came. */
const LOG_PARAMS = [
  "follow",
  "previous",
  "timestamps",
  "sinceSeconds",
  "sinceTime",
  "tailLines",
  "limitBytes",
  "insecureSkipTLSVerifyBackend",
  "stream",
];
/** Names that the kubelet has for the parameters of the API. */
const STREAM_PARAMS: Readonly<Record<string, string>> = {
  stdin: "input",
  stdout: "output",
  stderr: "error",
  tty: "tty",
};

export interface KubeletTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

export class KubeletProxy {
  readonly #context: ApiContext;
  readonly #credentials: KubeletCredentials;
  readonly #open = new Set<Duplex>();

  constructor(context: ApiContext, credentials: KubeletCredentials) {
    this.#context = context;
    this.#credentials = credentials;
  }

  /** Ends what goes through it. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  /** Throws where the request cannot be passed on. */
  target(
    subresource: KubeletSubresource,
    namespace: string,
    name: string,
    params: URLSearchParams,
  ): KubeletTarget {
    const { store } = this.#context;
    const stored = store.get(objectKey({ group: "", plural: "pods", namespace, name }));
    if (stored === undefined) throw notFound({ group: "", plural: "pods" }, name);
    const pod = stored.object as unknown as KubeObject;
    const path = kubeletPath(subresource, pod, params);
    const node = textAt(pod, "spec", "nodeName");
    if (node === "") throw badRequest(`pod ${name} does not have a host assigned`);
    return { ...this.#addressOf(node), path };
  }

  #addressOf(name: string): { host: string; port: number } {
    const stored = this.#context.store.get(objectKey({ group: "", plural: "nodes", name }));
    if (stored === undefined) throw notFound({ group: "", plural: "nodes" }, name);
    const addresses = recordsAt(stored.object, "status", "addresses");
    const address = addresses.find(({ type }) => type === "InternalIP");
    if (address === undefined) throw unavailable(`node ${name} has no InternalIP address yet`);
    const port = numberAt(stored.object, "status", "daemonEndpoints", "kubeletEndpoint", "Port");
    return { host: asText(address["address"]), port: port || KUBELET_PORT };
  }

  /** A plain request: logs. The answer comes as the kubelet gives it, for as long as it lasts. */
  async forward(
    target: KubeletTarget,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const upstream = httpsRequest({ ...this.#options(target), method: "GET", signal });
      upstream.on("error", (error) => reject(unreachable(target, error)));
      upstream.on("response", (answer) => {
        upstream.setTimeout(0);
        if ((answer.statusCode ?? 500) >= 400) {
          void refusal(answer).then(reject, reject);
          return;
        }
        const type = answer.headers["content-type"] ?? "text/plain";
        response.writeHead(answer.statusCode ?? 200, { "content-type": type });
        response.flushHeaders();
        answer.on("error", () => response.destroy());
        answer.pipe(response);
        response.on("close", resolve);
      });
      upstream.end();
    });
  }

  /** A connection that changes its protocol: from then on bytes go both ways, untouched. */
  upgrade(target: KubeletTarget, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { host: _host, authorization: _authorization, ...headers } = request.headers;
    const upstream = httpsRequest({
      ...this.#options(target),
      method: "GET",
      headers: { ...headers, host: `${target.host}:${target.port}` },
    });
    const refuse = (error: StatusError): void => {
      if (!refuseStream(socket, request, error)) refuseUpgrade(socket, error);
    };
    upstream.on("error", (error) => refuse(unreachable(target, error)));
    upstream.on("response", (answer) => {
      void refusal(answer).then((error) => refuse(notUpgraded(error)));
    });
    upstream.on("upgrade", (answer, kubelet, kubeletHead) => {
      upstream.setTimeout(0);
      const lines = rawHeaderLines(answer.rawHeaders);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n\r\n`);
      if (kubeletHead.length > 0) socket.write(kubeletHead);
      if (head.length > 0) kubelet.write(head);
      this.#join(socket, kubelet);
    });
    upstream.end();
  }

  #join(one: Duplex, other: Duplex): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      this.#open.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#open.delete(from);
        to.destroy();
      });
    }
  }

  #options({ host, port, path }: KubeletTarget): RequestOptions {
    const { ca, cert, key } = this.#credentials;
    return { host, port, path, ca, cert, key, agent: false, timeout: CONNECT_TIMEOUT_MS };
  }
}

function kubeletPath(
  subresource: KubeletSubresource,
  pod: KubeObject,
  params: URLSearchParams,
): string {
  const { namespace = "", name = "" } = pod.metadata;
  const id = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  const query = new URLSearchParams();
  if (subresource === "portforward") {
    for (const port of params.getAll("ports")) query.append("port", port);
    return withQuery(`/portForward/${id}`, query);
  }
  const container = encodeURIComponent(containerOf(pod, params.get("container") ?? ""));
  if (subresource === "log") {
    for (const key of LOG_PARAMS) {
      const value = params.get(key);
      if (value !== null) query.set(key, value);
    }
    return withQuery(`/containerLogs/${id}/${container}`, query);
  }
  for (const [from, to] of Object.entries(STREAM_PARAMS)) {
    if (isTrue(params.get(from))) query.set(to, "1");
  }
  if (!["input", "output", "error"].some((key) => query.has(key))) {
    throw badRequest("you must specify at least 1 of stdin, stdout, stderr");
  }
  for (const command of params.getAll("command")) query.append("command", command);
  return withQuery(`/${subresource}/${id}/${container}`, query);
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** The one asked for, the only one, or the one that the Pod names as its default. */
function containerOf(pod: KubeObject, asked: string): string {
  const name = pod.metadata.name ?? "";
  const namesAt = (field: string): string[] =>
    recordsAt(pod, "spec", field).map((container) => asText(container["name"]));
  const containers = namesAt("containers");
  const init = namesAt("initContainers");
  const all = [...containers, ...init, ...namesAt("ephemeralContainers")];
  if (asked !== "") {
    if (all.includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only, second] = containers;
  if (only !== undefined && second === undefined) return only;
  const preferred = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (preferred !== undefined && containers.includes(preferred)) return preferred;
  const choice = `choose one of: [${containers.join(" ")}]`;
  const initChoice = init.length === 0 ? "" : ` or one of the init containers: [${init.join(" ")}]`;
  throw badRequest(`a container name must be specified for pod ${name}, ${choice}${initChoice}`);
}

/** Refuses what is no WebSocket: SPDY is what older kubectls try. */
export function checkUpgrade(request: IncomingMessage): void {
  const upgrade = (request.headers.upgrade ?? "").toLowerCase();
  if (upgrade === "websocket") return;
  if (upgrade === "") throw badRequest("unable to upgrade: missing upgrade headers in request");
  throw notSupported(`streaming over ${upgrade} (kubectl 1.31 and later use WebSockets)`);
}

/** Answers over the bare socket of an upgrade that does not come about, and closes it. */
export function refuseUpgrade(socket: Duplex, error: unknown): void {
  if (socket.destroyed) return;
  const status = toStatusError(error);
  const body = `${JSON.stringify(statusObject(status))}\n`;
  socket.end(
    `HTTP/1.1 ${status.status} ${status.reason}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const MAX_REFUSAL_BYTES = 64 * 1024;

async function refusal(answer: IncomingMessage): Promise<StatusError> {
  let text = "";
  try {
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.length > MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // What came before the connection broke says enough.
  }
  const code = answer.statusCode ?? 500;
  const reasons: Record<number, string> = { 400: "BadRequest", 404: "NotFound" };
  const message = messageOf(text) || `the kubelet answered ${code}`;
  return new StatusError(code, reasons[code] ?? "InternalError", message);
}

/** Of a Status, and else the text itself. */
function messageOf(text: string): string {
  try {
    return textAt(JSON.parse(text), "message") || text.trim();
  } catch {
    return text.trim();
  }
}

function notUpgraded({ status, reason, message }: StatusError): StatusError {
  const prefix = "Internal error occurred: unable to upgrade connection: ";
  return new StatusError(status, reason, `${prefix}${message}`);
}

function unreachable({ host, port }: KubeletTarget, error: Error): StatusError {
  const message = `Internal error occurred: error sending request to the kubelet at ${host}:${port}: ${error.message}`;
  return new StatusError(500, "InternalError", message);
}

function rawHeaderLines(raw: readonly string[]): string {
  const lines: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    lines.push(`${raw[index]}: ${raw[index + 1]}`);
  }
  return lines.join("\r\n");
}
