import assert from "node:assert/strict";
import { test } from "node:test";
import { parseObject } from "./index.ts";

/** Parses without a finding to the same again. */
function keeps(value: unknown): void {
  const { object, findings } = parseObject(value);
  assert.deepEqual(findings, []);
  assert.deepEqual(object, value);
}

function core(kind: string, rest: object): object {
  return { apiVersion: "v1", kind, metadata: { name: "x", namespace: "n" }, ...rest };
}

function cilium(kind: string, rest: object): object {
  return { apiVersion: "cilium.io/v2", kind, metadata: { name: "x" }, ...rest };
}

const policy = (spec: object): object => ({
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "p", namespace: "n" },
  spec,
});

test("NetworkPolicy: every field is read, and a port is a number or a name", () => {
  keeps(
    policy({
      podSelector: { matchLabels: { app: "db" } },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [
            { ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } },
            { namespaceSelector: {}, podSelector: {} },
          ],
          ports: [
            { port: 8080 },
            { port: "8080" },
            { port: "web", protocol: "UDP" },
            { protocol: "TCP", port: 1, endPort: 9 },
            {},
          ],
        },
        {},
      ],
      egress: [{ to: [], ports: [] }],
    }),
  );
});

test("NetworkPolicy: its errors name their places", () => {
  const { findings } = parseObject(
    policy({ ingress: [{ ports: [{ port: true }, { port: 1.5 }] }] }),
  );
  assert.deepEqual(
    findings.map(({ path, message }) => `${path}: ${message}`),
    [
      "spec.ingress[0].ports[0].port: expected a string or a whole number, got true",
      "spec.ingress[0].ports[1].port: expected a string or a whole number, got the number 1.5",
    ],
  );
});

test("Kubernetes' core: of a pod, what is read is kept and the rest is dropped without a word", () => {
  const read = {
    spec: {
      nodeName: "k1",
      hostNetwork: false,
      serviceAccountName: "web",
      containers: [
        {
          name: "c",
          ports: [{ name: "http", containerPort: 80, protocol: "TCP", hostPort: 8080 }],
        },
      ],
      initContainers: [{ name: "i", restartPolicy: "Always" }],
    },
    status: {
      phase: "Running",
      podIP: "10.0.0.1",
      podIPs: [{ ip: "10.0.0.1" }],
      hostIP: "1.1.1.1",
    },
  };
  keeps(core("Pod", read));
  const full = core("Pod", {
    spec: { ...read.spec, volumes: [], containers: [{ ...read.spec.containers[0], image: "i" }] },
    status: { ...read.status, qosClass: "Burstable" },
  });
  const { object, findings } = parseObject(full);
  assert.deepEqual(findings, []);
  assert.deepEqual(object, core("Pod", read));
});

test("Kubernetes' core: metadata is as the API server gives it", () => {
  const metadata = {
    name: "x",
    uid: "u",
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { "kubernetes.io/metadata.name": "x" },
    annotations: { a: "b" },
    finalizers: ["f"],
    ownerReferences: [{ apiVersion: "v1", kind: "K", name: "n", uid: "u", controller: true }],
  };
  const given = { ...metadata, managedFields: [{ fieldsV1: {} }], generateName: "x-" };
  const { object, findings } = parseObject({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: given,
  });
  assert.deepEqual(findings, []);
  assert.deepEqual(object?.metadata, metadata);
});

test("Kubernetes' core: services, their endpoints, and nodes", () => {
  keeps(
    core("Service", {
      spec: {
        type: "ClusterIP",
        selector: { app: "web" },
        clusterIP: "None",
        ports: [
          { name: "http", port: 80, targetPort: "web", protocol: "TCP" },
          { port: 1, targetPort: 2 },
        ],
      },
    }),
  );
  keeps(
    core("Endpoints", {
      subsets: [
        {
          addresses: [{ ip: "10.0.0.1", targetRef: { kind: "Pod", name: "x", namespace: "n" } }],
          notReadyAddresses: [],
          ports: [{ name: "http", port: 80, protocol: "TCP" }],
        },
      ],
    }),
  );
  keeps({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "x", namespace: "n", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: true }, nodeName: "k1" }],
    ports: [{ port: 80 }],
  });
  keeps(
    core("Node", {
      spec: { podCIDR: "10.0.0.0/24", podCIDRs: ["10.0.0.0/24"] },
      status: { addresses: [{ type: "InternalIP", address: "1.1.1.1" }] },
    }),
  );
});

test("Cilium's own objects", () => {
  keeps(cilium("CiliumIdentity", { "security-labels": { "k8s:app": "web" } }));
  keeps(cilium("CiliumCIDRGroup", { spec: { externalCIDRs: [] } }));
  keeps({
    ...cilium("CiliumCIDRGroup", { spec: { externalCIDRs: ["10.0.0.0/8"] } }),
    apiVersion: "cilium.io/v2alpha1",
  });
  keeps(
    cilium("CiliumEndpoint", {
      status: {
        id: 1,
        identity: { id: 70_000, labels: ["k8s:app=web"] },
        networking: { addressing: [{ ipv4: "10.0.0.1" }], node: "1.1.1.1" },
        "named-ports": [{ name: "http", port: 80, protocol: "TCP" }],
        policy: { ingress: { enforcing: true, allowed: [{ identity: 1 }] } },
        state: "ready",
      },
    }),
  );
  keeps(
    cilium("CiliumNode", {
      spec: {
        addresses: [{ type: "InternalIP", ip: "1.1.1.1" }],
        ipam: { podCIDRs: ["10.0.0.0/24"], pools: { allocated: [{ pool: "default", cidrs: [] }] } },
        health: { ipv4: "10.0.0.9" },
      },
      status: { ipam: { used: { "10.0.0.1": { owner: "n/x" } } } },
    }),
  );
  const { findings } = parseObject(cilium("CiliumNode", { spec: { eni: { "vpc-id": "v" } } }));
  assert.deepEqual(findings, []);
});
