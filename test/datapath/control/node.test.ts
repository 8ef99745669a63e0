import assert from "node:assert/strict";
import { test } from "node:test";
import { AppError, Cidr } from "#base";
import { blockTable, endpointTable, ipcacheTable } from "#datapath";
import type { PolicyEngine, Question } from "#policy";
import { DENIED, readNodeState, rulingOfSlot, rulingOfState } from "./map-judge.ts";
import {
  checkEndpoints,
  checkPolicies,
  checkPrefixes,
  policyAt,
  policyTexts,
  readEndpoint,
} from "./map-contents.ts";
import { app, endpointRow, engineOf, NodeRig, policy } from "./node-rig.ts";

const to = (identity: number, port = 80): Question => {
  return { direction: "egress", peers: [identity], protocol: 6, port };
};

const epochOf = (rig: NodeRig): number => readNodeState(rig.maps).epoch;

const passes = (rig: NodeRig, slot: number, identity: number): boolean => {
  return rulingOfSlot(rig.maps, slot, to(identity)).passes;
};

/** One pod, allowed to send to `web` only. */
async function running(entries?: number): Promise<{ rig: NodeRig; engine: PolicyEngine }> {
  const rig = new NodeRig(entries);
  const engine = engineOf("a", "b");
  engine.upsertIdentity(app(300, "web"));
  engine.upsertPolicy(policy("p", [{ app: "web" }]));
  rig.node.commitPolicy(engine.commit());
  await rig.putRows(endpointRow(5, "a"));
  rig.node.declareFull();
  await rig.settle();
  return { rig, engine };
}

test("a subject costs nothing until its first endpoint comes, and after its last has gone", async () => {
  const rig = new NodeRig();
  const engine = engineOf("a", "b");
  engine.upsertPolicy(policy("p", [{}]));
  rig.node.commitPolicy(engine.commit());
  assert.deepEqual(policyTexts(rig.maps), []);
  const rows = [endpointRow(5, "a"), endpointRow(6, "a")];
  await rig.putRows(...rows);
  checkPolicies(rig.maps, engine, rows);
  checkEndpoints(rig.maps, rows);
  assert.equal(rig.node.status().policies.policies, 1);
  rig.db.write((txn) => txn.deleteWhere(endpointTable, () => true));
  await rig.settle();
  checkPolicies(rig.maps, engine, []);
  checkEndpoints(rig.maps, []);
  await rig.stop();
});

test("an endpoint without a policy has number 0, and its policy as soon as there is one", async () => {
  const rig = new NodeRig();
  await rig.putRows(endpointRow(5, "a"));
  assert.equal(policyAt(rig.maps, 5), 0);
  const engine = engineOf("a");
  rig.node.commitPolicy(engine.commit());
  assert.notEqual(policyAt(rig.maps, 5), 0);
  await rig.stop();
});

test("what is replaced stays for programs that began before, and goes a moment later", async () => {
  const { rig, engine } = await running();
  const before = policyAt(rig.maps, 5);
  const entries = policyTexts(rig.maps).length;
  engine.upsertPolicy(policy("p", [{ app: "db" }]));
  rig.node.commitPolicy(engine.commit());
  assert.notEqual(policyAt(rig.maps, 5), before);
  assert(policyTexts(rig.maps).length > entries);
  await rig.clock.advance(49);
  assert.equal(rig.node.status().policies.retiring, 1);
  await rig.clock.advance(1);
  checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
  await rig.stop();
});

test("an identity that comes raises no epoch where it only allows, one that goes does", async () => {
  const { rig, engine } = await running();
  const number = policyAt(rig.maps, 5);
  const epoch = epochOf(rig);
  engine.upsertIdentity(app(301, "web"));
  rig.node.commitPolicy(engine.commit());
  assert(passes(rig, 5, 301));
  assert.equal(epochOf(rig), epoch);
  engine.removeIdentity(301);
  rig.node.commitPolicy(engine.commit());
  assert(!passes(rig, 5, 301));
  assert(epochOf(rig) > epoch);
  assert.equal(policyAt(rig.maps, 5), number);
  await rig.stop();
});

test("edits while a replaced policy retires touch the new one only", async () => {
  const { rig, engine } = await running();
  engine.upsertPolicy(policy("p", [{ app: "web" }, { app: "db", effect: "deny" }]));
  rig.node.commitPolicy(engine.commit());
  for (const id of [301, 302]) engine.upsertIdentity(app(id, "web"));
  rig.node.commitPolicy(engine.commit());
  engine.removeIdentity(302);
  rig.node.commitPolicy(engine.commit());
  await rig.settle();
  checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
  await rig.stop();
});

