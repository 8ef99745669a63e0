import { type Field, isObject, type NodeType, type SchemaNode } from "./node.ts";
import { namedNode, readExtensions } from "./open-api-nodes.ts";
import type { Json, JsonObject } from "./types.ts";

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const STRING: SchemaNode = { type: "string", fields: new Map() };
const TYPES: ReadonlySet<Json | undefined> = new Set([
  "object",
  "string",
  "integer",
  "number",
  "boolean",
]);

/** Of what a schema lets be there and says nothing of: objects in it are emptied. */
const UNSAID: SchemaNode = { type: "any", fields: new Map() };

/** By their schemas, which live as long as their definition stays as it is. */
const roots = new WeakMap<JsonObject, SchemaNode>();

/** The node of a version of a definition; its root has the metadata that every object has. */
export function structuralRoot(schema: JsonObject): SchemaNode {
  let root = roots.get(schema);
  if (root === undefined) {
    root = structuralNode({ ...schema, type: "object", "x-kubernetes-embedded-resource": true });
    roots.set(schema, root);
  }
  return root;
}

export function structuralNode(schema: JsonObject): SchemaNode {
  const extensions = {
    ...readExtensions(schema),
    ...(schema["nullable"] === true ? { isNullable: true } : {}),
    ...(schema["x-kubernetes-preserve-unknown-fields"] === true ? { keepsUnknown: true } : {}),
  };
  if (schema["x-kubernetes-int-or-string"] === true) {
    return { ...extensions, type: "int-or-string", fields: new Map() };
  }
  if (schema["type"] === "array") {
    const items = isObject(schema["items"]) ? structuralField(schema["items"], false) : undefined;
    return { ...extensions, type: "list", fields: new Map(), ...(items ? { items } : {}) };
  }
  const more = schema["additionalProperties"];
  if (isObject(more) || more === true) {
    const items = isObject(more) ? structuralField(more, false) : { node: UNSAID };
    return { ...extensions, type: "map", fields: new Map(), items };
  }
  if (!TYPES.has(schema["type"])) return { ...extensions, type: "any", fields: fieldsOf(schema) };
  const isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
  return {
    ...extensions,
    type: schema["type"] as NodeType,
    fields: fieldsOf(schema),
    ...(isEmbedded ? { isEmbedded } : {}),
  };
}

function fieldsOf(schema: JsonObject): Map<string, Field> {
  const fields = new Map<string, Field>();
  const { properties } = schema;
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  for (const [key, each] of Object.entries(isObject(properties) ? properties : {})) {
    if (isObject(each)) fields.set(key, structuralField(each, required.includes(key)));
  }
  if (schema["x-kubernetes-embedded-resource"] === true) {
    fields.set("apiVersion", { node: STRING });
    fields.set("kind", { node: STRING });
    fields.set("metadata", { node: namedNode(OBJECT_META) });
  }
  return fields;
}

function structuralField(schema: JsonObject, isRequired: boolean): Field {
  return {
    node: structuralNode(schema),
    isRequired,
    ...(schema["default"] === undefined ? {} : { default: schema["default"] }),
  };
}
