import assert from "node:assert/strict";
import { test } from "node:test";
import { podLabels } from "./pod-labels.ts";
import { wellKnownIdentities } from "./well-known.ts";

test("a pod has its own labels, and those of where it runs", () => {
  const labels = podLabels({
    labels: { app: "web" },
    namespace: "shop",
    namespaceLabels: { "kubernetes.io/metadata.name": "shop", team: "a" },
    serviceAccount: "runner",
    cluster: "default",
  });
  assert.deepEqual(labels.toStrings(), [
    "k8s:app=web",
    "k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=shop",
    "k8s:io.cilium.k8s.namespace.labels.team=a",
    "k8s:io.cilium.k8s.policy.cluster=default",
    "k8s:io.cilium.k8s.policy.serviceaccount=runner",
    "k8s:io.kubernetes.pod.namespace=shop",
  ]);
});

test("a pod that claims to be elsewhere is not believed", () => {
  const labels = podLabels({
    labels: {
      "io.kubernetes.pod.namespace": "kube-system",
      "io.cilium.k8s.policy.cluster": "other",
      "io.cilium.k8s.policy.serviceaccount": "admin",
      "io.cilium.k8s.namespace.labels.team": "a",
    },
    namespace: "shop",
    namespaceLabels: {},
    cluster: "default",
  });
  assert.deepEqual(labels.toStrings(), [
    "k8s:io.cilium.k8s.policy.cluster=default",
    "k8s:io.kubernetes.pod.namespace=shop",
  ]);
});

test("well-known pods have their numbers", () => {
  const known = wellKnownIdentities({ cluster: "default", operatorNamespace: "cilium" });
  const ids = known.map(({ id }) => id).toSorted((left, right) => left - right);
  assert.deepEqual(ids, [102, 103, 104, 105, 106, 110, 111, 112, 113, 114]);
  assert.equal(new Set(known.map(({ labels }) => labels.text)).size, 10);
  const operator = known.find(({ id }) => id === 105);
  assert.equal(operator?.labels.get("k8s", "io.kubernetes.pod.namespace"), "cilium");
});
