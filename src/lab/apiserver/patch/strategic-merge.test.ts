import assert from "node:assert/strict";
import { test } from "node:test";
import { property } from "#test";
import fc from "fast-check";
import { decode, deployment, resource, schemas } from "../schema/testdata/objects.ts";
import type { JsonObject } from "../schema/types.ts";
import { applyPatch } from "./apply-patch.ts";

const DEPLOYMENTS = resource("deployments.apps/v1");
const NOW = "2026-01-02T03:04:05Z";

function patched(current: JsonObject, patch: JsonObject): JsonObject {
  const object = decode("deployments.apps/v1", current);
  return applyPatch(schemas, {
    type: "strategic",
    resource: DEPLOYMENTS,
    current: object,
    patch,
    now: NOW,
  });
}

/** The pod spec of the template of a deployment that such a patch of its pod spec leaves. */
function podSpec(spec: JsonObject, patch: JsonObject): JsonObject {
  const current = deployment({ template: { metadata: { labels: { app: "web" } }, spec } });
  const result = patched(current, { spec: { template: { spec: patch } } });
  return (result["spec"] as { template: { spec: JsonObject } }).template.spec;
}

const names = (list: unknown): string[] => (list as { name: string }[]).map(({ name }) => name);
const CONTAINERS = [
  { name: "a", image: "a:1" },
  { name: "b", image: "b:1", args: ["x"] },
];

test("containers are merged by their names", () => {
  const { containers } = podSpec(
    { containers: CONTAINERS },
    {
      containers: [
        { name: "b", image: "b:2" },
        { name: "c", image: "c:1" },
      ],
    },
  );
  const list = containers as { name: string; image: string; args?: string[] }[];
  assert.deepEqual(
    list.map(({ name, image }) => `${name} ${image}`),
    ["a a:1", "b b:2", "c c:1"],
  );
  assert.deepEqual(list[1]?.args, ["x"], "what the patch does not name stays");
});

test("the directives", () => {
  const deleted = podSpec(
    { containers: CONTAINERS },
    { containers: [{ $patch: "delete", name: "a" }] },
  );
  assert.deepEqual(names(deleted["containers"]), ["b"]);
  const replaced = podSpec(
    { containers: CONTAINERS },
    {
      containers: [{ $patch: "replace" }, { name: "z", image: "z" }],
    },
  );
  assert.deepEqual(replaced["containers"], [{ name: "z", image: "z" }]);
  const ordered = podSpec(
    { containers: CONTAINERS },
    {
      "$setElementOrder/containers": [{ name: "b" }, { name: "a" }],
      containers: [],
    },
  );
  assert.deepEqual(names(ordered["containers"]), ["b", "a"]);
  const retained = patched(deployment(), {
    spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } },
  });
  assert.deepEqual((retained["spec"] as JsonObject)["strategy"], { type: "Recreate" });
});

test("lists of texts are sets where the schema says so, and replaced where not", () => {
  const current = { ...deployment(), metadata: { name: "web", finalizers: ["a.b/c", "d.e/f"] } };
  const { metadata } = patched(current, {
    metadata: { "$deleteFromPrimitiveList/finalizers": ["a.b/c"], finalizers: ["g.h/i"] },
  });
  assert.deepEqual((metadata as JsonObject)["finalizers"], ["g.h/i", "d.e/f"]);
  const spec = podSpec(
    { containers: CONTAINERS },
    { containers: [{ name: "b", args: ["y", "z"] }] },
  );
  assert.deepEqual((spec["containers"] as JsonObject[])[1]?.["args"], ["y", "z"]);
});

test("null takes away, and items without their key are refused", () => {
  const spec = podSpec({ containers: CONTAINERS, hostname: "x" }, { hostname: null });
  assert.ok(!("hostname" in spec));
  assert.throws(() => podSpec({ containers: CONTAINERS }, { containers: [{ image: "x" }] }), {
    message: "map: map[image:x] does not contain declared merge key: name",
  });
  assert.throws(
    () => podSpec({ containers: CONTAINERS }, { $patch: "spoil" }),
    /unknown patch type: spoil/,
  );
});

const images = fc.uniqueArray(
  fc.record(
    { name: fc.constantFrom("a", "b", "c", "d"), image: fc.string({ minLength: 1 }) },
    { noNullPrototype: true },
  ),
  { selector: ({ name }) => name, minLength: 1 },
);

property(
  "a patch twice is as once, and holds what it says",
  fc.tuple(images, images),
  ([current, containers]) => {
    const spec = podSpec({ containers: current }, { containers });
    assert.deepEqual(names(podSpec(spec, { containers })["containers"]), names(spec["containers"]));
    for (const { name, image } of containers) {
      const found = (spec["containers"] as { name: string; image: string }[]).find(
        (each) => each.name === name,
      );
      assert.equal(found?.image, image);
    }
  },
);
