/** Which paths there are, and which methods they take: before anybody looks at an object. */
import type { Registry, ServedResource, Verb } from "../schema/types.ts";
import { methodNotAllowed, notFound, notSupported, unknownPath } from "./errors.ts";
import type { ResourcePath } from "./request.ts";

const METHODS: Readonly<Record<string, Verb>> = {
  GET: "get",
  HEAD: "get",
  POST: "create",
  PUT: "update",
  PATCH: "patch",
  DELETE: "delete",
};

/** Built-in groups answer what is missing by a Status, all others by a line of text. */
export function isBuiltInGroup(registry: Registry, group: string): boolean {
  return registry.resources().some((one) => one.group === group && one.custom === undefined);
}

/** Undefined where there is no such path, and nobody who would say so by a Status. */
export function resourceAt(
  registry: Registry,
  method: string,
  path: ResourcePath,
): ServedResource | undefined {
  const { group, version, plural } = path;
  const found = registry.find(group, version, plural);
  if (found === undefined) {
    if (isBuiltInGroup(registry, group)) throw unknownPath();
    return undefined;
  }
  if (found.custom !== undefined) return customAt(found, method, path);
  checkScope(found, method, path);
  if (path.subresource !== "") checkSubresource(found, method, path);
  return found;
}

function customAt(
  found: ServedResource,
  method: string,
  { namespace, name, subresource }: ResourcePath,
): ServedResource | undefined {
  const isEverywhere = namespace === "" && name === "" && method === "GET";
  const isScoped = found.isNamespaced ? namespace !== "" || isEverywhere : namespace === "";
  if (!isScoped) return undefined;
  if (subresource === "" || found.subresources.some((one) => one.name === subresource))
    return found;
  // What a custom kind does not have is told as if the object were not there.
  throw notFound(found, name);
}

/** All namespaces at once can be listed, and nothing else. */
function checkScope(
  { isNamespaced, verbs }: ServedResource,
  method: string,
  { namespace, name }: ResourcePath,
): void {
  if (!isNamespaced) {
    if (namespace !== "") throw unknownPath();
    return;
  }
  if (namespace !== "") return;
  if (name !== "" || !verbs.includes("list")) throw unknownPath();
  if (method !== "GET" && method !== "HEAD") throw methodNotAllowed();
}

function checkSubresource(
  { subresources }: ServedResource,
  method: string,
  { subresource, rest }: ResourcePath,
): void {
  if (subresource === "proxy") throw notSupported("the proxy to pods, services and nodes");
  const known = subresources.find(({ name }) => name === subresource);
  if (known === undefined || rest !== "") throw unknownPath();
  const verb = METHODS[method];
  if (verb === undefined || !known.verbs.includes(verb)) throw methodNotAllowed();
}
