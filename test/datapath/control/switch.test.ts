import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, Cidr } from "#base";
import { endpointTable, ipcacheTable } from "#datapath";
import type { PolicyEngine, Question } from "#policy";
import { checkPolicies, policyAt, policyTexts, readEndpoint } from "./map-contents.ts";
import { readNodeState, rulingOfSlot } from "./map-judge.ts";
import { app, endpointRow, engineOf, NodeRig, policy } from "./node-rig.ts";

const ROWS = [endpointRow(5, "a"), endpointRow(6, "b")];

const to = (identity: number): Question => {
  return { direction: "egress", peers: [identity], protocol: 6, port: 80 };
};

const passes = (rig: NodeRig, slot: number, identity: number): boolean =>
  rulingOfSlot(rig.maps, slot, to(identity)).passes;

/** Pods may send to those of one label. */
function allow(rig: NodeRig, engine: PolicyEngine, label: string): void {
  engine.upsertPolicy(policy("p", [{ app: label }]));
  rig.node.commitPolicy(engine.commit());
}

/** Two pods, which may send to `web` only. */
async function running(): Promise<{ rig: NodeRig; engine: PolicyEngine }> {
  const rig = new NodeRig();
  const engine = engineOf("a", "b");
  engine.upsertIdentity(app(300, "web"));
  engine.upsertIdentity(app(301, "db"));
  allow(rig, engine, "web");
  await rig.putRows(...ROWS);
  rig.node.declareFull();
  await rig.settle();
  rig.operations.length = 0;
  return { rig, engine };
}

test("a commit takes effect for all pods by one write, after which the other half follows", async () => {
  const { rig, engine } = await running();
  const before = readNodeState(rig.maps);
  const effects: string[] = [];
  rig.after = ({ map }) => {
    const now = [5, 6].map((slot) => passes(rig, slot, 301)).join();
    if (now !== effects.at(-1)?.split(" ")[1]) effects.push(`${map} ${now}`);
  };
  allow(rig, engine, "db");
  assert.deepEqual(effects.slice(1), ["node_states true,true"]);
  const { epoch, generation } = readNodeState(rig.maps);
  assert.deepEqual([epoch, generation], [before.epoch + 1, before.generation ^ 1]);
  const { policy: halves } = readEndpoint(rig.maps, 5);
  assert.notEqual(halves[0], halves[1]);
  await rig.clock.advance(50);
  checkPolicies(rig.maps, engine, ROWS);
  assert.equal(readNodeState(rig.maps).epoch, epoch);
  await rig.stop();
});

test("what comes before a change has settled waits, all for one flip, and only the last is kept", async () => {
  const { rig, engine } = await running();
  allow(rig, engine, "db");
  const { generation } = readNodeState(rig.maps);
  for (const label of ["web", "db", "web"]) allow(rig, engine, label);
  assert(passes(rig, 5, 301) && !passes(rig, 5, 300));
  assert.equal(rig.node.status().policies.waiting, 2);
  assert.equal(rig.node.status().policies.numbers, 6, "the last, the one before, and the next");
  let isSettled = false;
  void rig.node.settled().then(() => (isSettled = true));
  await rig.clock.advance(49);
  assert(!isSettled && passes(rig, 5, 301));
  await rig.clock.advance(1);
  assert(isSettled && passes(rig, 5, 300) && !passes(rig, 6, 301));
  assert.equal(readNodeState(rig.maps).generation, generation ^ 1);
  await rig.clock.advance(50);
  checkPolicies(rig.maps, engine, ROWS);
  await rig.stop();
});

test("while a policy waits, identities that go leave the one in force too", async () => {
  const { rig, engine } = await running();
  allow(rig, engine, "db");
  allow(rig, engine, "web");
  assert(passes(rig, 5, 301));
  engine.removeIdentity(301);
  rig.node.commitPolicy(engine.commit());
  assert(!passes(rig, 5, 301));
  await rig.settle();
  checkPolicies(rig.maps, engine, ROWS);
  await rig.stop();
});

