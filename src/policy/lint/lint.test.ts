import assert from "node:assert/strict";
import test from "node:test";
import { ClusterModel } from "../cluster/cluster-model.ts";
import {
  DEFAULT_DENY,
  FRONTEND_TO_API_L7,
  parsed,
  PODS,
  THREE_TIER,
} from "../cluster/three-tier.ts";
import { lint, type LintFinding } from "./lint.ts";

function lintOf(...objects: object[]): LintFinding[] {
  return lint(ClusterModel.of(parsed(objects)));
}

function cnp(name: string, spec: object): object {
  const metadata = { name, namespace: "demo" };
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata, spec };
}

const api = { matchLabels: { app: "api" } };

test("the exercise is free of findings", () => {
  assert.deepEqual(lintOf(...THREE_TIER), []);
});

test("the bonus exercise: the L4 policy has to go", () => {
  const [finding, ...rest] = lintOf(...THREE_TIER, FRONTEND_TO_API_L7);
  assert.equal(rest.length, 0);
  assert.equal(finding?.code, "l7-without-effect");
  assert.equal(finding.policy.name, "frontend-to-api-l7");
  assert.match(finding.message, /demo\/frontend-to-api has to go for them to take effect$/);
});

test("default deny without DNS is told of the policy that only denies", () => {
  const findings = lintOf(...PODS, DEFAULT_DENY);
  assert.deepEqual(
    findings.map(({ code, policy }) => [code, policy.name]),
    [["default-deny-without-dns", "default-deny"]],
  );
});

/** A policy and the code of the one thing that is wrong with it. */
const faults: readonly (readonly [string, object])[] = [
  ["selects-nothing", { endpointSelector: { matchLabels: { app: "none" } }, ingress: [] }],
  [
    "peer-selects-nothing",
    { endpointSelector: api, ingress: [{ fromEndpoints: [{ matchLabels: { app: "none" } }] }] },
  ],
  ["peer-is-namespace", { endpointSelector: api, ingress: [{ fromEndpoints: [{}] }] }],
  [
    "fqdn-without-dns",
    { endpointSelector: api, egress: [{ toFQDNs: [{ matchName: "example.org" }] }] },
  ],
  [
    "unknown-port-name",
    {
      endpointSelector: api,
      ingress: [{ toPorts: [{ ports: [{ port: "nowhere", protocol: "TCP" }] }] }],
    },
  ],
  [
    "shadowed-by-deny",
    {
      endpointSelector: api,
      ingress: [{ fromEndpoints: [api] }],
      ingressDeny: [{ fromEntities: ["all"] }],
    },
  ],
];

for (const [code, spec] of faults) {
  test(code, () => {
    assert.deepEqual(
      lintOf(...PODS, cnp("policy", spec)).map((finding) => finding.code),
      [code],
    );
  });
}
