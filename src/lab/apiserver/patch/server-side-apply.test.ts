import assert from "node:assert/strict";
import { test } from "node:test";
import { causes, decode, deployment, resource, schemas } from "../schema/testdata/objects.ts";
import { StatusError } from "../schema/status-error.ts";
import { asText } from "../schema/node.ts";
import type { JsonObject, KubeObject } from "../schema/types.ts";
import { applyPatch } from "./apply-patch.ts";
import { trackManagedFields } from "./managed-fields.ts";

const DEPLOYMENTS = resource("deployments.apps/v1");
const CONFIG_MAPS = resource("configmaps.v1");
const NOW = "2026-01-02T03:04:05Z";

function apply(
  current: KubeObject | undefined,
  patch: JsonObject,
  fieldManager: string,
  isForced = false,
): KubeObject {
  const of = patch["kind"] === "ConfigMap" ? CONFIG_MAPS : DEPLOYMENTS;
  const request = {
    type: "apply",
    resource: of,
    current,
    patch,
    fieldManager,
    isForced,
    now: NOW,
  } as const;
  const { object } = schemas.decode(of, applyPatch(schemas, request), {
    fieldValidation: "Strict",
  });
  return object;
}

const map = (data: JsonObject): JsonObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "default" },
  data,
});

const owned = (object: KubeObject): string[] =>
  (object.metadata["managedFields"] as JsonObject[]).map(
    ({ manager, operation, fieldsV1 }) =>
      `${asText(manager)} ${asText(operation)} ${JSON.stringify(fieldsV1)}`,
  );

test("fields are owned by who applies them, and go when he names them no more", () => {
  const first = apply(undefined, map({ a: "1", b: "2" }), "one");
  assert.deepEqual(owned(first), ['one Apply {"f:data":{"f:a":{},"f:b":{}}}']);
  const both = apply(first, map({ b: "2", c: "3" }), "two");
  assert.deepEqual(both["data"], { a: "1", b: "2", c: "3" });
  const less = apply(both, map({}), "one");
  assert.deepEqual(less["data"], { b: "2", c: "3" }, "b is still applied by another");
  assert.deepEqual(owned(less), ['two Apply {"f:data":{"f:b":{},"f:c":{}}}']);
});

test("what another owns is a conflict, but for force", () => {
  const first = apply(undefined, map({ a: "1", b: "2" }), "one");
  try {
    apply(first, map({ a: "x", b: "y" }), "two");
    assert.fail("it is a conflict");
  } catch (error) {
    assert.ok(error instanceof StatusError);
    assert.equal(error.status, 409);
    assert.equal(
      error.message,
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b',
    );
    assert.deepEqual(causes(error)[0], '.data.a: conflict with "one"');
    assert.equal(error.details?.causes?.[0]?.reason, "FieldManagerConflict");
  }
  const forced = apply(first, map({ a: "x" }), "two", true);
  assert.deepEqual(forced["data"], { a: "x", b: "2" });
  assert.deepEqual(owned(forced), [
    'one Apply {"f:data":{"f:b":{}}}',
    'two Apply {"f:data":{"f:a":{}}}',
  ]);
  assert.deepEqual(apply(first, map({ a: "1" }), "two")["data"], { a: "1", b: "2" }, "agreed");
});

test("items of lists are owned by their keys", () => {
  const config = { apiVersion: "apps/v1", kind: "Deployment", ...deployment() };
  const first = apply(undefined, config, "one");
  const fields = owned(first)[0] ?? "";
  assert.ok(
    fields.includes(
      '"f:containers":{"k:{\\"name\\":\\"web\\"}":{".":{},"f:image":{},"f:name":{}}}',
    ),
    fields,
  );
  assert.ok(fields.includes('"f:selector":{}'), "selectors are atomic");
  const sidecar = { name: "side", image: "s", ports: [{ containerPort: 80 }] };
  const more = { ...config, spec: { template: { spec: { containers: [sidecar] } } } };
  const second = apply(first, more, "two");
  const { containers } = (second["spec"] as { template: { spec: { containers: JsonObject[] } } })
    .template.spec;
  assert.deepEqual(
    containers.map(({ name }) => name),
    ["web", "side"],
  );
  assert.ok(owned(second).join().includes('k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}'));
  const gone = apply(second, { ...config, spec: {} }, "two");
  const left = (gone["spec"] as { template: { spec: { containers: JsonObject[] } } }).template.spec;
  assert.deepEqual(
    left.containers.map(({ name }) => name),
    ["web"],
  );
});

