import assert from "node:assert/strict";
import { test } from "node:test";

import type { Node } from "../model/node.ts";
import type { Pod, PodAffinityTerm } from "../model/pod.ts";
import { node, pod } from "../test-world/objects.ts";
import { clusterOf } from "./cluster.ts";
import { schedule } from "./schedule.ts";

function waiting(spec: Partial<Pod["spec"]>, labels = { app: "new" }): Pod {
  return pod("new", { labels, spec: { nodeName: "", ...spec }, isReady: false });
}

function place(one: Pod, nodes: readonly Node[], pods: readonly Pod[] = []): string {
  const decision = schedule(one, clusterOf({ nodes, pods }));
  if ("node" in decision) return decision.node;
  return decision.message.replace(/ no new claims to deallocate, preemption: .*$/, "");
}

const web = (host: string): Pod => pod(`web-${host}`, { spec: { nodeName: host } });
const near: PodAffinityTerm = {
  labelSelector: { matchLabels: { app: "web" } },
  topologyKey: "kubernetes.io/hostname",
};
const two = [node("node1"), node("node2")];
const requests = (cpu: string): Partial<Pod["spec"]> => ({
  containers: [{ name: "web", resources: { requests: { cpu } } }],
});

test("a pod goes where it may be, and otherwise each node says why not", () => {
  const tainted = node("node2", { spec: { taints: [{ key: "gpu", effect: "NoSchedule" }] } });
  const cordoned = node("node3", { spec: { unschedulable: true } });
  const all = [node("node1"), tainted, cordoned];
  const gpu = { key: "gpu", operator: "Exists" };
  const required = (key: string, operator: string, values?: string[]): Partial<Pod["spec"]> => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values && { values }) }] }],
        },
      },
    },
  });
  const cases: [string, Partial<Pod["spec"]>, string][] = [
    ["anywhere", {}, "node1"],
    [
      "selected",
      { nodeSelector: { "kubernetes.io/hostname": "node2" }, tolerations: [gpu] },
      "node2",
    ],
    [
      "tainted",
      { nodeSelector: { "kubernetes.io/hostname": "node2" } },
      "0/3 nodes are available: 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable, " +
        "1 node(s) didn't match Pod's node affinity/selector.",
    ],
    ["affinity", required("kubernetes.io/hostname", "NotIn", ["node2"]), "node1"],
    ["exists", required("kubernetes.io/hostname", "Exists"), "node1"],
    [
      "too large",
      requests("3"),
      "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable.",
    ],
  ];
  for (const [name, spec, wanted] of cases) {
    const sorted = (text: string): string[] => text.replace(/\.$/, "").split(/, |: /).toSorted();
    assert.deepEqual(sorted(place(waiting(spec), all)), sorted(wanted), name);
  }
  assert.equal(place(waiting({}), []), "no nodes available to schedule pods");
});

test("affinity brings pods together, and the first of a group may begin anywhere", () => {
  const together = (labels: { app: string }): Pod =>
    waiting(
      { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near] } } },
      labels,
    );
  assert.equal(place(together({ app: "new" }), two, [web("node2")]), "node2");
  assert.equal(
    place(together({ app: "new" }), two),
    "0/2 nodes are available: 2 node(s) didn't match pod affinity rules.",
  );
  assert.equal(place(together({ app: "web" }), two), "node1");
});

test("anti-affinity keeps apart, whoever of the two has asked for it", () => {
  const antiAffinity = {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [near] },
  };
  const apart = waiting({ affinity: antiAffinity });
  assert.equal(place(apart, two, [web("node1")]), "node2");
  assert.equal(
    place(apart, two, [web("node1"), web("node2")]),
    "0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.",
  );
  const loner = pod("loner", {
    labels: { app: "web" },
    spec: { nodeName: "node1", affinity: antiAffinity },
  });
  const decision = place(waiting({}, { app: "web" }), [node("node1")], [loner]);
  assert.equal(
    decision,
    "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  );
});

test("host ports, room and skew are kept", () => {
  const ports: Partial<Pod["spec"]> = {
    containers: [{ name: "web", ports: [{ containerPort: 80, hostPort: 80 }] }],
  };
  const holder = pod("holder", { spec: { ...ports, nodeName: "node1" } });
  assert.equal(place(waiting(ports), two, [holder]), "node2");
  const busy = pod("busy", { spec: { ...requests("1500m"), nodeName: "node1" } });
  assert.equal(place(waiting(requests("1")), two, [busy]), "node2");
  const spread = {
    maxSkew: 1,
    topologyKey: "kubernetes.io/hostname",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: { app: "web" } },
  };
  const next = waiting({ topologySpreadConstraints: [spread] }, { app: "web" });
  assert.equal(place(next, two, [web("node1")]), "node2");
  const full = node("node1", { status: { allocatable: { pods: "1" } } });
  assert.equal(
    place(waiting({}), [full], [web("node1")]),
    "0/1 nodes are available: 1 Too many pods.",
  );
});

test("a pod of higher priority gets the place of as few and as unimportant others as will do", () => {
  const one = node("node1", { status: { allocatable: { cpu: "2", pods: "10" } } });
  const placed = (name: string, priority: number, more: Partial<Pod["spec"]> = {}): Pod =>
    pod(name, { spec: { nodeName: "node1", priority, ...requests("1"), ...more } });
  const decide = (spec: Partial<Pod["spec"]>, pods: readonly Pod[]): unknown => {
    const wanting = waiting({ priority: 10, ...requests("1"), ...spec });
    const decision = schedule(wanting, clusterOf({ nodes: [one], pods }));
    if ("node" in decision) return decision.node;
    return decision.preemption?.victims.map(({ metadata }) => metadata.name) ?? decision.message;
  };
  const none =
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption:";
  const nobody = `${none} 0/1 nodes are available: 1 No preemption victims found for incoming pod.`;
  const room = [placed("five", 5), placed("one", 1)];
  assert.deepEqual(decide({}, room), ["one"]);
  assert.deepEqual(decide(requests("2"), room), ["five", "one"]);
  assert.equal(decide({ priority: 1 }, room), nobody);
  const never = { preemptionPolicy: "Never" };
  assert.equal(decide(never, room), `${none} not eligible due to preemptionPolicy=Never.`);
  const important = [placed("high", 20), placed("one", 1)];
  const still = `${none} 0/1 nodes are available: 1 Insufficient cpu.`;
  assert.equal(decide(requests("2"), important), still);
});

test("a place that was made for a pod is not for one of lower priority", () => {
  const one = node("node1", { status: { allocatable: { cpu: "1", pods: "10" } } });
  const high = waiting({ priority: 10, ...requests("1") });
  const nominated: Pod = {
    ...high,
    metadata: { ...high.metadata, name: "high", uid: "uid-high" },
    status: { ...high.status, nominatedNodeName: "node1" },
  };
  const cluster = clusterOf({ nodes: [one], pods: [nominated] });
  assert.ok("message" in schedule(waiting({ priority: 1, ...requests("1") }), cluster));
  assert.ok("node" in schedule(waiting({ priority: 11, ...requests("1") }), cluster));
  assert.ok("node" in schedule(nominated, cluster));
});
