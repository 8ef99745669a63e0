import { createRegistry } from "../registry.ts";
import { createSchemaSet } from "../schema-set.ts";
import { StatusError } from "../status-error.ts";
import type { JsonObject, KubeObject, SchemaSet, ServedResource } from "../types.ts";

/** A schema set of its own, for tests that define kinds. */
export function newSchemas(): SchemaSet {
  return createSchemaSet(createRegistry());
}

/** One for tests that define none. */
export const schemas: SchemaSet = newSchemas();

/** `deployments.apps/v1`, `pods.v1`: by plural, group and version. */
export function resource(name: string, of: SchemaSet = schemas): ServedResource {
  const [plural, rest] = [name.slice(0, name.indexOf(".")), name.slice(name.indexOf(".") + 1)];
  const [group, version] = rest.includes("/") ? rest.split("/") : ["", rest];
  const found = of.registry.find(group ?? "", version ?? "", plural);
  if (found === undefined) throw new Error(`${name} is not served`);
  return found;
}

export function decode(name: string, value: unknown, of: SchemaSet = schemas): KubeObject {
  return of.decode(resource(name, of), value, { fieldValidation: "Strict" }).object;
}

/** What decoding and validation, as of a new object in `default`, say against it. */
export function refusal(name: string, value: unknown, of: SchemaSet = schemas): StatusError {
  try {
    const object = decode(name, value, of);
    if (resource(name, of).isNamespaced) object.metadata.namespace ??= "default";
    of.validateCreate(resource(name, of), object);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error(`${name} is let pass: ${JSON.stringify(value)}`);
}

/** `field: message` of each cause. */
export function causes(error: StatusError): string[] {
  return (error.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
}

export function pod(spec: JsonObject = {}): JsonObject {
  return {
    metadata: { name: "web", namespace: "default" },
    spec: { containers: [{ name: "web", image: "nginx:1.27" }], ...spec },
  };
}

export function deployment(spec: JsonObject = {}): JsonObject {
  return {
    metadata: { name: "web", namespace: "default" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: pod()["spec"] ?? {} },
      ...spec,
    },
  };
}

/** Of a kind Widget in example.com/v1, with what a schema can say, as the server completes it. */
export function widgets(schema: JsonObject): JsonObject {
  return {
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: {
        plural: "widgets",
        singular: "widget",
        kind: "Widget",
        listKind: "WidgetList",
        shortNames: ["wd"],
      },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
          },
          schema: { openAPIV3Schema: { type: "object", properties: { spec: schema } } },
        },
      ],
    },
    status: { storedVersions: ["v1"] },
  };
}

/** A schema set in which Widgets are defined. */
export function withWidgets(schema: JsonObject): SchemaSet {
  const set = newSchemas();
  const definition = decode(
    "customresourcedefinitions.apiextensions.k8s.io/v1",
    widgets(schema),
    set,
  );
  set.validateCreate(
    resource("customresourcedefinitions.apiextensions.k8s.io/v1", set),
    definition,
  );
  set.registry.define(definition);
  return set;
}