test("an update takes what it changes, and leaves a line in the list", () => {
  const first = apply(undefined, map({ a: "1", b: "2" }), "one");
  const object = { ...first, data: { a: "x", c: "3" } };
  const update = {
    resource: CONFIG_MAPS,
    old: first,
    object,
    fieldManager: "kubectl-edit",
    now: NOW,
  };
  const tracked = trackManagedFields(schemas, update);
  assert.deepEqual(owned(tracked), ['kubectl-edit Update {"f:data":{"f:a":{},"f:c":{}}}']);
  assert.throws(() => apply(tracked, map({ a: "1" }), "one"), {
    message: 'Apply failed with 1 conflict: conflict with "kubectl-edit" using v1: .data.a',
  });
  const same = trackManagedFields(schemas, {
    ...update,
    old: tracked,
    object: tracked,
    now: "2027-01-01T00:00:00Z",
  });
  assert.deepEqual(same, tracked, "nothing changed, nothing said");
});

test("a create is an update from nothing", () => {
  const object = decode("deployments.apps/v1", deployment({ replicas: 2 }));
  const { metadata } = trackManagedFields(schemas, {
    resource: DEPLOYMENTS,
    old: undefined,
    object,
    fieldManager: "kubectl-create",
    now: NOW,
  });
  const [entry] = metadata["managedFields"] as JsonObject[];
  const { manager, operation, apiVersion, time, fieldsType } = entry ?? {};
  assert.deepEqual(
    [manager, operation, apiVersion, time, fieldsType],
    ["kubectl-create", "Update", "apps/v1", NOW, "FieldsV1"],
  );
  const spec = ((entry?.["fieldsV1"] ?? {}) as { "f:spec": JsonObject })["f:spec"];
  assert.deepEqual(spec["f:strategy"], {
    "f:rollingUpdate": { ".": {}, "f:maxSurge": {}, "f:maxUnavailable": {} },
    "f:type": {},
  });
  assert.deepEqual(Object.keys(spec), [
    "f:progressDeadlineSeconds",
    "f:replicas",
    "f:revisionHistoryLimit",
    "f:selector",
    "f:strategy",
    "f:template",
  ]);
});

test("the list can be made empty, and stays bounded", () => {
  let object = trackManagedFields(schemas, {
    resource: CONFIG_MAPS,
    old: undefined,
    object: decode("configmaps.v1", map({ first: "v" })),
    fieldManager: "maker",
    now: "2026-01-02T03:03:00Z",
  });
  for (let index = 0; index < 30; index += 1) {
    const next = { ...object, data: { ...(object["data"] as JsonObject), [`k${index}`]: "v" } };
    const now = `2026-01-02T03:04:${String(index).padStart(2, "0")}Z`;
    object = trackManagedFields(schemas, {
      resource: CONFIG_MAPS,
      old: object,
      object: next,
      fieldManager: `m${index}`,
      now,
    });
  }
  const list = object.metadata["managedFields"] as JsonObject[];
  assert.equal(list.length, 10);
  assert.ok(list.some(({ manager }) => manager === "ancient-changes"));
  const reset = { ...object, metadata: { ...object.metadata, managedFields: [{}] } };
  const empty = trackManagedFields(schemas, {
    resource: CONFIG_MAPS,
    old: object,
    object: reset,
    fieldManager: "x",
    now: NOW,
  });
  assert.equal(empty.metadata["managedFields"], undefined);
});

test("what is no field, or of another kind, is refused", () => {
  assert.throws(() => apply(undefined, { ...map({}), spec: 1 }, "one"), {
    message:
      "failed to create typed patch object (default/a; /v1, Kind=ConfigMap): .spec: field not declared in schema",
  });
  assert.throws(
    () => apply(undefined, { ...map({}), kind: "Secret" }, "one"),
    /invalid object type: \/v1, Kind=Secret/,
  );
});
