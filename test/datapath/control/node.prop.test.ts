import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointTable } from "#datapath";
import { property } from "#test";
import { changes, editQuestions, lifeOfEdits, lifeOfPairs, questions } from "./arbitrary-change.ts";
import { Life } from "./life.ts";
import { NodeRig } from "./node-rig.ts";

property(
  "maps come to hold what the engine says, and allow nothing in between that neither end allows",
  fc.tuple(changes, questions),
  async ([all, asked]) => {
    const life = new Life(new NodeRig(), asked);
    for (const change of all) await life.take(change);
    life.commit();
    await life.rig.settle();
    life.check();
    await life.rig.stop();
  },
  { runs: 100 },
);

property(
  "edits in place, too, allow nothing in between that neither end allows",
  lifeOfEdits,
  async (all) => {
    const life = new Life(new NodeRig(), editQuestions);
    for (const change of all) await life.take(change);
    await life.rig.settle();
    life.check();
    await life.rig.stop();
  },
  { runs: 150 },
);

property(
  "of two pods, too, one packet meets the same version, and passes only if that lets it pass",
  lifeOfPairs,
  async (all) => {
    const life = new Life(new NodeRig(), []);
    for (const change of all) await life.take(change);
    await life.rig.settle();
    life.check();
    await life.rig.stop();
  },
  { runs: 80 },
);

property(
  "in a map that is too small, policies are whole or the old ones, and all comes right with room",
  fc.tuple(changes, questions, fc.integer({ min: 4, max: 24 })),
  async ([all, asked, capacity]) => {
    const rig = new NodeRig(capacity);
    const life = new Life(rig, asked);
    for (const change of all) if (change.kind !== "restart") await life.take(change);
    life.commit();
    await rig.settle();
    if (rig.node.status().policies.behind.length === 0) life.check();
    rig.db.write((txn) => txn.deleteWhere(endpointTable, () => true));
    await rig.settle();
    life.rows.clear();
    life.check();
    assert.equal(rig.node.status().policies.entries, 0);
    assert.equal(rig.node.status().policies.numbers, 0);
    await rig.stop();
  },
  { runs: 100 },
);
