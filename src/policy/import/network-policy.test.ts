/** What NetworkPolicies become, as Kubernetes says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObject } from "#kube/types";
import { defaultPolicyOptions, type PolicyOptions } from "../options.ts";
import type { ImportedPolicy, PeerSelector, PolicySpec } from "../rule.ts";
import { peerPortsOf, prefixesOf } from "./collect.ts";
import { noFacts } from "./facts.ts";
import { importPolicy } from "./import-policy.ts";

type Json = Record<string, unknown>;

function imported(spec: Json, options: Partial<PolicyOptions> = {}): ImportedPolicy {
  const { object, findings } = parseObject({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "p", namespace: "shop" },
    spec,
  });
  assert.ok(object?.kind === "NetworkPolicy", JSON.stringify(findings));
  return importPolicy(object, noFacts, { ...defaultPolicyOptions, ...options });
}

function specOf(spec: Json): PolicySpec {
  const policy = imported(spec);
  const [made] = policy.specs;
  assert.ok(made, JSON.stringify(policy.findings));
  return made;
}

function peers(from: Json[]): string | string[] | undefined {
  const found: "any" | readonly PeerSelector[] | undefined = specOf({ ingress: [{ from }] })
    .rules[0]?.peers;
  if (found === undefined || found === "any") return found;
  return found.map((peer) => {
    if (peer.kind === "labels") return peer.selector.text;
    return peer.kind === "block" ? `block ${[peer.cidr, ...peer.except].join(" - ")}` : peer.kind;
  });
}

const CLUSTER = "k8s:io.cilium.k8s.policy.cluster in (default)";
const SHOP = "k8s:io.kubernetes.pod.namespace in (shop)";
const SOME = "k8s:io.kubernetes.pod.namespace exists";

test("the subject is pods of the policy's namespace", () => {
  const podSelector = { matchLabels: { app: "web" } };
  assert.equal(specOf({ podSelector }).subject.selector.text, `k8s:app in (web) && ${SHOP}`);
  assert.equal(specOf({}).subject.selector.text, SHOP);
});

test("policyTypes, given and by default", () => {
  const deny = (spec: Json): unknown => specOf(spec).defaultDeny;
  assert.deepEqual(deny({}), { ingress: true, egress: false });
  assert.deepEqual(deny({ ingress: [{}] }), { ingress: true, egress: false });
  assert.deepEqual(deny({ egress: [{}] }), { ingress: true, egress: true });
  assert.deepEqual(deny({ egress: [] }), { ingress: true, egress: false });
  assert.deepEqual(deny({ policyTypes: ["Egress"] }), { ingress: false, egress: true });
  assert.deepEqual(deny({ policyTypes: ["Ingress", "Egress"] }), { ingress: true, egress: true });
});

test("rules for a direction that policyTypes leaves out are ignored, and that is told", () => {
  const spec = { policyTypes: ["Ingress"], ingress: [{}], egress: [{}] };
  const { specs, findings } = imported(spec);
  assert.deepEqual(
    specs[0]?.rules.map(({ direction }) => direction),
    ["ingress"],
  );
  assert.deepEqual(
    findings.map(({ code, path }) => [code, path]),
    [["ignored-rules", "spec.egress"]],
  );
});

test("no peers are all peers; no ports are all ports of all protocols", () => {
  for (const rule of [{}, { from: [], ports: [] }]) {
    const [made] = specOf({ ingress: [rule] }).rules;
    assert.deepEqual([made?.peers, made?.ports], ["any", "any"]);
  }
});

test("peers by pods, by namespaces, by both", () => {
  const podSelector = { matchLabels: { app: "web" } };
  const namespaceSelector = { matchLabels: { team: "a" } };
  const team = "k8s:io.cilium.k8s.namespace.labels.team in (a)";
  assert.deepEqual(peers([{ podSelector }]), [`k8s:app in (web) && ${CLUSTER} && ${SHOP}`]);
  assert.deepEqual(peers([{ podSelector: {} }]), [`${CLUSTER} && ${SHOP}`]);
  assert.deepEqual(peers([{ namespaceSelector }]), [`${team} && ${CLUSTER} && ${SOME}`]);
  assert.deepEqual(peers([{ namespaceSelector: {} }]), [`${CLUSTER} && ${SOME}`]);
  assert.deepEqual(peers([{ namespaceSelector, podSelector }]), [
    `k8s:app in (web) && ${team} && ${CLUSTER} && ${SOME}`,
  ]);
  const not = { matchExpressions: [{ key: "team", operator: "NotIn", values: ["a"] }] };
  assert.deepEqual(peers([{ namespaceSelector: not }]), [
    `k8s:io.cilium.k8s.namespace.labels.team not in (a) && ${CLUSTER} && ${SOME}`,
  ]);
});

test("ipBlocks are blocks, with what they except", () => {
  const ipBlock = { cidr: "10.0.0.1/8", except: ["10.1.0.0/16"] };
  assert.deepEqual(peers([{ ipBlock }]), ["block 10.0.0.0/8 - 10.1.0.0/16"]);
  const { blocks, cidrs } = prefixesOf(specOf({ egress: [{ to: [{ ipBlock }] }] }));
  assert.deepEqual([blocks.map(String), cidrs], [["10.0.0.0/8", "10.1.0.0/16"], []]);
});

test("ports: defaults, ranges, names, protocols", () => {
  const ports = [
    {},
    { protocol: "SCTP" },
    { port: 80, endPort: 90, protocol: "UDP" },
    { port: 80, endPort: 80 },
    { port: "web" },
  ];
  const read = (rule: Json): unknown => specOf(rule).rules[0]?.ports;
  const numbers = [
    { protocol: 6, port: { first: 0, last: 65_535 } },
    { protocol: 132, port: { first: 0, last: 65_535 } },
    { protocol: 17, port: { first: 80, last: 90 } },
    { protocol: 6, port: { first: 80, last: 80 } },
  ];
  const name = (resolve: string): unknown => ({ protocol: 6, port: { name: "web", resolve } });
  assert.deepEqual(read({ ingress: [{ ports }] }), [...numbers, name("own")]);
  assert.deepEqual(read({ egress: [{ ports }] }), [...numbers, name("peer")]);
});

test("named ports at egress are collected, with whether blocks use them", () => {
  const ports = [{ port: "web" }, { port: 80 }];
  const block = { ipBlock: { cidr: "10.0.0.0/8" } };
  const egress = [{ to: [{ podSelector: {} }], ports }];
  assert.deepEqual(peerPortsOf(specOf({ egress })), [
    { name: "web", protocol: 6, hasBlocks: false },
  ]);
  assert.deepEqual(peerPortsOf(specOf({ egress: [...egress, { to: [block], ports }] })), [
    { name: "web", protocol: 6, hasBlocks: true },
  ]);
});

test("switched off, a NetworkPolicy does nothing, and that is told", () => {
  const { specs, findings } = imported({}, { enableK8sNetworkPolicy: false });
  assert.deepEqual([specs, findings[0]?.code], [[], "network-policies-disabled"]);
});
