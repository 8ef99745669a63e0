/** What switches default deny on, what rules say that say nothing. */
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
} from "./small-cluster.ts";

const PEERS = ["shop/web", "other/db", "world", "remote-node"];
const mine = (...specs: Json[]): ClusterModel =>
  clusterWith(specs.map((spec, at) => cnp({ ...MINE, ...spec }, `p${at}`)));

test("ingress: [{}] and an empty list of peers allow nobody, and deny by default", () => {
  for (const rule of [{}, { fromEndpoints: [] }, { fromEndpoints: [], toPorts: portRules("80") }]) {
    const model = mine({ ingress: [rule] });
    assert.deepEqual(entering(model, ...PEERS), [], JSON.stringify(rule));
    assert.equal(reach(model, "world"), "allowed", "the other direction is left alone");
  }
});

test("ports without peers are everybody on those ports", () => {
  const model = mine({ ingress: [{ toPorts: portRules("80") }] });
  assert.deepEqual(entering(model, ...PEERS), PEERS);
  assert.equal(enter(model, "shop/web", 81), "denied");
});

test("toPorts: [] beside peers is every port of every protocol, toPorts without ports is none", () => {
  const all = mine({ ingress: [{ fromEntities: ["world"], toPorts: [] }] });
  assert.equal(enter(all, "world", 4711), "allowed");
  assert.equal(enter(all, "world", 8, "ICMP"), "allowed");
  assert.equal(enter(all, "shop/web"), "denied");
  const none = mine({ ingress: [{ fromEntities: ["world"], toPorts: [{ ports: [] }] }] });
  assert.equal(enter(none, "world"), "denied");
});

test("ingressDeny: [{}] denies nobody by itself, and denies by default", () => {
  const alone = mine({ ingressDeny: [{}] });
  assert.deepEqual(entering(alone, ...PEERS), []);
  const beside = mine({ ingressDeny: [{}] }, { ingress: [{ fromEntities: ["world"] }] });
  assert.deepEqual(entering(beside, ...PEERS), ["world"]);
});

test("a deny rule alone denies everything in its direction, unless default deny is refused", () => {
  const ingressDeny = [{ fromEntities: ["world"] }];
  const alone = mine({ ingressDeny });
  assert.deepEqual(entering(alone, ...PEERS), []);
  assert.equal(reach(alone, "world"), "allowed");
  const refused = mine({ ingressDeny, enableDefaultDeny: { ingress: false } });
  assert.deepEqual(entering(refused, ...PEERS), ["shop/web", "other/db", "remote-node"]);
});

test("default deny asked for has no effect in a direction without rules", () => {
  const model = mine({ ingress: [{}], enableDefaultDeny: { egress: true } });
  assert.equal(reach(model, "world"), "allowed");
  assert.equal(enter(model, "world"), "denied");
});

test("default deny refused: a policy that only allows forbids nothing", () => {
  const model = mine({
    ingress: [{ fromEntities: ["world"] }],
    enableDefaultDeny: { ingress: false },
  });
  assert.deepEqual(entering(model, ...PEERS), PEERS);
});

test("default deny refused: redirects to a proxy still apply", () => {
  const toPorts = portRules("80", { rules: { http: [{ method: "GET" }] } });
  const model = mine({
    ingress: [{ fromEndpoints: [{}], toPorts }],
    enableDefaultDeny: { ingress: false },
  });
  const flow = { from: "shop/web", to: "shop/me" };
  assert.equal(model.verdict({ ...flow, port: 80 }).l7, true);
  assert.equal(model.verdict({ ...flow, port: 81 }).l7, undefined);
  assert.equal(enter(model, "shop/web", 81), "allowed");
});

test("one policy that denies by default is enough, whatever others refuse", () => {
  const model = mine(
    { ingress: [{ fromEntities: ["world"] }], enableDefaultDeny: { ingress: false } },
    { ingress: [{ fromEndpoints: [{}] }] },
  );
  assert.deepEqual(entering(model, ...PEERS), ["shop/web", "world"]);
});
