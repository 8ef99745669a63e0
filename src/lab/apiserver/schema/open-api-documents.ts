import { kubeData } from "../data/kube-data.ts";
import { isObject, setOwn } from "./node.ts";
import { type Dialect, pathsOf } from "./open-api-paths.ts";
import { schemaName } from "./open-api-nodes.ts";
import { joinGroupVersion } from "./registry.ts";
import type { Json, JsonObject, Registry, ServedResource } from "./types.ts";

const IN_VERSION_3 = "#/components/schemas/";
const IN_VERSION_2 = "#/definitions/";
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

interface Kind {
  group: string;
  version: string;
  kind: string;
}

const VERSION_3: Dialect = {
  parameter: (name, place, type) => ({
    name,
    in: place,
    schema: { type, uniqueItems: true },
    ...(place === "path" ? { required: true } : {}),
  }),
  responses: (schema) => ({
    "200": {
      description: "OK",
      ...(schema === undefined
        ? {}
        : { content: { "application/json": { schema: { $ref: IN_VERSION_3 + schema } } } }),
    },
  }),
};

const VERSION_2: Dialect = {
  parameter: (name, place, type) => ({
    name,
    in: place,
    type,
    uniqueItems: true,
    ...(place === "path" ? { required: true } : {}),
  }),
  responses: (schema) => ({
    "200": {
      description: "OK",
      ...(schema === undefined ? {} : { schema: { $ref: IN_VERSION_2 + schema } }),
    },
  }),
};

/** The documents of what is served now; made when asked for, and kept until that changes. */
export class OpenApiDocuments {
  readonly #registry: Registry;
  #generation = -1;
  #documents = new Map<string, JsonObject>();
  #whole: JsonObject | undefined;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  keys(): readonly string[] {
    return [...new Set(this.#registry.resources().map(keyOf))];
  }

  version3(key: string): JsonObject | undefined {
    this.#refresh();
    const resources = this.#registry.resources().filter((each) => keyOf(each) === key);
    if (resources.length === 0) return undefined;
    const known = this.#documents.get(key) ?? {
      openapi: "3.0.0",
      info: info(),
      paths: allPaths(resources, VERSION_3),
      components: { schemas: schemasFor(resources) },
    };
    this.#documents.set(key, known);
    return known;
  }

  version2(): JsonObject {
    this.#refresh();
    const resources = this.#registry.resources();
    this.#whole ??= {
      swagger: "2.0",
      info: info(),
      paths: allPaths(resources, VERSION_2),
      definitions: inVersion2(schemasFor(resources)),
    };
    return this.#whole;
  }

  #refresh(): void {
    if (this.#generation === this.#registry.generation) return;
    this.#generation = this.#registry.generation;
    this.#documents = new Map();
    this.#whole = undefined;
  }
}

function info(): JsonObject {
  return { title: "Kubernetes", version: kubeData().version };
}

function keyOf({ group, version }: ServedResource): string {
  return `${group === "" ? "api" : "apis"}/${joinGroupVersion(group, version)}`;
}

function allPaths(resources: readonly ServedResource[], dialect: Dialect): JsonObject {
  const custom = new Map(
    resources.filter((each) => each.custom !== undefined).map((each) => [kindKey(each), each]),
  );
  const schemaOf = (kind: Kind): string | undefined => {
    const of = custom.get(kindKey(kind));
    return of === undefined ? schemaName(kind.group, kind.version, kind.kind) : customName(of);
  };
  const parts = resources.map((each) => pathsOf(each, schemaOf, dialect));
  return Object.assign({}, ...parts) as JsonObject;
}

const kindKey = ({ group, version, kind }: Kind): string => `${group}/${version}/${kind}`;

/** `io.cilium.v2.CiliumNetworkPolicy` */
function customName({ group, version, kind }: Kind): string {
  return [...group.split(".").toReversed(), version, kind].join(".");
}

/** The schemas of the resources and their lists, and all that these refer to. */
function schemasFor(resources: readonly ServedResource[]): JsonObject {
  const { schemas } = kubeData();
  const kept: JsonObject = {};
  const open = [`${META}.Status`, `${META}.ObjectMeta`, `${META}.ListMeta`];
  for (const each of resources) {
    if (each.custom !== undefined) {
      setOwn(kept, customName(each), customSchema(each));
      setOwn(kept, `${customName(each)}List`, listSchema(each));
      continue;
    }
    const kinds = [
      { group: each.group, version: each.version, kind: each.kind },
      { group: each.group, version: each.version, kind: each.listKind },
      ...each.subresources,
    ];
    for (const { group, version, kind } of kinds) {
      const name = schemaName(group, version, kind);
      if (name !== undefined) open.push(name);
    }
  }
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const schema = schemas[name];
    if (schema === undefined || Object.hasOwn(kept, name)) continue;
    kept[name] = schema;
    open.push(...references(schema));
  }
  return kept;
}

function references(value: Json): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "$ref" && typeof each === "string"
      ? [each.slice(IN_VERSION_3.length)]
      : references(each),
  );
}

const API_VERSION = { type: "string", description: "The schema's version: group/version." };
const KIND = { type: "string", description: "The kind of this object, in CamelCase." };

function customSchema(resource: ServedResource): JsonObject {
  const schema = resource.custom?.schema ?? {};
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return {
    ...schema,
    properties: {
      ...properties,
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: {
        description: "What all objects have: a name, labels, and so on.",
        allOf: [{ $ref: `${IN_VERSION_3}${META}.ObjectMeta` }],
      },
    },
    "x-kubernetes-group-version-kind": [kindOf(resource, resource.kind)],
  };
}

function listSchema(resource: ServedResource): JsonObject {
  const items = { allOf: [{ $ref: IN_VERSION_3 + customName(resource) }] };
  return {
    type: "object",
    description: `A list of ${resource.kind}.`,
    required: ["items"],
    properties: {
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: { allOf: [{ $ref: `${IN_VERSION_3}${META}.ListMeta` }] },
      items: { type: "array", items },
    },
    "x-kubernetes-group-version-kind": [kindOf(resource, resource.listKind)],
  };
}

function kindOf({ group, version }: ServedResource, kind: string): JsonObject {
  return { group, version, kind };
}

/** References point elsewhere in version 2, and stand alone where version 3 needs an allOf. */
function inVersion2(value: Json): Json {
  if (Array.isArray(value)) return value.map(inVersion2);
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    const [only, ...more] = key === "allOf" && Array.isArray(each) ? each : [];
    if (isObject(only) && more.length === 0 && typeof only["$ref"] === "string") {
      result["$ref"] = toVersion2(only["$ref"]);
    } else if (key === "$ref" && typeof each === "string") {
      result[key] = toVersion2(each);
    } else {
      setOwn(result, key, inVersion2(each));
    }
  }
  // Nothing stands beside a reference but its description.
  if (Object.hasOwn(result, "$ref")) delete result["default"];
  return result;
}

const toVersion2 = (reference: string): string =>
  reference.replace(IN_VERSION_3, () => IN_VERSION_2);
