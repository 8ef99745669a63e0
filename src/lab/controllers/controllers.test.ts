import assert from "node:assert/strict";
import { test } from "node:test";

import { KubeError, RESOURCES } from "#kube";

import {
  CONFIG_MAPS,
  DAEMON_SETS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ENDPOINTS,
  EVENTS,
  NAMESPACES,
  NODES,
  PODS,
  REPLICA_SETS,
  SECRETS,
  SERVICE_ACCOUNTS,
  SERVICES,
} from "./engine/resources.ts";
import { type ApiObject, compareText } from "./model/object.ts";
import type { Node } from "./model/node.ts";
import { isReady, type Pod } from "./model/pod.ts";
import type { EndpointSlice, Endpoints } from "./model/service.ts";
import type { DaemonSet, Deployment, ReplicaSet } from "./model/workload.ts";
import type { Secret } from "./service-account/plan.ts";
import { deployment, service } from "./test-world/objects.ts";
import { ControlledWorld } from "./test-world/world.ts";

type Told = ApiObject & { reason: string; message: string; involvedObject: { name: string } };

function fresh<T extends ApiObject>(object: T): T {
  const {
    uid: _uid,
    generation: _generation,
    creationTimestamp: _made,
    ...metadata
  } = object.metadata;
  return { ...object, metadata };
}

function events(world: ControlledWorld, about: string): string[] {
  return world.api
    .all<Told>(EVENTS)
    .filter(({ involvedObject }) => involvedObject.name === about)
    .map(({ reason, message }) => `${reason}: ${message}`);
}

function ready(world: ControlledWorld): Pod[] {
  return world.api.all<Pod>(PODS).filter(isReady);
}

async function deployed(
  world: ControlledWorld,
  spec: Partial<Deployment["spec"]> = {},
): Promise<void> {
  await world.api.create(DEPLOYMENTS, fresh(deployment("web", spec)));
  await world.until("pods are ready", () => ready(world).length === (spec.replicas ?? 3));
  await world.settle();
}

test("a deployment becomes pods on nodes, with its status, events and revision", async () => {
  await using world = await ControlledWorld.start();
  await deployed(world);
  const [web] = world.api.all<Deployment>(DEPLOYMENTS);
  const { conditions = [], ...numbers } = web?.status ?? {};
  assert.deepEqual(numbers, {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    unavailableReplicas: 0,
    terminatingReplicas: 0,
  });
  const [set] = world.api.all<ReplicaSet>(REPLICA_SETS);
  const name = set?.metadata.name ?? "";
  assert.deepEqual(
    conditions
      .toSorted((one, other) => compareText(one.type, other.type))
      .map(({ type, status, reason, message }) => [type, status, reason, message]),
    [
      ["Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability."],
      [
        "Progressing",
        "True",
        "NewReplicaSetAvailable",
        `ReplicaSet "${name}" has successfully progressed.`,
      ],
    ],
  );
  assert.equal(web?.metadata.annotations?.["deployment.kubernetes.io/revision"], "1");
  assert.deepEqual(events(world, "web"), [
    `ScalingReplicaSet: Scaled up replica set ${name} from 0 to 3`,
  ]);
  const pods = world.api.all<Pod>(PODS);
  assert.deepEqual(
    events(world, name).toSorted(),
    pods.map(({ metadata }) => `SuccessfulCreate: Created pod: ${metadata.name}`).toSorted(),
  );
  assert.deepEqual(new Set(pods.map(({ spec }) => spec.nodeName)), new Set(["node1", "node2"]));
  for (const { metadata, spec } of pods) {
    assert.deepEqual(events(world, metadata.name), [
      `Scheduled: Successfully assigned default/${metadata.name} to ${spec.nodeName ?? ""}`,
    ]);
  }
});