test("a policy that does not fit is refused whole, tried again, and taken when there is room", async () => {
  const { rig, engine } = await running(8);
  for (const id of [301, 302, 303]) engine.upsertIdentity(app(id, "db"));
  rig.node.commitPolicy(engine.commit());
  const before = policyTexts(rig.maps);
  engine.upsertPolicy(
    policy("p", [
      { app: "web" },
      { app: "db", effect: "deny" },
      { ports: [{ protocol: 6, port: { first: 1, last: 1000 } }] },
    ]),
  );
  rig.node.commitPolicy(engine.commit());
  await rig.settle();
  assert.deepEqual(policyTexts(rig.maps).toSorted(), before.toSorted());
  assert.match(
    rig.failures[0] ?? "",
    /needs \d+ more entries, and policy_entries has room for \d+ of 8/,
  );
  assert.equal(rig.node.status().policies.behind[0]?.subject, "a");
  assert(passes(rig, 5, 300));
  // Gone identities go from it all the same.
  engine.removeIdentity(300);
  rig.node.commitPolicy(engine.commit());
  assert(!passes(rig, 5, 300));
  engine.upsertPolicy(policy("p", [{ app: "db" }]));
  rig.node.commitPolicy(engine.commit());
  await rig.settle();
  assert.deepEqual(rig.node.status().policies.behind, []);
  checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
  await rig.stop();
});

test("an edit that fails in the middle is taken back, and made later", async () => {
  const { rig, engine } = await running();
  engine.upsertPolicy(policy("p", [{ app: "web" }, { app: "db", effect: "deny" }]));
  rig.node.commitPolicy(engine.commit());
  await rig.settle();
  const before = policyTexts(rig.maps);
  let left = 2;
  rig.before = ({ map, kind }) => {
    if (map !== "policy_entries" || kind !== "update") return;
    if (left-- <= 0) throw new AppError("full", "no memory");
  };
  engine.upsertIdentity(app(301, "db"));
  engine.upsertIdentity(app(302, "web"));
  engine.upsertIdentity(app(303, "web"));
  rig.node.commitPolicy(engine.commit());
  assert.deepEqual(policyTexts(rig.maps).toSorted(), before.toSorted());
  rig.before = () => {};
  await rig.settle();
  checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
  assert.equal(rig.node.status().policies.entries, policyTexts(rig.maps).length);
  await rig.stop();
});

test("a replacement that fails at any write leaves the old in force and nothing behind", async () => {
  for (let at = 0; at < 12; at++) {
    const { rig, engine } = await running();
    const number = policyAt(rig.maps, 5);
    const before = policyTexts(rig.maps);
    let left = at;
    let hasFailed = false;
    rig.before = ({ map }) => {
      if (map === "node_states" || hasFailed || left-- > 0) return;
      hasFailed = true;
      throw new AppError("failed", "once");
    };
    engine.upsertPolicy(policy("p", [{ app: "db" }, { app: "web", effect: "deny" }]));
    rig.node.commitPolicy(engine.commit());
    if (rig.failures.length > 0) {
      assert.equal(policyAt(rig.maps, 5), number);
      const texts = policyTexts(rig.maps);
      for (const text of before) assert(texts.includes(text), "the old is whole");
    }
    await rig.clock.advance(2000);
    checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
    assert.deepEqual(rig.node.status().policies.behind, []);
    await rig.stop();
  }
});

test("a new process changes nothing until it is told, and takes the rest out when all is said", async () => {
  const { rig, engine } = await running();
  await rig.putRows(endpointRow(6, "b"));
  rig.db.write((txn) =>
    txn.insert(ipcacheTable, { prefix: Cidr.parse("10.9.0.0/16"), identity: 7 }),
  );
  await rig.settle();
  const epoch = epochOf(rig);
  const number = policyAt(rig.maps, 5);
  await rig.restart();
  rig.operations.length = 0;
  await rig.settle();
  // The pod comes before its policy.
  await rig.putRows(endpointRow(5, "a"));
  assert.deepEqual(rig.operations, []);
  assert.equal(epochOf(rig), epoch);
  assert(passes(rig, 5, 300) && passes(rig, 6, 300));
  const again = engineOf("a");
  again.upsertIdentity(app(300, "web"));
  again.upsertPolicy(policy("p", [{ app: "web" }]));
  rig.node.commitPolicy(again.commit());
  const fresh = policyAt(rig.maps, 5);
  assert(![0, number, policyAt(rig.maps, 6)].includes(fresh));
  await rig.settle();
  assert(passes(rig, 6, 300), "nobody said that it is gone");
  rig.node.declareFull();
  await rig.settle();
  checkPolicies(rig.maps, again, [endpointRow(5, "a")]);
  checkEndpoints(rig.maps, [endpointRow(5, "a")]);
  assert.deepEqual([...rig.maps.ipcache.entries()], []);
  assert.equal(rig.node.status().policies.adopted, 0);
  assert.notEqual(engine.state("a"), again.state("a"));
  await rig.stop();
});

test("a pod that takes another's slot while no process runs does not get its policy", async () => {
  const { rig } = await running();
  await rig.restart();
  await rig.putRows(endpointRow(5, "a", { id: 77 }));
  const { since } = readEndpoint(rig.maps, 5);
  const number = policyAt(rig.maps, 5);
  assert.equal(number, 0);
  assert(since > 1 && since <= epochOf(rig));
  assert.equal(rulingOfSlot(rig.maps, 5, to(300)).passes, false);
  await rig.stop();
});

