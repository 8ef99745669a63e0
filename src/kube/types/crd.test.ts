import assert from "node:assert/strict";
import { test } from "node:test";
import { type CrdKind, CRDS, customResourceDefinition, openApiSchema } from "./index.ts";

const KINDS = Object.keys(CRDS) as CrdKind[];

/** The schema of a field: `spec.ingress.items.toPorts`. */
function at(kind: CrdKind, path: string): unknown {
  let schema: unknown = openApiSchema(kind);
  for (const step of path.split(".")) {
    const { properties, items } = schema as {
      properties?: Record<string, unknown>;
      items?: unknown;
    };
    schema = step === "items" ? items : properties?.[step];
  }
  return schema;
}

function required(schema: unknown): unknown {
  return (schema as { required?: unknown }).required;
}

test("schemas: say what the API server is to check", () => {
  const port = "spec.ingress.items.toPorts.items.ports";
  assert.equal((at("CiliumNetworkPolicy", port) as { maxItems: number }).maxItems, 40);
  assert.deepEqual(at("CiliumNetworkPolicy", `${port}.items.endPort`), {
    description: "The last port of a range that begins with port.",
    type: "integer",
    format: "int32",
    minimum: 0,
    maximum: 65_535,
  });
  assert.deepEqual(at("CiliumNetworkPolicy", "spec.log.value"), {
    description: "A text in each of them.",
    type: "string",
    maxLength: 32,
    pattern: String.raw`^\PC*$`,
  });
  assert.deepEqual(required(at("CiliumNetworkPolicy", "spec.ingress.items.authentication")), [
    "mode",
  ]);
  const { anyOf } = at(
    "CiliumNetworkPolicy",
    "spec.egress.items.icmps.items.fields.items.type",
  ) as {
    anyOf: unknown;
  };
  assert.deepEqual(anyOf, [{ type: "integer" }, { type: "string" }]);
});

test("schemas: are structural: a type everywhere but where a number or a string may stand", () => {
  for (const kind of KINDS) checkStructural(openApiSchema(kind), kind);
});

test("schemas: explain every field of policies, in sentences", () => {
  for (const kind of ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"] as const) {
    const { description, properties } = openApiSchema(kind) as {
      description: string;
      properties: Record<string, Record<string, unknown>>;
    };
    assert.match(description, SENTENCE);
    for (const name of ["spec", "specs", "status"]) checkExplained(properties[name] ?? {}, name);
  }
});

const SENTENCE = /^[A-Z].*\.$/;

function checkExplained(schema: Readonly<Record<string, unknown>>, path: string): void {
  if (!path.endsWith("[]")) assert.match(String(schema["description"]), SENTENCE, path);
  const { properties, items } = schema as {
    properties?: Record<string, Record<string, unknown>>;
    items?: Record<string, unknown>;
  };
  for (const [name, field] of Object.entries(properties ?? {})) {
    checkExplained(field, `${path}.${name}`);
  }
  if (items !== undefined) checkExplained(items, `${path}[]`);
}

test("schemas: leave what every object has to the API server", () => {
  for (const kind of KINDS) {
    assert.deepEqual(at(kind, "metadata"), { type: "object" });
    assert.deepEqual(at(kind, "kind"), { type: "string" });
    assert.equal((required(openApiSchema(kind)) as string[]).includes("kind"), false);
  }
});

function checkStructural(schema: Readonly<Record<string, unknown>>, path: string): void {
  if (schema["x-kubernetes-int-or-string"] === true) return;
  assert(typeof schema["type"] === "string", `${path} has a type`);
  const { properties, items, additionalProperties } = schema as {
    properties?: Record<string, Record<string, unknown>>;
    items?: Record<string, unknown>;
    additionalProperties?: Record<string, unknown>;
  };
  for (const [name, field] of Object.entries(properties ?? {})) {
    checkStructural(field, `${path}.${name}`);
  }
  if (items !== undefined) checkStructural(items, `${path}[]`);
  if (additionalProperties !== undefined) checkStructural(additionalProperties, `${path}{}`);
}

test("definitions are plain JSON with Cilium's names", () => {
  for (const kind of KINDS) {
    const definition = customResourceDefinition(kind);
    assert.deepEqual(JSON.parse(JSON.stringify(definition)), definition);
  }
  const { metadata, spec } = customResourceDefinition("CiliumNetworkPolicy") as {
    metadata: { name: string };
    spec: { scope: string; names: object; versions: { name: string; subresources: unknown }[] };
  };
  assert.equal(metadata.name, "ciliumnetworkpolicies.cilium.io");
  assert.equal(spec.scope, "Namespaced");
  assert.deepEqual(spec.names, {
    kind: "CiliumNetworkPolicy",
    listKind: "CiliumNetworkPolicyList",
    plural: "ciliumnetworkpolicies",
    singular: "ciliumnetworkpolicy",
    shortNames: ["cnp", "ciliumnp"],
    categories: ["cilium", "ciliumpolicy"],
  });
  assert.deepEqual(spec.versions[0]?.subresources, { status: {} });
});
