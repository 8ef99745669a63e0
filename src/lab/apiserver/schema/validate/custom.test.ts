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
import { definitionWarnings } from "../definition-warnings.ts";
import type { JsonObject, KubeObject } from "../types.ts";

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
        required: ["id"],
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
const KIND = { apiVersion: "example.com/v1", kind: "Widget" };
const widget = (spec: JsonObject): JsonObject => ({
  ...KIND,
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
});

test("all that is wrong with a custom object is told at once", () => {
  const either = { a: "x", b: "y" };
  assert.deepEqual(refused({ color: "green", name: "A", map: { a: "x" }, either }), [
    'spec.color: Unsupported value: "green": supported values: "red", "blue"',
    "spec.name: Invalid value: \"A\": spec.name in body should match '^[a-z]+$'",
    'spec.map.a: Invalid value: "string": spec.map.a in body must be of type integer: "string"',
    '<nil>: Invalid value: "": "spec.either" must validate one and only one schema (oneOf). Found 2 valid alternatives',
    "spec.size: Required value",
  ]);
});

test("rules in CEL are said to be not evaluated", () => {
  const schema = { type: "object", "x-kubernetes-validations": [{ rule: "self.a > 1" }] };
  const [first, ...more] = definitionWarnings(widgets(schema) as KubeObject);
  assert.match(first ?? "", /not evaluated/);
  assert.deepEqual(more, []);
});

test("formats that are not looked at are told of where they are new", () => {
  const of = (format: string): KubeObject => widgets({ type: "string", format }) as KubeObject;
  assert.deepEqual(definitionWarnings(of("shoe-size")), ['unrecognized format "shoe-size"']);
  assert.deepEqual(definitionWarnings(of("shoe-size"), of("shoe-size")), []);
  assert.deepEqual(definitionWarnings(of("date-time")), []);
});

test("our own definitions are let pass, and are documented", () => {
  const set = newSchemas();
  const name = "customresourcedefinitions.apiextensions.k8s.io/v1";
  for (const kind of Object.keys(CRDS) as CrdKind[]) {
    const given = JSON.parse(JSON.stringify(customResourceDefinition(kind)));
    const definition = decode(name, { ...given, status: { storedVersions: ["v2"] } }, set);
    set.validateCreate(resource(name, set), definition);
    set.registry.define(definition);
  }
  const document = set.openApiV3("apis/cilium.io/v2") as { components: { schemas: JsonObject } };
  assert.ok(document.components.schemas["io.cilium.v2.CiliumNetworkPolicy"] !== undefined);
  assert.ok(
    JSON.stringify(set.openApiV2()).includes("#/definitions/io.cilium.v2.CiliumNetworkPolicy"),
  );
});