test("a new template rolls out within its limits, and going back keeps the old ReplicaSet", async () => {
  for (const seed of [1, 2, 3]) {
    await using world = await ControlledWorld.start({ seed });
    await deployed(world, { replicas: 4 });
    const setImage = async (name: string): Promise<void> => {
      const patch = { spec: { template: { spec: { containers: [{ name }] } } } };
      await world.api.patch(DEPLOYMENTS, { namespace: "default", name: "web" }, patch);
    };
    const everyRound = (): void => {
      const pods = world.api
        .all<Pod>(PODS)
        .filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      assert.ok(pods.length <= 5, `${pods.length} pods`);
      assert.ok(pods.filter(isReady).length >= 3, `${pods.filter(isReady).length} ready`);
    };
    const rolledOut = (name: string): boolean => {
      const pods = world.api.all<Pod>(PODS);
      return (
        pods.length === 4 &&
        pods.every((pod) => isReady(pod) && pod.spec.containers?.[0]?.name === name)
      );
    };
    await setImage("new");
    await world.until("rolled out", () => rolledOut("new"), { everyRound });
    await setImage("web");
    await world.until("rolled back", () => rolledOut("web"), { everyRound });
    await world.settle();
    const [web] = world.api.all<Deployment>(DEPLOYMENTS);
    const revision = "deployment.kubernetes.io/revision";
    assert.equal(web?.metadata.annotations?.[revision], "3");
    const sets = world.api.all<ReplicaSet>(REPLICA_SETS);
    assert.deepEqual(
      sets.map(({ metadata }) => metadata.annotations?.[revision]),
      ["3", "2"],
    );
  }
});

test("controllers at rest write nothing", async () => {
  await using world = await ControlledWorld.start();
  await world.api.create(SERVICES, fresh(service("web")));
  await deployed(world);
  const writes = (): number =>
    world.api.requests.filter((each) => !/^(get|list)/.test(each)).length;
  const before = writes();
  await world.clock.advance(15_000);
  assert.equal(writes(), before);
});

test("replicas are scaled, pods that go are replaced, and an owner's end is the end of all", async () => {
  await using world = await ControlledWorld.start();
  await deployed(world);
  const ref = { namespace: "default", name: "web" };
  await world.api.patch(DEPLOYMENTS, ref, { spec: { replicas: 5 } });
  await world.until("five", () => ready(world).length === 5);
  const [first] = world.api.all<Pod>(PODS);
  await world.api.delete(PODS, { namespace: "default", name: first?.metadata.name ?? "" }, {});
  await world.until("replaced", () => {
    const pods = ready(world);
    return pods.length === 5 && !pods.some(({ metadata }) => metadata.uid === first?.metadata.uid);
  });
  await world.api.patch(DEPLOYMENTS, ref, { spec: { replicas: 1 } });
  await world.until("one", () => world.api.all(PODS).length === 1);
  await world.api.delete(DEPLOYMENTS, ref, {});
  await world.until(
    "all gone",
    () => world.api.all(PODS).length + world.api.all(REPLICA_SETS).length === 0,
  );
});

test("foreground deletion keeps the owner until what it owns is gone", async () => {
  await using world = await ControlledWorld.start();
  await deployed(world);
  const ref = { namespace: "default", name: "web" };
  await world.api.delete(DEPLOYMENTS, ref, { propagationPolicy: "Foreground" });
  await world.until("the deployment goes last", () => world.api.all(DEPLOYMENTS).length === 0, {
    everyRound: () => {
      const isThere = world.api.all(DEPLOYMENTS).length > 0;
      assert.ok(isThere || world.api.all(REPLICA_SETS).length + world.api.all(PODS).length === 0);
    },
  });
});

test("an orphaned ReplicaSet stays, and a deployment made anew adopts it", async () => {
  await using world = await ControlledWorld.start();
  await deployed(world);
  const uids = (): string[] => world.api.all(PODS).map(({ metadata }) => metadata.uid ?? "");
  const before = uids();
  const ref = { namespace: "default", name: "web" };
  await world.api.delete(DEPLOYMENTS, ref, { propagationPolicy: "Orphan" });
  await world.until("it is gone", () => world.api.all(DEPLOYMENTS).length === 0);
  await world.settle();
  assert.deepEqual(uids(), before);
  await deployed(world);
  assert.deepEqual(uids(), before);
  assert.equal(world.api.all(REPLICA_SETS).length, 1);
});

