import { assert } from "#base";
import { kubeData, type KubeData } from "../data/kube-data.ts";
import {
  ANY,
  asText,
  type Field,
  isObject,
  type ListType,
  type NodeType,
  type SchemaNode,
} from "./node.ts";
import { MICRO_TIME } from "./scalars.ts";
import type { JsonObject } from "./types.ts";

const REFERENCE_START = "#/components/schemas/";
const META = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** Schemas that say less than what the API server does with their values. */
const SPECIAL: Readonly<Record<string, SchemaNode>> = {
  "io.k8s.apimachinery.pkg.api.resource.Quantity": scalar("quantity"),
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": scalar("int-or-string"),
  [`${META}.Time`]: scalar("time"),
  [`${META}.MicroTime`]: { ...scalar("time"), format: MICRO_TIME },
  [`${META}.FieldsV1`]: ANY,
  "io.k8s.apimachinery.pkg.runtime.RawExtension": ANY,
};

function scalar(type: NodeType): SchemaNode {
  return { type, fields: new Map() };
}

/** The name that a schema refers to, by itself or by `allOf` with one item. */
function referenceOf(schema: JsonObject): string | undefined {
  const [only] = Array.isArray(schema["allOf"]) ? schema["allOf"] : [];
  const reference = schema["$ref"] ?? (isObject(only) ? only["$ref"] : undefined);
  return typeof reference === "string" ? reference.slice(REFERENCE_START.length) : undefined;
}

/** Makes nodes of the published schemas; each schema with a name becomes one node. */
class NodeSet {
  readonly #data: KubeData;
  readonly #named = new Map<string, SchemaNode>();

  constructor(data: KubeData) {
    this.#data = data;
  }

  named(name: string): SchemaNode {
    let node = this.#named.get(name) ?? SPECIAL[name];
    if (node === undefined) {
      const schema = this.#data.schemas[name];
      assert(schema !== undefined, `the data has the schema ${name}`);
      node = this.#node(schema, name);
    }
    this.#named.set(name, node);
    return node;
  }

  #node(schema: JsonObject, name?: string): SchemaNode {
    const named = name === undefined ? {} : { name };
    const extensions = readExtensions(schema);
    const { type } = schema;
    if (type === "object") {
      if (!isObject(schema["additionalProperties"])) {
        return this.#object(schema, named, extensions);
      }
      const items = this.#field(schema["additionalProperties"], false);
      return { ...named, ...extensions, type: "map", fields: new Map(), items };
    }
    if (type === "array") {
      const items = isObject(schema["items"]) ? schema["items"] : {};
      return { ...extensions, type: "list", fields: new Map(), items: this.#field(items, false) };
    }
    if (type === "string") {
      return { ...scalar(schema["format"] === "byte" ? "bytes" : "string"), ...named };
    }
    if (type === "integer" || type === "number" || type === "boolean") {
      const format = typeof schema["format"] === "string" ? { format: schema["format"] } : {};
      return { ...scalar(type), ...format };
    }
    return { ...ANY, ...named };
  }

  #object(
    schema: JsonObject,
    named: { name?: string },
    extensions: Partial<SchemaNode>,
  ): SchemaNode {
    const { properties } = schema;
    const required = Array.isArray(schema["required"]) ? schema["required"] : [];
    const omitted = new Set(named.name === undefined ? [] : this.#data.omitZero[named.name]);
    let fields: Map<string, Field> | undefined;
    const make = (): Map<string, Field> => {
      fields = new Map();
      for (const [key, each] of Object.entries(isObject(properties) ? properties : {})) {
        if (!isObject(each)) continue;
        const field = this.#field(each, required.includes(key));
        fields.set(key, omitted.has(key) ? { ...field, isOmittedWhenZero: true } : field);
      }
      return fields;
    };
    return {
      ...named,
      ...extensions,
      type: "object",
      keepsUnknown: properties === undefined,
      get fields() {
        return fields ?? make();
      },
    };
  }

  #field(schema: JsonObject, isRequired: boolean): Field {
    const reference = referenceOf(schema);
    const strategy = schema["x-kubernetes-patch-strategy"];
    const mergeKey = schema["x-kubernetes-patch-merge-key"];
    const extensions = readExtensions(schema);
    let node = reference === undefined ? this.#node(schema) : this.named(reference);
    if (reference !== undefined && extensions.isAtomic) node = atomic(node);
    return {
      node,
      isRequired,
      ...(schema["default"] === undefined ? {} : { default: schema["default"] }),
      ...(typeof strategy === "string" ? { patchStrategy: strategy.split(",") } : {}),
      ...(typeof mergeKey === "string" ? { mergeKey } : {}),
    };
  }
}

/** The same node, replaced whole by patches. */
function atomic(node: SchemaNode): SchemaNode {
  return Object.create(node, { isAtomic: { value: true, enumerable: true } }) as SchemaNode;
}

/** What the extensions say of lists and maps. */
export function readExtensions(
  schema: JsonObject,
): Pick<SchemaNode, "listType" | "listKeys" | "isAtomic"> {
  const listType = schema["x-kubernetes-list-type"];
  const listKeys = schema["x-kubernetes-list-map-keys"];
  return {
    ...(typeof listType === "string" ? { listType: listType as ListType } : {}),
    ...(Array.isArray(listKeys) ? { listKeys: listKeys.map(String) } : {}),
    ...(schema["x-kubernetes-map-type"] === "atomic" ? { isAtomic: true } : {}),
  };
}

let builtIn: NodeSet | undefined;
let byKind: Map<string, string> | undefined;

/** The schema of a built-in kind; undefined where the data has none. */
export function builtInNode(group: string, version: string, kind: string): SchemaNode | undefined {
  const name = schemaName(group, version, kind);
  return name === undefined ? undefined : namedNode(name);
}

/** By the name in the documents: `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`. */
export function namedNode(name: string): SchemaNode {
  builtIn ??= new NodeSet(kubeData());
  return builtIn.named(name);
}

/** `io.k8s.api.apps.v1.Deployment` for apps/v1 Deployment. */
export function schemaName(group: string, version: string, kind: string): string | undefined {
  byKind ??= readKinds(kubeData());
  return byKind.get(`${group}/${version}/${kind}`);
}

function readKinds({ schemas }: KubeData): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const [name, schema] of Object.entries(schemas)) {
    const of = schema["x-kubernetes-group-version-kind"];
    for (const each of Array.isArray(of) && of.length === 1 ? of : []) {
      if (!isObject(each)) continue;
      const { group, version, kind } = each;
      kinds.set([group, version, kind].map(asText).join("/"), name);
    }
  }
  return kinds;
}