test("the same pod keeps since when it is told of again, another one gets the epoch", async () => {
  const { rig } = await running();
  const { since } = readEndpoint(rig.maps, 5);
  const epoch = epochOf(rig);
  await rig.putRows(endpointRow(5, "a", { identity: 999 }));
  assert.equal(readEndpoint(rig.maps, 5).since, since);
  assert(epochOf(rig) > epoch);
  await rig.putRows(endpointRow(5, "a", { id: 9 }));
  assert(readEndpoint(rig.maps, 5).since > since);
  await rig.stop();
});

test("an address that moves to another slot stays there when the first pod goes", async () => {
  const { rig } = await running();
  const { ipv4 } = endpointRow(5, "a");
  assert(ipv4);
  const moved = endpointRow(6, "a", { ipv4 });
  await rig.putRows(moved);
  rig.db.write((txn) => txn.deleteWhere(endpointTable, ({ slot }) => slot === 5));
  await rig.follow();
  checkEndpoints(rig.maps, [moved]);
  await rig.stop();
});

test("a change brings identities before their addresses, and takes them out after", async () => {
  const { rig, engine } = await running();
  const prefix = Cidr.parse("10.7.0.1/32");
  const mapsWritten = (): string[] => {
    const maps = rig.operations.map(({ map }) => map).filter((map) => /entries|ipcache/.test(map));
    return maps.filter((map, at) => map !== maps[at - 1]);
  };
  rig.operations.length = 0;
  await rig.node.change(engine, {
    enter: (each) => each.upsertIdentity(app(301, "web")),
    write: (txn) => txn.insert(ipcacheTable, { prefix, identity: 301 }),
  });
  await rig.follow();
  assert.deepEqual(mapsWritten(), ["policy_entries", "ipcache"]);
  rig.operations.length = 0;
  const changed = rig.node.change(engine, {
    enter: (each) => each.upsertIdentity(app(302, "web")),
    write: (txn) => txn.insert(ipcacheTable, { prefix, identity: 302 }),
    leave: (each) => each.removeIdentity(301),
  });
  await rig.follow();
  await changed;
  assert.deepEqual(mapsWritten(), ["policy_entries", "ipcache", "policy_entries"]);
  assert(passes(rig, 5, 302) && !passes(rig, 5, 301));
  await rig.stop();
});

test("what is to leave stays in the policies while the maps do not follow", async () => {
  const { rig, engine } = await running();
  rig.before = ({ map }) => {
    if (map === "ipcache") throw new AppError("failed", "always");
  };
  const changed = rig.node.change(engine, {
    write: (txn) => txn.insert(ipcacheTable, { prefix: Cidr.parse("10.7.0.1/32"), identity: 301 }),
    leave: (each) => each.removeIdentity(300),
  });
  const refused = assert.rejects(changed, (error) => {
    return error instanceof AppError && error.code === "datapath-behind";
  });
  await rig.clock.advance(10_000);
  await refused;
  assert(passes(rig, 5, 300));
  await rig.stop();
});

test("prefixes of both families come and go, and a new process takes out what is unknown", async () => {
  const { rig } = await running();
  const rows = ["0.0.0.0/0", "::/0", "10.0.0.0/8", "fd00::/8", "10.1.2.3/32"].map((text, at) => {
    return { prefix: Cidr.parse(text), identity: 300 + at };
  });
  rig.db.write((txn) => {
    for (const row of rows) for (const table of [ipcacheTable, blockTable]) txn.insert(table, row);
  });
  await rig.follow();
  checkPrefixes(rig.maps.ipcache, rows);
  checkPrefixes(rig.maps.blocks, rows);
  rig.db.write((txn) => txn.delete(blockTable, "10.0.0.0/8"));
  await rig.restart();
  rig.db.write((txn) => {
    for (const row of rows.slice(1)) txn.insert(ipcacheTable, row);
  });
  await rig.follow();
  checkPrefixes(rig.maps.ipcache, rows);
  rig.node.declareFull();
  await rig.settle();
  checkPrefixes(rig.maps.ipcache, rows.slice(1));
  checkPrefixes(rig.maps.blocks, []);
  await rig.stop();
});

test("thousands of identities come and go in batches", async () => {
  const { rig, engine } = await running(20_000);
  for (let id = 1000; id < 6000; id++) engine.upsertIdentity(app(id, id % 2 === 0 ? "web" : "db"));
  rig.node.commitPolicy(engine.commit());
  checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
  for (let id = 1000; id < 6000; id++) engine.removeIdentity(id);
  rig.node.commitPolicy(engine.commit());
  checkPolicies(rig.maps, engine, [endpointRow(5, "a")]);
  assert.deepEqual(rulingOfState(engine.state("a"), to(1000)), DENIED);
  await rig.stop();
});