test("who is new gets addresses once all policies that know him are in force", async () => {
  const { rig, engine } = await running();
  allow(rig, engine, "db");
  allow(rig, engine, "web");
  const prefix = Cidr.parse("10.7.0.1/32");
  const changed = rig.node.change(engine, {
    enter: (each) => each.upsertIdentity(app(302, "web")),
    write: (txn) => txn.insert(ipcacheTable, { prefix, identity: 302 }),
  });
  await rig.clock.advance(49);
  assert.deepEqual([...rig.maps.ipcache.entries()], []);
  await rig.clock.advance(2);
  await changed;
  assert.equal([...rig.maps.ipcache.entries()].length, 1);
  assert(passes(rig, 5, 302) && passes(rig, 6, 302));
  await rig.stop();
});

test("a pod that comes while a policy waits has that which is in force, then the next", async () => {
  const { rig, engine } = await running();
  allow(rig, engine, "db");
  allow(rig, engine, "web");
  const row = endpointRow(7, "a");
  await rig.putRows(row);
  assert.deepEqual(
    readEndpoint(rig.maps, 7).policy,
    [5, 5].map(() => policyAt(rig.maps, 5)),
  );
  await rig.settle();
  checkPolicies(rig.maps, engine, [...ROWS, row]);
  await rig.stop();
});

test("pods that go while their policy waits leave nothing behind", async () => {
  const { rig, engine } = await running();
  allow(rig, engine, "db");
  allow(rig, engine, "web");
  rig.db.write((txn) => txn.deleteWhere(endpointTable, () => true));
  await rig.follow();
  await rig.node.settled();
  await rig.settle();
  checkPolicies(rig.maps, engine, []);
  assert.deepEqual(policyTexts(rig.maps), []);
  await rig.stop();
});

test("one whose policy finds no room holds nobody up", async () => {
  const { rig, engine } = await running();
  let left = 1;
  rig.before = ({ map }) => {
    if (map === "policies" && left-- > 0) throw new AppError("failed", "once");
  };
  allow(rig, engine, "db");
  const late = rig.node.status().policies.behind.map(({ subject }) => subject);
  assert.deepEqual(late, ["a"]);
  assert(passes(rig, 6, 301) && !passes(rig, 5, 301));
  await rig.settle();
  checkPolicies(rig.maps, engine, ROWS);
  await rig.stop();
});

test("a flip that fails, wherever it does, is made later, whole", async () => {
  for (const failing of ["endpoints", "node_states"]) {
    for (let at = 0; at < (failing === "endpoints" ? 2 : 1); at++) {
      const { rig, engine } = await running();
      let left = at;
      rig.before = ({ map }) => {
        if (map === failing && left-- === 0) throw new AppError("failed", "once");
      };
      allow(rig, engine, "db");
      assert.equal(rig.failures.length, 2, "both are told of");
      assert(passes(rig, 5, 300) && passes(rig, 6, 300));
      await rig.clock.advance(50);
      assert(passes(rig, 5, 301) && passes(rig, 6, 301));
      await rig.settle();
      checkPolicies(rig.maps, engine, ROWS);
      await rig.stop();
    }
  }
});

test("a process that ends in the middle leaves what holds, and the next one settles it", async () => {
  /** After so many writes of records and of the node's state: two stage, one flips. */
  for (const writes of [1, 2, 3]) {
    const { rig, engine } = await running();
    let left = writes;
    rig.before = ({ map }) => {
      if ((map === "endpoints" || map === "node_states") && left-- <= 0)
        throw new AppError("killed", "nothing is written any more");
    };
    allow(rig, engine, "db");
    const isFlipped = writes === 3;
    const holding = [5, 6].map((slot) => policyAt(rig.maps, slot));
    await rig.stop();
    rig.before = () => {};
    rig.boot();
    await rig.putRows(...ROWS);
    await rig.clock.advance(40);
    const { policy: halves } = readEndpoint(rig.maps, 5);
    assert.notEqual(halves[0], halves[1], "programs may be at work yet");
    await rig.clock.advance(20);
    for (const [at, slot] of [5, 6].entries()) {
      assert.deepEqual(readEndpoint(rig.maps, slot).policy, [holding[at], holding[at]]);
      assert.equal(passes(rig, slot, 301), isFlipped);
    }
    const again = engineOf("a", "b");
    again.upsertIdentity(app(300, "web"));
    again.upsertIdentity(app(301, "db"));
    allow(rig, again, "db");
    assert(passes(rig, 5, 301) && passes(rig, 6, 301));
    rig.node.declareFull();
    await rig.settle();
    checkPolicies(rig.maps, again, ROWS);
    assert.equal(rig.node.status().policies.adopted, 0);
    await rig.stop();
  }
});
