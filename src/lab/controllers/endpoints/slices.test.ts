import assert from "node:assert/strict";
import { test } from "node:test";

import type { EndpointSlice, Endpoints, Service } from "../model/service.ts";
import { node, pod, service } from "../test-world/objects.ts";
import { planEndpoints } from "./endpoints.ts";
import { planSlices } from "./slices.ts";

function created(owner: Service, pods = [pod("web-1")]): EndpointSlice[] {
  const nodes = new Map([
    ["node1", node("node1", { labels: { "topology.kubernetes.io/zone": "a" } })],
  ]);
  const { operations } = planSlices({ service: owner, pods, slices: [], nodes });
  return operations.flatMap((each) =>
    each.verb === "create" ? [each.object as EndpointSlice] : [],
  );
}

test("a slice says whose it is and where each endpoint is", () => {
  const [slice] = created(service("web"));
  assert.deepEqual(slice?.metadata.labels, {
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
  });
  assert.deepEqual(slice.endpoints, [
    {
      addresses: [pod("web-1").status?.podIP],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: "node1",
      zone: "a",
      targetRef: { kind: "Pod", namespace: "default", name: "web-1", uid: "uid-web-1" },
    },
  ]);
});

test("a service without endpoints has an empty slice, one without a selector has none of ours", () => {
  assert.deepEqual(
    created(service("web"), []).map(({ endpoints, ports }) => [endpoints, ports]),
    [[null, null]],
  );
  const { selector: _none, ...spec } = service("web").spec ?? {};
  assert.deepEqual(created({ ...service("web"), spec }), []);
  assert.deepEqual(created(service("web", { type: "ExternalName" })), []);
});

test("an empty slice is left as it is, also as a server answers it: with null for empty lists", () => {
  const owner = service("web");
  const [empty] = created(owner, []);
  assert.ok(empty !== undefined);
  const answered = JSON.parse(
    JSON.stringify({ ...empty, endpoints: null, ports: null }),
  ) as EndpointSlice;
  for (const slice of [empty, answered]) {
    const plan = planSlices({ service: owner, pods: [], slices: [slice], nodes: new Map() });
    assert.deepEqual(plan.operations, []);
  }
});

test("headless services are marked, and pods with a name of their own have it", () => {
  const named = pod("web-1", { spec: { hostname: "one", subdomain: "web" } });
  const [slice] = created(service("web", { clusterIP: "None", ports: [] }), [named]);
  assert.equal(slice?.metadata.labels?.["service.kubernetes.io/headless"], "");
  assert.equal(slice?.endpoints?.[0]?.hostname, "one");
});

test("what is not ready is published where the service says so, and finished pods never", () => {
  const pods = [pod("web-1", { isReady: false }), pod("web-2", { status: { phase: "Failed" } })];
  const conditions = (owner: Service): unknown[] =>
    created(owner, pods).flatMap(({ endpoints }) =>
      (endpoints ?? []).map((each) => each.conditions?.ready),
    );
  assert.deepEqual(conditions(service("web")), [false]);
  assert.deepEqual(conditions(service("web", { publishNotReadyAddresses: true })), [true]);
});

test("endpoints tell ready from others, and leave out what is about to go", () => {
  const going = { deletionTimestamp: "2024-01-01T00:00:00Z" };
  const pods = [pod("a"), pod("b", { isReady: false }), pod("c", { metadata: going })];
  const { operations } = planEndpoints({ service: service("web"), pods, endpoints: undefined });
  const [operation] = operations;
  assert.equal(operation?.verb, "create");
  const { subsets } = operation.object as Endpoints;
  const names = (list: { targetRef?: { name: string } }[] | undefined): unknown =>
    list?.map(({ targetRef }) => targetRef?.name);
  assert.equal(subsets?.length, 1);
  assert.deepEqual(names(subsets[0]?.addresses), ["a"]);
  assert.deepEqual(names(subsets[0]?.notReadyAddresses), ["b"]);
  assert.deepEqual(subsets[0]?.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
});
