import assert from "node:assert/strict";
import { test } from "node:test";
import { rejectionOf } from "./admission.ts";
import type { Pod, PodSpec } from "./pod.ts";

const NODE = {
  name: "node1",
  labels: { disk: "fast", size: "7" },
  capacity: { cpu: "2", pods: "3" },
};
const podOf = (spec: Partial<PodSpec>): Pod => ({
  metadata: { name: "web", uid: "u" },
  spec: { containers: [{ name: "main", image: "nginx" }], ...spec },
});

function reasonOf(pod: Pod, others: readonly Pod[] = []): string | undefined {
  return rejectionOf(pod, others, NODE)?.reason;
}

test("a node must be what a pod asks for", () => {
  const wishing = (terms: readonly object[]): Pod => {
    const nodeAffinity = {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    };
    return podOf({ affinity: { nodeAffinity } });
  };
  const labelled = (operator: string, key: string, ...values: string[]): Pod =>
    wishing([{ matchExpressions: [{ key, operator, values }] }]);
  assert.equal(reasonOf(podOf({ nodeSelector: { disk: "fast" } })), undefined);
  assert.equal(reasonOf(podOf({ nodeSelector: { disk: "slow" } })), "NodeAffinity");
  const fitting = [
    labelled("In", "disk", "slow", "fast"),
    labelled("NotIn", "disk", "slow"),
    labelled("NotIn", "none", "slow"),
    labelled("Exists", "disk"),
    labelled("DoesNotExist", "none"),
    labelled("Gt", "size", "6"),
    labelled("Lt", "size", "8"),
    wishing([{ matchFields: [{ key: "metadata.name", operator: "In", values: ["node1"] }] }]),
  ];
  assert.deepEqual(new Set(fitting.map((pod) => reasonOf(pod))), new Set([undefined]));
  const unfit = [
    labelled("In", "disk", "slow"),
    labelled("Exists", "none"),
    labelled("DoesNotExist", "disk"),
    labelled("Gt", "size", "7"),
    wishing([{}]),
  ];
  assert.deepEqual(new Set(unfit.map((pod) => reasonOf(pod))), new Set(["NodeAffinity"]));
});

test("what a node has no more of is told in its units", () => {
  const asking = (cpu: string): Pod =>
    podOf({ containers: [{ name: "main", image: "nginx", resources: { requests: { cpu } } }] });
  assert.equal(reasonOf(asking("1"), [asking("1")]), undefined);
  assert.equal(
    rejectionOf(asking("1"), [asking("1100m")], NODE)?.message,
    "Node didn't have enough resource: cpu, requested: 1000, used: 1100, capacity: 2000",
  );
  assert.equal(reasonOf(podOf({}), [podOf({}), podOf({}), podOf({})]), "OutOfpods");
});

test("a port of the node is one pod's, by protocol and address", () => {
  const on = (hostPort: number, also: object = {}): Pod =>
    podOf({
      containers: [
        { name: "main", image: "nginx", ports: [{ containerPort: 80, hostPort, ...also }] },
      ],
    });
  assert.equal(reasonOf(on(80), [on(80)]), "NodePorts");
  assert.equal(reasonOf(on(80), [on(81), on(80, { protocol: "UDP" })]), undefined);
  assert.equal(reasonOf(on(80, { hostIP: "10.0.0.1" }), [on(80)]), "NodePorts");
  assert.equal(
    reasonOf(on(80, { hostIP: "10.0.0.1" }), [on(80, { hostIP: "10.0.0.2" })]),
    undefined,
  );
});
