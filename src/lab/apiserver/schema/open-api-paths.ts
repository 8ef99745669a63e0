import { joinGroupVersion } from "./registry.ts";
import type { JsonObject, ServedResource, Verb } from "./types.ts";

/** A query parameter: what kubectl looks for to know what a server can do. */
type Parameter = readonly [name: string, type: string];

const WRITE: readonly Parameter[] = [
  ["dryRun", "string"],
  ["fieldManager", "string"],
  ["fieldValidation", "string"],
];
const PATCH: readonly Parameter[] = [...WRITE, ["force", "boolean"]];
const DELETE: readonly Parameter[] = [
  ["dryRun", "string"],
  ["gracePeriodSeconds", "integer"],
  ["propagationPolicy", "string"],
];
const LIST: readonly Parameter[] = [
  ["allowWatchBookmarks", "boolean"],
  ["continue", "string"],
  ["fieldSelector", "string"],
  ["labelSelector", "string"],
  ["limit", "integer"],
  ["resourceVersion", "string"],
  ["resourceVersionMatch", "string"],
  ["sendInitialEvents", "boolean"],
  ["timeoutSeconds", "integer"],
  ["watch", "boolean"],
];

interface Operation {
  verb: Verb;
  method: string;
  /** `x-kubernetes-action`. */
  action: string;
  parameters: readonly Parameter[];
}

const OF_COLLECTION: readonly Operation[] = [
  { verb: "list", method: "get", action: "list", parameters: LIST },
  { verb: "create", method: "post", action: "post", parameters: WRITE },
  {
    verb: "deletecollection",
    method: "delete",
    action: "deletecollection",
    parameters: [...LIST, ...DELETE],
  },
];
const OF_OBJECT: readonly Operation[] = [
  { verb: "get", method: "get", action: "get", parameters: [] },
  { verb: "update", method: "put", action: "put", parameters: WRITE },
  { verb: "patch", method: "patch", action: "patch", parameters: PATCH },
  { verb: "delete", method: "delete", action: "delete", parameters: DELETE },
];
const OF_SUBRESOURCE: readonly Operation[] = [
  ...OF_OBJECT,
  { verb: "create", method: "post", action: "post", parameters: WRITE },
];

/** How the two versions of OpenAPI write the same. */
export interface Dialect {
  parameter(name: string, place: "path" | "query", type: string): JsonObject;
  responses(schema: string | undefined): JsonObject;
}

interface Kind {
  group: string;
  version: string;
  kind: string;
}

function operations(
  dialect: Dialect,
  of: readonly Operation[],
  verbs: readonly Verb[],
  kind: Kind,
  schema: string | undefined,
): JsonObject {
  const item: JsonObject = {};
  for (const { verb, method, action, parameters } of of) {
    if (!verbs.includes(verb)) continue;
    item[method] = {
      "x-kubernetes-action": action,
      "x-kubernetes-group-version-kind": { ...kind },
      parameters: parameters.map(([name, type]) => dialect.parameter(name, "query", type)),
      responses: dialect.responses(schema),
    };
  }
  return item;
}

/** The paths of a resource, with as much of each operation as clients read. */
export function pathsOf(
  resource: ServedResource,
  schemaOf: (kind: Kind) => string | undefined,
  dialect: Dialect,
): JsonObject {
  const { group, version, kind, plural, isNamespaced, verbs, subresources } = resource;
  const root = `/${group === "" ? "api" : "apis"}/${joinGroupVersion(group, version)}`;
  const base = isNamespaced ? `${root}/namespaces/{namespace}/${plural}` : `${root}/${plural}`;
  const own = { group, version, kind };
  const places = isNamespaced ? [dialect.parameter("namespace", "path", "string")] : [];
  const named = [dialect.parameter("name", "path", "string"), ...places];
  const schema = schemaOf(own);
  const collection = operations(dialect, OF_COLLECTION, verbs, own, schema);
  const object = operations(dialect, OF_OBJECT, verbs, own, schema);
  const paths: JsonObject = {};
  if (Object.keys(collection).length > 0) paths[base] = { ...collection, parameters: places };
  if (Object.keys(object).length > 0) paths[`${base}/{name}`] = { ...object, parameters: named };
  if (isNamespaced && verbs.includes("list")) {
    paths[`${root}/${plural}`] = operations(dialect, OF_COLLECTION, ["list"], own, schema);
  }
  for (const each of subresources) {
    const of = { group: each.group, version: each.version, kind: each.kind };
    paths[`${base}/{name}/${each.name}`] = {
      ...operations(dialect, OF_SUBRESOURCE, each.verbs, of, schemaOf(of)),
      parameters: named,
    };
  }
  return paths;
}
