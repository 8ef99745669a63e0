import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "#base";
import { LabelFilter } from "./label-filter.ts";
import { Labels, parseLabel } from "./labels.ts";

const keeps = (filter: LabelFilter, text: string): boolean => filter.keeps(parseLabel(text));

const DEFAULTS: readonly [text: string, isKept: boolean][] = [
  ["k8s:app=web", true],
  ["k8s:app.kubernetes.io/name=web", true],
  ["k8s:io.kubernetes.pod.namespace=shop", true],
  ["k8s:io.kubernetes.container.name=x", false],
  ["k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=shop", true],
  ["k8s:io.cilium.k8s.policy.cluster=default", true],
  ["k8s:io.cilium.k8s.policy.serviceaccount=x", true],
  ["k8s:kubernetes.io/arch=amd64", false],
  ["k8s:statefulset.kubernetes.io/pod-name=db-0", false],
  ["k8s:apps.kubernetes.io/pod-index=0", false],
  ["k8s:batch.kubernetes.io/job-completion-index=0", false],
  ["k8s:batch.kubernetes.io/controller-uid=0", false],
  ["k8s:batch.kubernetes.io/job-name=x", true],
  ["k8s:failure-domain.beta.kubernetes.io/zone=x", false],
  ["k8s:k8s.io/x=1", false],
  ["k8s:pod-template-hash=1", false],
  ["k8s:pod-template-generation=1", false],
  ["k8s:controller-revision-hash=1", false],
  ["k8s:controller-uid=1", false],
  ["k8s:annotation.x=1", false],
  ["k8s:etcd_node=1", false],
  ["k8s:topology.kubernetes.io/zone=x", false],
  ["k8s:my.topology.kubernetes.io/zone=x", true],
  ["reserved:kube-apiserver", true],
  // A dot of the list means a dot.
  ["k8s:k8sxio=1", true],
];
for (const [text, isKept] of DEFAULTS) {
  test(`by default ${text} is ${isKept ? "kept" : "left out"}`, () => {
    assert.equal(keeps(new LabelFilter(), text), isKept);
  });
}

test("an excluding pattern of the user's leaves the rest as it was", () => {
  const filter = new LabelFilter(["!version", "k8s:!build"]);
  assert.equal(keeps(filter, "k8s:version=1"), false);
  assert.equal(keeps(filter, "k8s:build=1"), false);
  assert.equal(keeps(filter, "container:build=1"), true);
  assert.equal(keeps(filter, "k8s:app=web"), true);
});

test("an including pattern makes the list an allow list", () => {
  const filter = new LabelFilter(["k8s:app"]);
  assert.equal(keeps(filter, "k8s:app=web"), true);
  assert.equal(keeps(filter, "k8s:application=web"), true);
  assert.equal(keeps(filter, "container:app=web"), false);
  assert.equal(keeps(filter, "k8s:tier=db"), false);
  assert.equal(keeps(filter, "k8s:io.kubernetes.pod.namespace=shop"), true);
  assert.equal(keeps(filter, "reserved:host"), true);
});

test("the longer match decides", () => {
  const filter = new LabelFilter(["!foo", "foo\\.bar"]);
  assert.equal(keeps(filter, "k8s:foo.bar=1"), true);
  assert.equal(keeps(filter, "k8s:foo.baz=1"), false);
});

test("patterns are regular expressions, matched from the beginning", () => {
  const filter = new LabelFilter(["!team-(a|b)[0-9]+$"]);
  assert.equal(keeps(filter, "k8s:team-a12=x"), false);
  assert.equal(keeps(filter, "k8s:team-a12x=x"), true);
  assert.equal(keeps(filter, "k8s:my-team-a1=x"), true);
});

test("a hostile pattern takes no long time", () => {
  const filter = new LabelFilter(["!(a+)+$"]);
  const started = performance.now();
  assert.equal(keeps(filter, `k8s:${"a".repeat(5000)}b`), true);
  assert.ok(performance.now() - started < 1000);
});

test("a pattern that is none is told", () => {
  assert.throws(() => new LabelFilter(["app("]), ConfigError);
  assert.throws(() => new LabelFilter(["k8s:"]), /has no pattern|no pattern/);
});

test("labels are filtered together", () => {
  const labels = Labels.parse("k8s:app=web", "k8s:pod-template-hash=1");
  assert.equal(new LabelFilter().filter(labels).text, "k8s:app=web");
});
