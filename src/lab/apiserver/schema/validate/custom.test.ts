import assert from "node:assert/strict";
import { test } from "node:test";
import { type CrdKind, CRDS, customResourceDefinition } from "#kube/types";
import {
  causes,
  decode,
  newSchemas,
  refusal,
  resource,
  widgets,
  withWidgets,
} from "../testdata/objects.ts";
import type { JsonObject } from "../types.ts";

const SCHEMA: JsonObject = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", minimum: 1, maximum: 9 },
    color: { type: "string", enum: ["red", "blue"], default: "red" },
    name: { type: "string", pattern: "^[a-z]+$", maxLength: 3 },
    port: { "x-kubernetes-int-or-string": true },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    map: { type: "object", additionalProperties: { type: "integer" } },
    list: {
      type: "array",
      items: {
        type: "object",
        properties: { id: { type: "string" }, on: { type: "boolean", default: true } },
      },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["id"],
      maxItems: 3,
    },
    either: {
      type: "object",
      properties: { a: { type: "string" }, b: { type: "string" } },
      oneOf: [{ required: ["a"] }, { required: ["b"] }],
    },
  },
};
const schemas = withWidgets(SCHEMA);
const widget = (spec: JsonObject): JsonObject => ({
  metadata: { name: "w", namespace: "default" },
  spec,
});
const refused = (spec: JsonObject): string[] =>
  causes(refusal("widgets.example.com/v1", widget(spec), schemas));

test("custom objects are pruned and get their defaults", () => {
  const { object, warnings } = schemas.decode(
    resource("widgets.example.com/v1", schemas),
    widget({ size: 1, extra: 1, color: null, free: { x: { y: 1 } }, list: [{ id: "a", more: 1 }] }),
    { fieldValidation: "Warn" },
  );
  assert.deepEqual(object["spec"], {
    size: 1,
    color: "red",
    free: { x: { y: 1 } },
    list: [{ id: "a", on: true }],
  });
  assert.deepEqual(warnings, ['unknown field "spec.extra"', 'unknown field "spec.list[0].more"']);
  assert.equal(object.apiVersion, "example.com/v1");
});

test("custom objects are held to their schema, in the API server's words", () => {
  assert.deepEqual(refused({}), ["spec.size: Required value"]);
  assert.deepEqual(refused({ size: "1" }), [
    'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
  ]);
  assert.deepEqual(refused({ size: 10, color: "green", name: "A" }), [
    "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9",
    'spec.color: Unsupported value: "green": supported values: "red", "blue"',
    "spec.name: Invalid value: \"A\": spec.name in body should match '^[a-z]+$'",
  ]);
  assert.deepEqual(refused({ size: 1, list: [{ id: "a" }, { id: "a" }] }), [
    'spec.list[1]: Duplicate value: {"id":"a"}',
  ]);
  assert.deepEqual(refused({ size: 1, port: true, map: { a: "x" } }), [
    'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    'spec.map.a: Invalid value: "string": spec.map.a in body must be of type integer: "string"',
  ]);
  assert.deepEqual(refused({ size: 1, either: { a: "x", b: "y" } }), [
    'spec.either: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ]);
});

test("definitions must be structural", () => {
  const name = "customresourcedefinitions.apiextensions.k8s.io/v1";
  assert.deepEqual(causes(refusal(name, widgets({ properties: { a: { type: "strng" } } }))), [
    "spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
    'spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a].type: Unsupported value: "strng": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ]);
  const wrongName = { ...widgets({ type: "object" }), metadata: { name: "x.example.com" } };
  assert.deepEqual(causes(refusal(name, wrongName)), [
    'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
  ]);
});

test("rules in CEL are said to be not evaluated", () => {
  const schema = { type: "object", "x-kubernetes-validations": [{ rule: "self.a > 1" }] };
  const name = "customresourcedefinitions.apiextensions.k8s.io/v1";
  const { warnings } = schemas.decode(resource(name, schemas), widgets(schema), {
    fieldValidation: "Strict",
  });
  assert.match(warnings.join(), /not evaluated/);
});

test("our own definitions are let pass, and are documented", () => {
  const set = newSchemas();
  const name = "customresourcedefinitions.apiextensions.k8s.io/v1";
  for (const kind of Object.keys(CRDS) as CrdKind[]) {
    const definition = decode(
      name,
      JSON.parse(JSON.stringify(customResourceDefinition(kind))),
      set,
    );
    set.validateCreate(resource(name, set), definition);
    set.registry.define(definition);
  }
  const document = set.openApiV3("apis/cilium.io/v2") as { components: { schemas: JsonObject } };
  assert.ok(document.components.schemas["io.cilium.v2.CiliumNetworkPolicy"] !== undefined);
  assert.ok(
    JSON.stringify(set.openApiV2()).includes("#/definitions/io.cilium.v2.CiliumNetworkPolicy"),
  );
});
