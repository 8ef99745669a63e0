/** Logs, exec, attach and port-forward: passed on to the kubelet of the Pod's node. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { badRequest, StatusError } from "../schema/status-error.ts";
import type { KubeObject } from "../schema/types.ts";
import { objectKey } from "../store/keys.ts";
import type { ApiContext } from "./context.ts";
import { notFound, statusObject, toStatusError, unavailable } from "./errors.ts";
import { asText, numberAt, recordsAt, textAt } from "./json.ts";
import {
  checkLogOptions,
  containerOf,
  kubeletPath,
  type KubeletSubresource,
} from "./kubelet-path.ts";

const KUBELET_PORT = 10_250;
const CONNECT_TIMEOUT_MS = 10_000;

/** How the server proves to kubelets who it is, and knows them. PEM. */
interface KubeletCredentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

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

  /** Throws where the request cannot be passed on; undefined where a pod can have no logs yet. */
  target(
    subresource: KubeletSubresource,
    namespace: string,
    name: string,
    params: URLSearchParams,
  ): KubeletTarget | undefined {
    if (subresource === "log") checkLogOptions(name, params);
    const { store } = this.#context;
    const stored = store.get(objectKey({ group: "", plural: "pods", namespace, name }));
    if (stored === undefined) throw notFound({ group: "", plural: "pods" }, name);
    const pod = stored.object as unknown as KubeObject;
    const container =
      subresource === "portforward" ? "" : containerOf(pod, params.get("container") ?? "");
    const node = textAt(pod, "spec", "nodeName");
    if (node === "") {
      if (subresource === "log") return undefined;
      throw badRequest(`pod ${name} does not have a host assigned`);
    }
    const path = kubeletPath(subresource, pod, container, params);
    return { ...this.#addressOf(node), path };
  }

  #addressOf(name: string): { host: string; port: number } {
    const stored = this.#context.store.get(objectKey({ group: "", plural: "nodes", name }));
    // In the words of a real one, which takes the node for a pod here.
    if (stored === undefined) throw notFound({ group: "", plural: "pods" }, name);
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
      headers: { ...headers, host: authority(target) },
    });
    upstream.on("error", (error) => refuseUpgrade(socket, unreachable(target, error)));
    upstream.on("response", (answer) => void passRefusal(answer, socket));
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

/** What the kubelet says of it goes on as it is. */
async function passRefusal(answer: IncomingMessage, socket: Duplex): Promise<void> {
  const text = await textOf(answer);
  if (socket.destroyed) return;
  const status = answer.statusCode ?? 500;
  const type = answer.headers["content-type"] ?? "text/plain; charset=utf-8";
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${type}\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
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

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of answer) {
      text += String(chunk);
      if (text.length > MAX_REFUSAL_BYTES) break;
    }
  } catch {
    // What came before the connection broke says enough.
  }
  return text;
}

async function refusal(answer: IncomingMessage): Promise<StatusError> {
  const text = await textOf(answer);
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

function authority({ host, port }: KubeletTarget): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function unreachable(target: KubeletTarget, error: Error): StatusError {
  const message = `Internal error occurred: error sending request to the kubelet at ${authority(target)}: ${error.message}`;
  return new StatusError(500, "InternalError", message);
}

function rawHeaderLines(raw: readonly string[]): string {
  const lines: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    lines.push(`${raw[index]}: ${raw[index + 1]}`);
  }
  return lines.join("\r\n");
}
