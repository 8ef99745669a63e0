/** Whom selectors hold, and which policies count at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicyOptions } from "../options.ts";
import { ccnp, clusterWith, cnp, enter, type Json, MINE, reach, reached } from "./small-cluster.ts";

const NAMESPACE = "io.kubernetes.pod.namespace";
const PODS = ["shop/web", "other/db"];
const OTHERS = ["world", "1.2.3.4", "host", "remote-node", "node:n1", "node:n2", "node:n3"];

const to = (...toEndpoints: Json[]): Json => ({ ...MINE, egress: [{ toEndpoints }] });
const byKey = (key: string, operator: string, ...values: string[]): Json => ({
  matchExpressions: [{ key, operator, ...(values.length > 0 ? { values } : {}) }],
});
const label = (key: string, value: string): Json => ({ matchLabels: { [key]: value } });

test("the defaults: IPv4, a cluster called default, local peers only, the node always gets in", () => {
  const { families, clusterName, defaultLocalCluster, allowLocalhost } = defaultPolicyOptions;
  assert.deepEqual(families, [4]);
  assert.equal(clusterName, "default");
  assert.equal(defaultLocalCluster, true);
  assert.equal(allowLocalhost, true);
});

test("an empty peer selector is the pods of the namespace, clusterwide all pods, never more", () => {
  assert.deepEqual(reached(clusterWith([cnp(to({}))]), ...PODS, ...OTHERS), ["shop/web"]);
  assert.deepEqual(reached(clusterWith([ccnp(to({}))]), ...PODS, ...OTHERS), PODS);
});

test("NotIn and DoesNotExist on the namespace match neither the world nor nodes", () => {
  for (const of of [cnp, ccnp]) {
    const not = clusterWith([of(to(byKey(NAMESPACE, "NotIn", "shop")))]);
    assert.deepEqual(reached(not, ...PODS, ...OTHERS), ["other/db"]);
    const none = clusterWith([of(to(byKey(NAMESPACE, "DoesNotExist")))]);
    assert.deepEqual(reached(none, ...PODS, ...OTHERS), []);
  }
});

test("a peer selector with labels of namespaces reaches beyond its own namespace", () => {
  const key = "io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name";
  for (const [source, operator] of [
    ["k8s:", "In"],
    ["any:", "In"],
    ["", "In"],
    ["k8s:", "Exists"],
  ] as const) {
    const values = operator === "In" ? ["other"] : [];
    const model = clusterWith([cnp(to(byKey(`${source}${key}`, operator, ...values)))]);
    assert.equal(reach(model, "other/db"), "allowed", `${source} ${operator}`);
    assert.equal(reach(model, "world"), "denied");
  }
});

test("a peer of another cluster is not one of this cluster's pods", () => {
  const model = clusterWith([cnp(to(label("io.cilium.k8s.policy.cluster", "east")))]);
  assert.deepEqual(reached(model, ...PODS, ...OTHERS), []);
});

test("a selector with a reserved key is not confined to the namespace or the cluster", () => {
  const model = clusterWith([cnp(to(label("reserved:world", "")))]);
  assert.deepEqual(reached(model, ...PODS, ...OTHERS), ["world", "1.2.3.4"]);
});

/** Whether policies of namespace shop, with such a subject, deny to shop/me and to other/db. */
function denied(endpointSelector: Json): boolean[] {
  const model = clusterWith([cnp({ endpointSelector, egress: [{}] })]);
  return ["shop/me", "other/db"].map((from) => {
    return model.verdict({ from, to: "world", port: 80 }).egress === "denied";
  });
}

test("a foreign namespace among a subject's matchLabels is overwritten", () => {
  assert.deepEqual(denied(label(`k8s:${NAMESPACE}`, "other")), [true, false]);
});

test("a foreign namespace in a subject's expression, or of source any, leaves nobody selected", () => {
  assert.deepEqual(denied(byKey(`k8s:${NAMESPACE}`, "In", "other")), [false, false]);
  assert.deepEqual(denied(byKey(NAMESPACE, "In", "other")), [false, false]);
  // It is the label of source k8s that gives way, and this one asks for another beside it.
  assert.deepEqual(denied(label(NAMESPACE, "other")), [false, false]);
  assert.deepEqual(denied({}), [true, false]);
});

test("labels that make no identity select nobody, neither subjects nor peers", () => {
  const hash = label("pod-template-hash", "1");
  assert.equal(
    reach(clusterWith([cnp({ endpointSelector: hash, egress: [{}] })]), "world"),
    "allowed",
  );
  const ingress = [{ fromEndpoints: [hash] }];
  const model = clusterWith([cnp({ endpointSelector: label("app", "web"), ingress })]);
  assert.equal(model.verdict({ from: "shop/me", to: "shop/web", port: 80 }).ingress, "denied");
});

test("a pod's labels are found by source k8s and any, and not by container", () => {
  for (const [source, expected] of [
    ["", "allowed"],
    ["any:", "allowed"],
    ["k8s:", "allowed"],
    ["container:", "denied"],
  ] as const) {
    const model = clusterWith([cnp(to(label(`${source}app`, "web")))]);
    assert.equal(reach(model, "shop/web"), expected, source);
  }
});

test("a policy with a nodeSelector does nothing to pods, and something to nodes", () => {
  const model = clusterWith([ccnp({ nodeSelector: {}, ingress: [{}], egress: [{}] })]);
  assert.deepEqual(reached(model, ...PODS, "world"), [...PODS, "world"]);
  assert.equal(enter(model, "world"), "allowed");
  assert.equal(model.verdict({ from: "shop/me", to: "node:n2", port: 80 }).ingress, "denied");
});

test("one bad rule takes the whole object away, good rules and other specs with it", () => {
  const bad = { ...MINE, ingress: [{ fromEndpoints: [{}], fromEntities: ["world"] }] };
  const both = cnp({ ...MINE, egress: [{}], ingress: bad.ingress });
  assert.equal(reach(clusterWith([both]), "world"), "allowed");
  const { spec, ...rest } = cnp({});
  assert.deepEqual(spec, {});
  const model = clusterWith([{ ...rest, specs: [{ ...MINE, egress: [{}] }, bad] }]);
  assert.equal(reach(model, "world"), "allowed");
  const good = clusterWith([{ ...rest, specs: [{ ...MINE, egress: [{}] }] }]);
  assert.equal(reach(good, "world"), "denied");
});
