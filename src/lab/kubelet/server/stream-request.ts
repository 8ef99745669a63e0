import type { IncomingHttpHeaders } from "node:http";
import { AppError } from "#base";
import { REMOTE_COMMAND_PROTOCOLS } from "./channels.ts";
import type { ExecRequest } from "./exec.ts";
import { PORT_CHANNELS_PROTOCOL } from "./port-channels.ts";
import { PORT_FORWARD_PROTOCOL } from "./port-forward.ts";

/** An answer other than 200. */
export class HttpError extends AppError {
  readonly status: number;

  constructor(status: number, message: string) {
    super("kubelet-http", message);
    this.status = status;
  }
}

/**
 * Refuses what cannot be streamed; answers whether it is SPDY within a WebSocket that is wanted. Who
 * offers no protocol gets the oldest that there is; who offers only others is refused.
 */
export function checkProtocol(
  { upgrade = "", "sec-websocket-protocol": list = "" }: IncomingHttpHeaders,
  { pathname, searchParams }: URL,
): boolean {
  if (upgrade.toLowerCase() !== "websocket") {
    const how = "kubectl 1.31 and later use WebSockets";
    throw new HttpError(501, `${upgrade} is not supported by the lab's kubelet: ${how}`);
  }
  const offered = list.split(",").map((name) => name.trim());
  const names = new Set(offered.filter((name) => name !== ""));
  const isForward = pathname.startsWith("/portForward/");
  if (isForward && names.has(PORT_FORWARD_PROTOCOL)) return true;
  if (isForward && !searchParams.has("port")) {
    throw new HttpError(400, 'query parameter "port" is required');
  }
  const known = isForward ? [PORT_CHANNELS_PROTOCOL] : REMOTE_COMMAND_PROTOCOLS;
  if (names.size > 0 && !known.some((name) => names.has(name))) throw new HttpError(403, "");
  return false;
}

/** The kubelet's names for streams, and the API server's. */
export function execRequestOf(parameters: URLSearchParams): ExecRequest {
  const has = (...names: string[]): boolean =>
    names.some((name) => ["1", "true"].includes(parameters.get(name) ?? ""));
  const [hasStdin, hasStdout, hasStderr] = [
    has("input", "stdin"),
    has("output", "stdout"),
    has("error", "stderr"),
  ];
  if (!hasStdin && !hasStdout && !hasStderr) {
    throw new HttpError(400, "you must specify at least 1 of stdin, stdout, stderr");
  }
  const command = parameters.getAll("command");
  return { command, hasStdin, hasStdout, hasStderr, hasTty: has("tty") };
}