test("slices and endpoints follow readiness and the end of pods", async () => {
  await using world = await ControlledWorld.start();
  await world.api.create(SERVICES, fresh(service("web")));
  await deployed(world);
  const seen = (): string[] =>
    world.api
      .all<EndpointSlice>(ENDPOINT_SLICES)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .map(
        ({ addresses, conditions }) =>
          `${addresses[0] ?? ""} ${String(conditions?.ready)} ${String(conditions?.terminating)}`,
      );
  const expected = (): string[] =>
    world.api.all<Pod>(PODS).map(({ metadata, status }) => {
      const isGoing = metadata.deletionTimestamp !== undefined;
      return `${status?.podIP ?? ""} ${String(!isGoing)} ${String(isGoing)}`;
    });
  assert.deepEqual(seen().toSorted(), expected().toSorted());
  const [slice] = world.api.all<EndpointSlice>(ENDPOINT_SLICES);
  assert.deepEqual(slice?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
  const [pod] = world.api.all<Pod>(PODS);
  const name = pod?.metadata.name ?? "";
  await world.api.delete(PODS, { namespace: "default", name }, {});
  await world.until(
    "it terminates in the slice",
    () => seen().some((each) => each.endsWith("false true")),
    {
      pods: false,
    },
  );
  await world.settle();
  assert.deepEqual(seen().toSorted(), expected().toSorted());
  const addresses = world.api.all<Endpoints>(ENDPOINTS)[0]?.subsets?.[0]?.addresses ?? [];
  assert.equal(addresses.length, 3);
});

test("a daemon set has one pod on every node, also on one that comes later", async () => {
  await using world = await ControlledWorld.start();
  const { spec } = deployment("agent");
  const daemonSet: DaemonSet = {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "agent", namespace: "kube-system" },
    spec: { selector: spec.selector, template: spec.template },
  };
  await world.api.create(DAEMON_SETS, daemonSet);
  await world.until("two", () => ready(world).length === 2);
  await world.kubelet.addNode("node3");
  await world.until("three", () => ready(world).length === 3);
  await world.settle();
  assert.equal(world.api.all<DaemonSet>(DAEMON_SETS)[0]?.status?.numberAvailable, 3);
  const patch = { spec: { template: { spec: { containers: [{ name: "new" }] } } } };
  await world.api.patch(DAEMON_SETS, { namespace: "kube-system", name: "agent" }, patch);
  await world.until(
    "updated",
    () => ready(world).filter((pod) => pod.spec.containers?.[0]?.name === "new").length === 3,
    { everyRound: () => assert.ok(ready(world).length >= 2) },
  );
});

test("a namespace has its account and certificate, and ends empty", async () => {
  await using world = await ControlledWorld.start();
  await world.api.create(NAMESPACES, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "shop" },
  });
  await world.settle();
  assert.ok(world.api.find(SERVICE_ACCOUNTS, "shop/default"));
  assert.ok(world.api.find(CONFIG_MAPS, "shop/kube-root-ca.crt"));
  const inShop = deployment("web");
  inShop.metadata.namespace = "shop";
  await world.api.create(DEPLOYMENTS, fresh(inShop));
  await world.until("pods run", () => ready(world).length === 3);
  await world.api.delete(NAMESPACES, { name: "shop" }, {});
  await world.until("it is gone", () => world.api.find(NAMESPACES, "shop") === undefined);
  const left = [PODS, DEPLOYMENTS, REPLICA_SETS, SERVICE_ACCOUNTS, CONFIG_MAPS]
    .flatMap((resource) => world.api.all(resource))
    .filter(({ metadata }) => metadata.namespace === "shop");
  assert.deepEqual(left, []);
});

