import assert from "node:assert/strict";
import { test } from "node:test";
import { createRegistry } from "./registry.ts";
import { compareVersions } from "./versions.ts";
import { decode, widgets, withWidgets } from "./testdata/objects.ts";

test("resources are as discovery of a real server tells them", () => {
  const registry = createRegistry();
  const deployments = registry.find("apps", "v1", "deployments");
  assert.equal(deployments?.kind, "Deployment");
  assert.deepEqual(deployments.shortNames, ["deploy"]);
  assert.deepEqual(deployments.categories, ["all"]);
  const scale = deployments.subresources.find(({ name }) => name === "scale");
  assert.equal(`${scale?.group}/${scale?.version} ${scale?.kind}`, "autoscaling/v1 Scale");
  assert.deepEqual(registry.find("", "v1", "bindings")?.verbs, ["create"]);
  assert.equal(registry.find("", "v1", "nodes")?.isNamespaced, false);
  assert.equal(registry.findKind("", "v1", "Pod")?.plural, "pods");
  assert.equal(registry.find("apps", "v1", "nothing"), undefined);
  assert.equal(registry.groups()[0]?.name, "");
});

test("versions are in Kubernetes' order", () => {
  const versions = [
    "foo",
    "v1alpha1",
    "v11beta2",
    "v2",
    "v10",
    "v1",
    "v3beta1",
    "bar",
    "v12alpha1",
  ];
  assert.deepEqual(versions.toSorted(compareVersions), [
    "v10",
    "v2",
    "v1",
    "v11beta2",
    "v3beta1",
    "v12alpha1",
    "v1alpha1",
    "bar",
    "foo",
  ]);
});

test("a definition's resources come and go", () => {
  const { registry } = withWidgets({ type: "object" });
  const before = registry.generation;
  const found = registry.find("example.com", "v1", "widgets");
  assert.equal(found?.listKind, "WidgetList");
  assert.deepEqual(
    found.subresources.map(({ name }) => name),
    ["status", "scale"],
  );
  assert.equal(found.custom?.printerColumns[0]?.name, "Age");
  registry.define(
    decode("customresourcedefinitions.apiextensions.k8s.io/v1", widgets({ type: "object" })),
  );
  registry.undefine("widgets.example.com");
  assert.equal(registry.find("example.com", "v1", "widgets"), undefined);
  assert.equal(registry.generation, before + 2);
});
