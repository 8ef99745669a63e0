/** Entities and ranges of addresses: who is among them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterModel } from "./cluster-model.ts";
import {
  clusterWith,
  cnp,
  enter,
  entering,
  type Json,
  MINE,
  portRules,
  reach,
  reached,
} from "./small-cluster.ts";

const NODES = ["host", "node:n1", "node:n2", "node:n3"];
const mine = (spec: Json, ...others: Json[]): ClusterModel =>
  clusterWith([cnp({ ...MINE, ...spec }), ...others]);
const toEntities = (...entities: string[]): ClusterModel =>
  mine({ egress: [{ toEntities: entities }] });
const toCidrs = (...toCIDR: string[]): ClusterModel => mine({ egress: [{ toCIDR }] });
const toSets = (...toCIDRSet: Json[]): ClusterModel => mine({ egress: [{ toCIDRSet }] });

test("a pod's node always gets in; other nodes need a rule", () => {
  assert.deepEqual(entering(mine({ ingress: [{}] }), ...NODES), ["host", "node:n1"]);
});

test("a deny rule for host, cluster, all, or for a port alone keeps the node out", () => {
  for (const entity of ["host", "cluster", "all"]) {
    assert.equal(
      enter(mine({ ingressDeny: [{ fromEntities: [entity] }] }), "host"),
      "denied",
      entity,
    );
  }
  const byPort = mine({ ingressDeny: [{ toPorts: portRules("80") }] });
  assert.equal(enter(byPort, "host", 80), "denied");
  assert.equal(enter(byPort, "host", 81), "allowed");
  assert.equal(enter(mine({ ingressDeny: [{ fromEntities: ["world"] }] }), "host"), "allowed");
});

test("a pod needs a rule to reach its node", () => {
  assert.deepEqual(reached(mine({ egress: [{}] }), ...NODES), []);
  assert.deepEqual(reached(toEntities("host"), ...NODES), ["host", "node:n1"]);
});

test("entity remote-node holds the API server; entity kube-apiserver no other node", () => {
  assert.deepEqual(reached(toEntities("remote-node"), ...NODES), ["node:n2", "node:n3"]);
  assert.deepEqual(reached(toEntities("kube-apiserver"), ...NODES), ["node:n3"]);
});

test("entity cluster is pods, nodes and what has no labels yet, and not the world", () => {
  const reserved = "host remote-node init ingress health unmanaged kube-apiserver".split(" ");
  const inside = ["shop/web", "other/db", ...reserved];
  assert.deepEqual(reached(toEntities("cluster"), ...inside, "world", "1.2.3.4"), inside);
  assert.deepEqual(reached(toEntities("world"), ...inside, "world", "1.2.3.4"), [
    "world",
    "1.2.3.4",
  ]);
  assert.deepEqual(reached(toEntities("none"), ...inside, "world"), []);
  assert.deepEqual(reached(toEntities("all"), ...inside, "world"), [...inside, "world"]);
});

test("no CIDR holds a pod, a node or the host, though their addresses are in it", () => {
  const inside = ["shop/web", "other/db", ...NODES];
  for (const cidr of ["0.0.0.0/0", "10.244.0.0/16", "192.168.0.0/16"]) {
    assert.deepEqual(reached(toCidrs(cidr), ...inside), [], cidr);
  }
  assert.deepEqual(reached(toCidrs("0.0.0.0/0"), "world", "1.2.3.4"), ["world", "1.2.3.4"]);
});

test("a deny of every address leaves pods and nodes alone", () => {
  const model = mine({
    egress: [{ toEntities: ["all"] }],
    egressDeny: [{ toCIDR: ["0.0.0.0/0"] }],
  });
  assert.deepEqual(reached(model, "shop/web", "node:n2", "world", "1.2.3.4"), [
    "shop/web",
    "node:n2",
  ]);
});

test("the world holds addresses that a CIDR of some policy names", () => {
  const elsewhere = cnp({ endpointSelector: {}, egress: [{ toCIDR: ["10.0.0.0/8"] }] }, "other");
  const model = mine({ egress: [{ toEntities: ["world"] }] }, elsewhere);
  assert.deepEqual(reached(model, "10.1.1.1", "1.2.3.4"), ["10.1.1.1", "1.2.3.4"]);
  const denied = mine({ egressDeny: [{ toEntities: ["world"] }] }, elsewhere);
  assert.equal(reach(denied, "10.1.1.1"), "denied");
});

test("with IPv4 only, ::/0 holds no IPv4 address", () => {
  assert.deepEqual(reached(toCidrs("::/0"), "world", "1.2.3.4"), []);
});

test("a denied range wins over an allowed one, be it wider or narrower", () => {
  const pair = (allowed: string, denied: string): ClusterModel =>
    mine({ egress: [{ toCIDR: [allowed] }], egressDeny: [{ toCIDR: [denied] }] });
  assert.equal(reach(pair("10.1.2.0/24", "10.0.0.0/8"), "10.1.2.3"), "denied");
  assert.equal(reach(pair("10.1.2.3/32", "10.0.0.0/8"), "10.1.2.3"), "denied");
  const narrow = pair("10.0.0.0/8", "10.1.0.0/16");
  assert.deepEqual(reached(narrow, "10.1.2.3", "10.2.0.1"), ["10.2.0.1"]);
});

test("a denied range with an except leaves what it excepts to others", () => {
  const model = mine({
    egress: [{ toCIDR: ["10.0.0.0/8"] }],
    egressDeny: [{ toCIDRSet: [{ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }] }],
  });
  assert.deepEqual(reached(model, "10.1.2.3", "10.2.0.1"), ["10.1.2.3"]);
});

test("an except takes away from its own entry only", () => {
  const model = toSets({ cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] }, { cidr: "10.1.2.0/24" });
  const asked = ["10.1.2.3", "10.1.3.3", "10.2.0.1"];
  assert.deepEqual(reached(model, ...asked), ["10.1.2.3", "10.2.0.1"]);
});

test("an except wider than its CIDR leaves nothing of it", () => {
  const model = toSets({ cidr: "10.1.2.0/24", except: ["10.1.2.0/8"] }, { cidr: "11.0.0.0/8" });
  assert.deepEqual(reached(model, "10.1.2.3", "10.9.9.9", "11.0.0.1"), ["11.0.0.1"]);
});

test("bits of a CIDR beyond its length do not count", () => {
  assert.deepEqual(reached(toCidrs("10.1.2.3/8"), "10.9.9.9", "11.0.0.1"), ["10.9.9.9"]);
});

test("a bare address in toCIDR is that address alone; in toCIDRSet it refuses the policy", () => {
  assert.deepEqual(reached(toCidrs("10.1.2.3"), "10.1.2.3", "10.1.2.4"), ["10.1.2.3"]);
  const model = toSets({ cidr: "10.1.2.3" });
  assert.equal(model.policies[0]?.findings[0]?.code, "bad-cidr");
  assert.equal(reach(model, "10.1.2.4"), "allowed", "a policy that is refused denies nothing");
});
