/** Requests to Pods as their kubelet takes them: paths, containers, what may be asked of logs. */
import { readTime } from "../schema/scalars.ts";
import { badRequest, invalid } from "../schema/status-error.ts";
import type { Cause, KubeObject } from "../schema/types.ts";
import { forbiddenField, invalidValue } from "./errors.ts";
import { asText, recordsAt } from "./json.ts";
import { integerParam } from "./options.ts";
import { isTrue } from "./request.ts";

const EPOCH = "1970-01-01T00:00:00Z";

export type KubeletSubresource = "log" | "exec" | "attach" | "portforward";

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

const MAX_PORT = 65_535;

export function kubeletPath(
  subresource: KubeletSubresource,
  pod: KubeObject,
  container: string,
  params: URLSearchParams,
): string {
  const { namespace = "", name = "" } = pod.metadata;
  const id = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  const query = new URLSearchParams();
  if (subresource === "portforward") {
    for (const port of params.getAll("ports")) query.append("port", String(portOf(port)));
    return withQuery(`/portForward/${id}`, query);
  }
  const containerId = `${id}/${encodeURIComponent(container)}`;
  if (subresource === "log") {
    for (const key of LOG_PARAMS) {
      const value = params.get(key);
      if (value !== null) query.set(key, value);
    }
    return withQuery(`/containerLogs/${containerId}`, query);
  }
  for (const [from, to] of Object.entries(STREAM_PARAMS)) {
    if (isTrue(params.get(from))) query.set(to, "1");
  }
  for (const command of params.getAll("command")) query.append("command", command);
  return withQuery(`/${subresource}/${containerId}`, query);
}

/** In the words of a real one's parser. */
function portOf(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= MAX_PORT) return port;
  const why = Number.isNaN(port) ? "invalid syntax" : "value out of range";
  const parser = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  throw badRequest(`cannot convert to []int32: ${parser}: ${why}`);
}

function withQuery(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** The one asked for, or the only one. */
export function containerOf(pod: KubeObject, asked: string): string {
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
  const choice = `choose one of: [${containers.join(" ")}]`;
  const initChoice = init.length === 0 ? "" : ` or one of the init containers: [${init.join(" ")}]`;
  throw badRequest(`a container name must be specified for pod ${name}, ${choice}${initChoice}`);
}

/** The least that each may be, and how that is told. */
const LOG_NUMBERS: readonly (readonly [string, number, string])[] = [
  ["tailLines", 0, "must be greater than or equal to 0"],
  ["limitBytes", 1, "must be greater than 0"],
  ["sinceSeconds", 1, "must be greater than 0"],
];

/** Throws for what no kubelet could make sense of. */
export function checkLogOptions(name: string, params: URLSearchParams): void {
  const since = readTime(params.get("sinceTime") || EPOCH, undefined);
  if ("problem" in since) throw badRequest(since.problem);
  const causes: Cause[] = [];
  for (const [field, least, why] of LOG_NUMBERS) {
    const value = integerParam(params, field);
    if (value !== undefined && value < least) causes.push(invalidValue(field, value, why));
  }
  // As where the streams of a log cannot be told apart, which is not on by default.
  if (params.has("stream")) causes.push(forbiddenField("stream", "may not be specified"));
  if (params.has("sinceTime") && params.has("sinceSeconds")) {
    const why = "at most one of `sinceTime` or `sinceSeconds` may be specified";
    causes.push(forbiddenField("[]", why));
  }
  if (causes.length > 0) throw invalid({ group: "", kind: "PodLogOptions" }, name, causes);
}
