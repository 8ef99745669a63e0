import assert from "node:assert/strict";
import test from "node:test";
import { ClusterModel } from "./cluster-model.ts";
import {
  DEFAULT_DENY,
  FRONTEND_TO_API,
  FRONTEND_TO_API_L7,
  OTHERS,
  parsed,
  PODS,
  THREE_TIER,
} from "./three-tier.ts";

function modelOf(...objects: object[]): ClusterModel {
  return ClusterModel.of(parsed(objects));
}

function allowed(model: ClusterModel): string[] {
  const passing = model.matrix().filter(({ verdict }) => verdict === "allowed");
  return passing.map(({ from, to, port }) => `${from} > ${to}:${port}`);
}

const selves = [
  "demo/api > demo/api:3000",
  "demo/database > demo/database:5432",
  "demo/frontend > demo/frontend:80",
];

test("without policies everything passes", () => {
  const model = modelOf(...PODS);
  assert.equal(allowed(model).length, 9);
  assert.deepEqual(
    model.verdict({ from: "demo/frontend", to: "demo/api", port: 3000 }).because,
    [],
  );
});

test("with default deny only pods themselves are left", () => {
  const model = modelOf(...PODS, DEFAULT_DENY);
  assert.deepEqual(allowed(model), selves);
  const verdict = model.verdict({ from: "demo/frontend", to: "demo/api", port: 3000 });
  assert.equal(verdict.egress, "denied");
  assert.equal(verdict.ingress, "denied");
  assert.deepEqual(
    verdict.because.map(({ direction, name, effect }) => [direction, name, effect]),
    [
      ["egress", "default-deny", "default-deny"],
      ["ingress", "default-deny", "default-deny"],
    ],
  );
});

test("the three tiers reach what they should and nothing else", () => {
  const model = modelOf(...THREE_TIER);
  assert.deepEqual(
    allowed(model),
    [...selves, "demo/api > demo/database:5432", "demo/frontend > demo/api:3000"].toSorted(),
  );
  const verdict = model.verdict({ from: "demo/frontend", to: "demo/api", port: 3000 });
  assert.deepEqual(
    verdict.because.map(({ name, rule, effect }) => [name, rule, effect]),
    [
      ["frontend-egress", "spec.egress[0].toPorts[0]", "allow"],
      ["frontend-to-api", "spec.ingress[0].toPorts[0]", "allow"],
    ],
  );
});

test("an L7 rule restricts only where no L4 rule allows the same", () => {
  const flow = { from: "demo/frontend", to: "demo/api", port: 3000 };
  const get = { kind: "http", method: "GET", path: "/" } as const;
  const post = { kind: "http", method: "POST", path: "/" } as const;
  const alone = modelOf(...PODS, DEFAULT_DENY, ...OTHERS, FRONTEND_TO_API_L7);
  assert.equal(alone.verdict(flow).l7, true);
  assert.equal(alone.verdict({ ...flow, request: get }).verdict, "allowed");
  const refused = alone.verdict({ ...flow, request: post });
  assert.equal(refused.verdict, "denied");
  assert.equal(refused.because.at(-1)?.effect, "refuse");
  const both = modelOf(...PODS, DEFAULT_DENY, ...OTHERS, FRONTEND_TO_API, FRONTEND_TO_API_L7);
  assert.equal(both.verdict({ ...flow, request: post }).verdict, "allowed");
});

test("a Service is judged at what is behind it, and says so", () => {
  const model = modelOf(...THREE_TIER);
  const verdict = model.verdict({ from: "demo/frontend", to: "demo/api-service", port: 8080 });
  assert.equal(verdict.verdict, "allowed");
  assert.equal(verdict.to, "demo/api-service");
  assert.equal(verdict.port, 3000);
  assert.match(verdict.note ?? "", /is a Service: judged at demo\/api port 3000/);
});

test("entities, addresses and names are parties", () => {
  const names = {
    apiVersion: "cilium.io/v2",
    kind: "CiliumNetworkPolicy",
    metadata: { name: "outside", namespace: "demo" },
    spec: {
      endpointSelector: {},
      egress: [
        { toCIDRSet: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }] },
        { toFQDNs: [{ matchPattern: "*.example.org" }] },
        { toEntities: ["kube-apiserver"] },
      ],
    },
  };
  const model = modelOf(...PODS, DEFAULT_DENY, names);
  const reach = (to: string): string => model.verdict({ from: "demo/api", to, port: 443 }).egress;
  assert.equal(reach("10.2.3.4"), "allowed");
  assert.equal(reach("10.1.3.4"), "denied");
  assert.equal(reach("192.0.2.1"), "denied");
  assert.equal(reach("www.example.org"), "allowed");
  assert.equal(reach("example.com"), "denied");
  assert.equal(reach("entity:kube-apiserver"), "allowed");
  assert.equal(reach("world"), "denied");
  assert.equal(model.verdict({ from: "host", to: "demo/api", port: 1 }).verdict, "allowed");
  assert.equal(model.verdict({ from: "remote-node", to: "demo/api", port: 1 }).verdict, "denied");
  assert.throws(
    () => model.verdict({ from: "nobody/here", to: "world", port: 1 }),
    /neither a pod/,
  );
});

test("an ipBlock holds pods, and toCIDR does not", () => {
  const address = { status: { podIP: "10.9.0.5" } };
  const pods = PODS.map((pod) =>
    "spec" in pod && "kind" in pod && pod.kind === "Pod" ? { ...pod } : pod,
  );
  const target = { ...pods[0], ...address };
  const egress = (kind: "to" | "toCIDR"): object => ({
    apiVersion: kind === "to" ? "networking.k8s.io/v1" : "cilium.io/v2",
    kind: kind === "to" ? "NetworkPolicy" : "CiliumNetworkPolicy",
    metadata: { name: "range", namespace: "demo" },
    spec:
      kind === "to"
        ? {
            podSelector: {},
            policyTypes: ["Egress"],
            egress: [{ to: [{ ipBlock: { cidr: "10.9.0.0/16" } }] }],
          }
        : { endpointSelector: {}, egress: [{ toCIDR: ["10.9.0.0/16"] }] },
  });
  const flow = { from: "demo/api", to: "demo/database", port: 5432 };
  assert.equal(modelOf(target, ...pods.slice(1), egress("to")).verdict(flow).verdict, "allowed");
  assert.equal(modelOf(target, ...pods.slice(1), egress("toCIDR")).verdict(flow).verdict, "denied");
});

test("changes of objects change the answers", () => {
  const model = modelOf(...THREE_TIER);
  const flow = { from: "demo/frontend", to: "demo/api", port: 3000 };
  model.remove({ kind: "CiliumNetworkPolicy", namespace: "demo", name: "frontend-to-api" });
  assert.equal(model.verdict(flow).ingress, "denied");
  for (const object of parsed([FRONTEND_TO_API])) model.upsert(object);
  assert.equal(model.verdict(flow).ingress, "allowed");
});
