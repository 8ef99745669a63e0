/** Numbers, ranges and names of ports, and what a proxy does to them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterModel } from "./cluster-model.ts";
import {
  clusterWith,
  cnp,
  enter,
  type Json,
  MINE,
  pod,
  portRules,
  reach,
} from "./small-cluster.ts";

const mine = (spec: Json, ...others: Json[]): ClusterModel =>
  clusterWith([cnp({ ...MINE, ...spec }), ...others]);
const toPort = (port: Json, ...others: Json[]): ClusterModel =>
  mine({ egress: [{ toEntities: ["all"], toPorts: [{ ports: [port] }] }] }, ...others);
const open = (model: ClusterModel, protocol: string, ...ports: number[]): number[] =>
  ports.filter((port) => reach(model, "shop/web", port, protocol) === "allowed");

test("port 0 is every port of the protocol, and of no other", () => {
  const model = toPort({ port: "0", protocol: "TCP" });
  assert.deepEqual(open(model, "TCP", 0, 1, 80, 65_535), [0, 1, 80, 65_535]);
  assert.deepEqual(open(model, "UDP", 0, 80), []);
});

test("port 0 with an endPort is a range from 0", () => {
  const model = toPort({ port: "0", endPort: 100, protocol: "TCP" });
  assert.deepEqual(open(model, "TCP", 0, 64, 100, 101), [0, 64, 100]);
});

test("a range has both its ends", () => {
  const model = toPort({ port: "80", endPort: 90, protocol: "TCP" });
  assert.deepEqual(open(model, "TCP", 79, 80, 85, 90, 91), [80, 85, 90]);
});

test("an endPort below the port counts for nothing", () => {
  const model = toPort({ port: "443", endPort: 80, protocol: "TCP" });
  assert.deepEqual(open(model, "TCP", 80, 100, 443, 444), [443]);
});

test("no protocol, and ANY, are TCP, UDP and SCTP, and not ICMP", () => {
  for (const port of [{ port: "8" }, { port: "8", protocol: "ANY" }]) {
    const model = toPort(port);
    for (const protocol of ["TCP", "UDP", "SCTP"]) assert.deepEqual(open(model, protocol, 8), [8]);
    assert.deepEqual(open(model, "ICMP", 8), []);
  }
});

test("names of ports have no case", () => {
  assert.deepEqual(open(toPort({ port: "HTTP", protocol: "TCP" }), "TCP", 80, 8080), [8080]);
});

test("a named port at ingress is the pod's own, whatever others call theirs", () => {
  const own = pod("shop", "me", [{ name: "http", containerPort: 7000 }]);
  const model = mine({ ingress: [{ toPorts: portRules("http") }] }, own);
  assert.equal(enter(model, "shop/web", 7000), "allowed");
  assert.equal(enter(model, "shop/web", 8080), "denied");
  const nameless = mine({ ingress: [{ toPorts: portRules("http") }] });
  assert.equal(enter(nameless, "shop/web", 8080), "denied");
});

test("a named port at egress on which all pods agree is open to every peer, the world too", () => {
  const model = toPort({ port: "http", protocol: "TCP" });
  for (const to of ["shop/web", "other/db", "1.2.3.4", "world", "remote-node"]) {
    assert.equal(reach(model, to, 8080), "allowed", to);
    assert.equal(reach(model, to, 80), "denied", to);
  }
});

test("a named port at egress on which pods disagree is open to nobody", () => {
  const other = pod("other", "db", [{ name: "http", containerPort: 9090 }]);
  const model = toPort({ port: "http", protocol: "TCP" }, other);
  for (const to of ["shop/web", "other/db", "world"]) {
    for (const port of [8080, 9090]) assert.equal(reach(model, to, port), "denied", to);
  }
  const onlyWeb = mine(
    { egress: [{ toEndpoints: [{ matchLabels: { app: "web" } }], toPorts: portRules("http") }] },
    other,
  );
  assert.equal(reach(onlyWeb, "shop/web", 8080), "denied", "pods that are no peer count as well");
});

test("a name of a port is another one in another protocol", () => {
  const udp = pod("other", "db", [{ name: "http", containerPort: 9090, protocol: "UDP" }]);
  const model = toPort({ port: "http" }, udp);
  assert.deepEqual(open(model, "TCP", 8080, 9090), [8080]);
  assert.deepEqual(open(model, "UDP", 8080, 9090), [9090]);
});

test("a name that no pod has is no port, and denies nothing but by default", () => {
  const model = toPort({ port: "nowhere", protocol: "TCP" });
  assert.deepEqual(open(model, "TCP", 0, 80, 8080), []);
});

const GET = { rules: { http: [{ method: "GET" }] } };
const web = { toEndpoints: [{ matchLabels: { app: "web" } }] };
const flow = { from: "shop/me", to: "shop/web", port: 80 };
const request = { kind: "http", method: "POST", path: "/" } as const;

test("a rule for requests redirects a peer, beside what allows its port or all of it", () => {
  for (const beside of [{ toPorts: portRules("80") }, { toEntities: ["cluster"] }, web]) {
    const model = mine({ egress: [{ ...web, toPorts: portRules("80", GET) }, beside] });
    assert.equal(model.verdict(flow).l7, true, JSON.stringify(beside));
  }
  const model = mine({
    egress: [{ ...web, toPorts: portRules("80", GET) }, { toEntities: ["all"] }],
  });
  assert.equal(model.verdict({ ...flow, to: "other/db" }).l7, undefined);
  assert.equal(model.verdict({ ...flow, port: 81 }).l7, undefined);
});

test("a deny wins over a rule for requests", () => {
  const egress = [{ ...web, toPorts: portRules("80", GET) }];
  const model = mine({ egress, egressDeny: [{ toEntities: ["cluster"] }] });
  assert.equal(model.verdict(flow).egress, "denied");
  assert.equal(model.verdict(flow).l7, undefined);
});

test("nothing is refused where a plain rule allows the port to the same peers", () => {
  const plain = { ...web, toPorts: portRules("80") };
  const strict = { ...web, toPorts: portRules("80", GET) };
  const both = mine({ egress: [strict, plain] }).verdict({ ...flow, request });
  assert.deepEqual([both.egress, both.l7], ["allowed", true]);
  assert.equal(mine({ egress: [strict] }).verdict({ ...flow, request }).egress, "denied");
  const allPorts = mine({ egress: [strict, web] }).verdict({ ...flow, request });
  assert.equal(allPorts.egress, "denied", "what allows all ports lifts nothing from one");
});

test("rules for requests on one port add up", () => {
  const post = { rules: { http: [{ method: "POST" }] } };
  const rules = [GET, post].map((more) => ({ ...web, toPorts: portRules("80", more) }));
  assert.equal(mine({ egress: rules }).verdict({ ...flow, request }).egress, "allowed");
});

test("http: [] is a plain port, http: [{}] a redirect that refuses nothing", () => {
  const of = (http: Json[]): ClusterModel =>
    mine({ egress: [{ ...web, toPorts: portRules("80", { rules: { http } }) }] });
  const [none, any] = [of([]), of([{}])].map((model) => model.verdict({ ...flow, request }));
  assert.deepEqual([none?.egress, none?.l7], ["allowed", undefined]);
  assert.deepEqual([any?.egress, any?.l7], ["allowed", true]);
});