test("a node that falls silent is not ready, and its pods go elsewhere", async () => {
  await using world = await ControlledWorld.start();
  const tolerations = [
    {
      key: "node.kubernetes.io/unreachable",
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: 60,
    },
  ];
  const { template } = deployment("web").spec;
  await deployed(world, { template: { ...template, spec: { ...template.spec, tolerations } } });
  await world.pass(60, ["node1"]);
  const down = world.api.all<Node>(NODES).find(({ metadata }) => metadata.name === "node2");
  const condition = down?.status?.conditions?.find(({ type }) => type === "Ready");
  assert.equal(
    `${condition?.status ?? ""} ${condition?.reason ?? ""}`,
    "Unknown NodeStatusUnknown",
  );
  assert.deepEqual(
    down?.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`),
    ["node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute"],
  );
  assert.ok(ready(world).every(({ spec }) => spec.nodeName === "node1"));
  await world.pass(70, ["node1"]);
  await world.until("three on the other", () => {
    return ready(world).filter(({ spec }) => spec.nodeName === "node1").length === 3;
  });
  assert.ok(
    events(world, "node2").includes("NodeNotReady: Node node2 status is now: NodeNotReady"),
  );
});

test("a pod for which there is no node says why, and runs when there is one", async () => {
  await using world = await ControlledWorld.start({ nodes: 1 });
  await world.api.patch(NODES, { name: "node1" }, { spec: { unschedulable: true } });
  await world.settle();
  await world.api.create(DEPLOYMENTS, fresh(deployment("web", { replicas: 1 })));
  await world.settle();
  const [pod] = world.api.all<Pod>(PODS);
  const message =
    "0/1 nodes are available: 1 node(s) were unschedulable. no new claims to deallocate, preemption: 0/1 nodes are available: " +
    "1 Preemption is not helpful for scheduling.";
  assert.ok(events(world, pod?.metadata.name ?? "").includes(`FailedScheduling: ${message}`));
  const condition = pod?.status?.conditions?.find(({ type }) => type === "PodScheduled");
  assert.equal(
    `${condition?.reason ?? ""}: ${condition?.message ?? ""}`,
    `Unschedulable: ${message}`,
  );
  await world.api.patch(NODES, { name: "node1" }, { spec: { unschedulable: null } });
  await world.until("it runs", () => ready(world).length === 1);
});

test("a refusal to make pods is told as event and condition, and is tried again", async () => {
  await using world = await ControlledWorld.start();
  let isRefusing = true;
  world.api.refuse = (verb, resource) =>
    isRefusing && verb === "create" && resource === PODS
      ? new KubeError(403, { reason: "Forbidden", message: "exceeded quota" })
      : undefined;
  await world.api.create(DEPLOYMENTS, fresh(deployment("web")));
  await world.clock.advance(1_000);
  const [web] = world.api.all<Deployment>(DEPLOYMENTS);
  const failure = web?.status?.conditions?.find(({ type }) => type === "ReplicaFailure");
  assert.equal(
    `${failure?.reason ?? ""}: ${failure?.message ?? ""}`,
    "FailedCreate: exceeded quota",
  );
  isRefusing = false;
  await world.until("pods run", () => ready(world).length === 3);
  await world.settle();
  const [after] = world.api.all<Deployment>(DEPLOYMENTS);
  assert.ok(!after?.status?.conditions?.some(({ type }) => type === "ReplicaFailure"));
});

test("kinds without a controller say so, and token secrets get their token", async () => {
  await using world = await ControlledWorld.start();
  const job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once", namespace: "default" },
  };
  await world.api.create(RESOURCES.Job, job);
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: "token",
      namespace: "default",
      annotations: { "kubernetes.io/service-account.name": "default" },
    },
    type: "kubernetes.io/service-account-token",
  };
  await world.settle();
  await world.api.create(SECRETS, secret);
  await world.settle();
  const [event] = events(world, "once");
  assert.match(event ?? "", /^NoController: This cluster has no controller for kind Job/);
  const data = world.api.all<Secret>(SECRETS)[0]?.data;
  assert.equal(Buffer.from(data?.["token"] ?? "", "base64").toString(), "a.b.c");
});

test("pods of a node that is gone are taken away", async () => {
  await using world = await ControlledWorld.start();
  await deployed(world);
  await world.api.delete(NODES, { name: "node2" }, {});
  await world.pass(70, ["node1"]);
  await world.until("three on the other", () => {
    const pods = world.api.all<Pod>(PODS);
    return pods.length === 3 && pods.every((pod) => isReady(pod) && pod.spec.nodeName === "node1");
  });
});
