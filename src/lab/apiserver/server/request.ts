/** What a request's method and path ask for. */
import { badRequest } from "../schema/status-error.ts";
import { methodNotAllowed } from "./errors.ts";

/** A path below /api/v1 or /apis/GROUP/VERSION, taken apart. */
export interface ResourcePath {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** "" for cluster-scoped resources, and for all namespaces at once. */
  readonly namespace: string;
  /** "" for the collection. */
  readonly name: string;
  /** "" for the object itself. */
  readonly subresource: string;
  /** What follows the subresource, with its slash; "" mostly. */
  readonly rest: string;
  /** The old way to ask for a watch: `/api/v1/watch/…`. */
  readonly isWatch: boolean;
}

export type RequestVerb =
  | "get"
  | "list"
  | "watch"
  | "create"
  | "update"
  | "patch"
  | "delete"
  | "deletecollection"
  | "connect";

/** Paths of namespaces' own subresources look like those of resources in them. */
const NAMESPACE_SUBRESOURCES = new Set(["status", "finalize"]);
const CONNECT_SUBRESOURCES = new Set(["exec", "attach", "portforward", "proxy"]);

/** Undefined where the path is not one of a resource. Segments are already split and decoded. */
export function parseResourcePath(segments: readonly string[]): ResourcePath | undefined {
  const isCore = segments[0] === "api";
  if (!isCore && segments[0] !== "apis") return undefined;
  const at = isCore ? 1 : 2;
  const version = segments[at];
  const tail = segments.slice(at + 1);
  if (version === undefined || tail.length === 0) return undefined;
  const group = isCore ? "" : (segments[1] ?? "");
  const isWatch = tail[0] === "watch" && tail.length > 1;
  return { group, version, isWatch, ...parseTail(group, isWatch ? tail.slice(1) : tail) };
}

function parseTail(
  group: string,
  tail: readonly string[],
): Pick<ResourcePath, "plural" | "namespace" | "name" | "subresource" | "rest"> {
  const [first = "", second = "", third = ""] = tail;
  const isOfNamespace =
    first === "namespaces" &&
    tail.length > 2 &&
    !(group === "" && tail.length === 3 && NAMESPACE_SUBRESOURCES.has(third));
  const [plural = "", name = "", subresource = ""] = isOfNamespace ? tail.slice(2) : tail;
  const rest = tail.slice(isOfNamespace ? 5 : 3);
  return {
    plural,
    namespace: isOfNamespace ? second : "",
    name,
    subresource,
    rest: rest.length === 0 ? "" : `/${rest.join("/")}`,
  };
}

/** The segments of a path, each decoded; empty ones dropped. */
export function splitPath(pathname: string): readonly string[] {
  try {
    return pathname
      .split("/")
      .filter((segment) => segment !== "")
      .map((segment) => decodeURIComponent(segment));
  } catch {
    throw badRequest(`the path ${JSON.stringify(pathname)} is not encoded as a URL asks for`);
  }
}

export function verbOf(method: string, path: ResourcePath, params: URLSearchParams): RequestVerb {
  if (CONNECT_SUBRESOURCES.has(path.subresource)) return "connect";
  const isCollection = path.name === "";
  if (path.isWatch && (method === "GET" || method === "HEAD")) return "watch";
  switch (method) {
    case "GET":
    case "HEAD":
      if (!isCollection) return "get";
      return isTrue(params.get("watch")) ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return isCollection ? "deletecollection" : "delete";
    default:
      throw methodNotAllowed();
  }
}

/** As Go reads booleans of a query; absent is false. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}
