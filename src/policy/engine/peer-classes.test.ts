/** Classes of identities: what they hold, and that those left behind are given back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Labels, Selector } from "#identity";
import type { PeerIdentity } from "../subject.ts";
import { NO_CLASS, PeerClasses } from "./peer-classes.ts";
import type { PolicyEngine } from "./policy-engine.ts";
import { ask, type Draft, engineOf, entryTexts, spec, stateIn, tcp } from "./small-engine.ts";

test("a slot that nobody put is in no class", () => {
  const classes = new PeerClasses();
  assert.equal(classes.at(0), NO_CLASS);
  assert.equal(classes.at(1_000_000), NO_CLASS);
  classes.put(1_000_000, NO_CLASS);
  assert.equal(classes.slotCount, 0, "nothing is kept for it either");
});

test("slots with the same features share a class, whatever came between", () => {
  const classes = new PeerClasses();
  for (const slot of [0, 5, 20_000]) for (const feature of [1, 4, 9]) classes.step(slot, feature);
  classes.step(7, 4);
  assert.equal(classes.at(5), classes.at(0));
  assert.equal(classes.at(20_000), classes.at(0));
  assert.notEqual(classes.at(7), classes.at(0));
  assert.deepEqual(classes.features(classes.at(20_000)), [1, 4, 9]);
  assert.deepEqual(classes.features(classes.at(7)), [4]);
  assert.deepEqual(classes.features(NO_CLASS), []);
  // None, 1, 1-4, 1-4-9 and 4.
  assert.equal(classes.count, 5);
});

test("features come in ascending order", () => {
  const classes = new PeerClasses();
  classes.step(0, 4);
  assert.throws(() => classes.step(0, 1), /ascending/);
});

const LABELS = Array.from({ length: 12 }, (_, at) => `l${at}`);
const SETS = 2 ** LABELS.length;
const FIRST_ID = 1_000;

/** A port for each label: every set of labels is a class of its own. */
function drafts(): Draft[] {
  return LABELS.map((key, at) => {
    const selector = Selector.fromKube({ matchExpressions: [{ key, operator: "Exists" }] });
    return { peers: [{ kind: "labels", selector }], ...tcp(100 + at) };
  });
}

/** The identity whose labels are the bits of a number. */
function identityOf(bits: number): PeerIdentity {
  const has = LABELS.filter((_, at) => (bits & (1 << at)) !== 0);
  return { id: FIRST_ID + bits, labels: Labels.parse(...has.map((key) => `k8s:${key}=`)) };
}

function templateCount(engine: PolicyEngine): number {
  return [...stateIn(engine).directionState("egress").templates()].length;
}

test("classes that identities left behind are given back, and nobody's entries change by it", () => {
  const engine = engineOf([spec("p", drafts())]);
  const resident: PeerIdentity = { id: 500, labels: Labels.parse("k8s:l0=", "k8s:l2=") };
  engine.upsertIdentity(resident);
  engine.commit();
  let most = 0;
  let compactions = 0;
  for (let bits = 1; bits < SETS; bits++) {
    engine.upsertIdentity(identityOf(bits));
    engine.removeIdentity(FIRST_ID + bits - 1);
    engine.commit();
    const count = templateCount(engine);
    if (count < most) compactions += 1;
    most = count < most ? count : Math.max(most, count);
    const verdicts = [100, 101, 102].map((port) => ask(stateIn(engine), resident.id, port).verdict);
    assert.deepEqual(verdicts, ["allowed", "denied", "allowed"]);
    assert.ok(count < SETS / 2, `${count} templates for two identities`);
  }
  assert.ok(compactions >= 2, `${compactions} compactions`);
  const afresh = engineOf([spec("p", drafts())]);
  for (const one of [resident, identityOf(SETS - 1)]) afresh.upsertIdentity(one);
  afresh.commit();
  assert.deepEqual(entryTexts(stateIn(engine), "egress"), entryTexts(stateIn(afresh), "egress"));
});

test("classes that identities still have are kept: compacting is not tried again and again", () => {
  const engine = engineOf([spec("p", drafts())]);
  for (let bits = 1; bits < SETS; bits++) engine.upsertIdentity(identityOf(bits));
  engine.commit();
  const before = entryTexts(stateIn(engine), "egress");
  assert.equal(before.length, (LABELS.length * SETS) / 2);
  const state = stateIn(engine).directionState("egress");
  state.compact();
  const filled = [...state.templates()].length;
  state.compact();
  state.compact();
  assert.equal([...state.templates()].length, filled, "nothing was thrown away");
  assert.deepEqual(entryTexts(stateIn(engine), "egress"), before);
});
