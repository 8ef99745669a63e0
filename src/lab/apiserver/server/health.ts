/** Whether the server is well: for those who start it, and for those who wait for it. */
import { type Reply, sendText } from "./http.ts";

const ROOTS: ReadonlySet<string> = new Set(["healthz", "livez", "readyz"]);
/** What is looked at: an answer is proof of it. */
const CHECKS = ["ping"];

/** Undefined where the path is of something else. */
export function healthOf(segments: readonly string[]): string | undefined {
  const [root = ""] = segments;
  return ROOTS.has(root) ? root : undefined;
}

export function sendHealth(
  reply: Reply,
  segments: readonly string[],
  params: URLSearchParams,
): void {
  const [root = "", check] = segments;
  const isKnown = segments.length === 1 || (segments.length === 2 && CHECKS.includes(check ?? ""));
  if (!isKnown) {
    sendText(reply, 404, "404 page not found\n");
    return;
  }
  if (check !== undefined || !params.has("verbose")) {
    sendText(reply, 200, "ok");
    return;
  }
  const lines = CHECKS.map((name) => `[+]${name} ok\n`);
  sendText(reply, 200, `${lines.join("")}${root} check passed\n`);
}
