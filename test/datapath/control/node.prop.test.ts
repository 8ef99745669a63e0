import assert from "node:assert/strict";
import fc from "fast-check";
import { type EndpointRow, endpointTable } from "#datapath";
import { defaultPolicyOptions, PolicyEngine, type Question } from "#policy";
import { property } from "#test";
import { type Change, changes, editQuestions, lifeOfEdits, questions } from "./arbitrary-change.ts";
import { checkEndpoints, checkPolicies } from "./map-contents.ts";
import { isWithin, type Ruling, rulingOfSlot, rulingOfState } from "./map-judge.ts";
import { endpointRow, NodeRig } from "./node-rig.ts";

/** A node that is told random things, with what it was told, to tell a new process the same. */
class Life {
  readonly rig: NodeRig;
  engine = new PolicyEngine(defaultPolicyOptions);
  readonly rows = new Map<number, EndpointRow>();
  /** Everything for the engine, by what it is about. */
  readonly #told = new Map<string, (engine: PolicyEngine) => void>();
  readonly #questions: readonly Question[];
  /** By slot: what may happen while something changes. */
  #allowed: Map<number, readonly Ruling[][]> | undefined;

  constructor(rig: NodeRig, asked: readonly Question[]) {
    this.rig = rig;
    this.#questions = asked;
    rig.after = () => this.#checkNow();
    rig.node.declareFull();
  }

  async take(change: Change): Promise<void> {
    switch (change.kind) {
      case "identity":
        return this.#tell(`identity ${change.identity.id}`, (engine) =>
          engine.upsertIdentity(change.identity),
        );
      case "no-identity":
        return this.#tell(`identity ${change.id}`, (engine) => engine.removeIdentity(change.id));
      case "policy":
        return this.#tell(`policy ${change.policy.ref.name}`, (engine) =>
          engine.upsertPolicy(change.policy),
        );
      case "subject":
        return this.#tell(`subject ${change.subject.key}`, (engine) =>
          engine.upsertSubject(change.subject),
        );
      case "no-subject":
        return this.#tell(`subject ${change.key}`, (engine) => engine.removeSubject(change.key));
      case "endpoint":
        return await this.#putEndpoint(endpointRow(change.slot, change.subject));
      case "no-endpoint":
        return await this.#putEndpoint(undefined, change.slot);
      case "wait":
        return await this.rig.clock.advance(change.ms);
      case "commit":
        return this.commit();
      case "restart":
        return await this.#restart();
    }
  }

  commit(): void {
    this.#guard(() => {
      const delta = this.engine.commit();
      return () => this.rig.node.commitPolicy(delta);
    });
  }

  /** All that the maps should hold, they do, and answer as the engine does. */
  check(): void {
    const rows = [...this.rows.values()];
    checkPolicies(this.rig.maps, this.engine, rows);
    checkEndpoints(this.rig.maps, rows);
    for (const { slot, subject } of rows) {
      for (const question of this.#questions) {
        const said = rulingOfSlot(this.rig.maps, slot, question);
        assert.deepEqual(said, rulingOfState(this.engine.state(subject), question));
      }
    }
  }

  #tell(about: string, tell: (engine: PolicyEngine) => void): void {
    this.#told.set(about, tell);
    tell(this.engine);
  }

  async #putEndpoint(row: EndpointRow | undefined, slot = row?.slot ?? 0): Promise<void> {
    if (row === undefined) this.rows.delete(slot);
    else this.rows.set(slot, row);
    this.rig.db.write((txn) => {
      if (row === undefined) txn.deleteWhere(endpointTable, (other) => other.slot === slot);
      else txn.insert(endpointTable, row);
    });
    await this.rig.follow();
  }

  /** While nothing new is said, nobody may notice. */
  async #restart(): Promise<void> {
    this.commit();
    await this.rig.settle();
    this.#note();
    await this.rig.restart();
    await this.rig.follow();
    this.rig.db.write((txn) => {
      for (const row of this.rows.values()) txn.insert(endpointTable, row);
    });
    this.engine = new PolicyEngine(defaultPolicyOptions);
    for (const tell of this.#told.values()) tell(this.engine);
    await this.rig.follow();
    this.rig.node.commitPolicy(this.engine.commit());
    this.#checkNow();
    await this.rig.follow();
    this.rig.node.declareFull();
    await this.rig.settle();
    this.#allowed = undefined;
    this.check();
  }

  /** Has every single operation checked against what was before and what is to be after. */
  #guard(prepare: () => () => void): void {
    this.#note();
    const act = prepare();
    for (const [slot, rulings] of this.#allowed ?? []) {
      const state = this.engine.state(this.rows.get(slot)?.subject ?? "");
      this.#questions.forEach((question, at) => {
        (rulings[at] ?? []).push(rulingOfState(state, question));
      });
    }
    act();
    this.#checkNow();
    this.#allowed = undefined;
  }

  #note(): void {
    this.#allowed = new Map();
    for (const slot of this.rows.keys()) {
      const rulings = this.#questions.map((each) => [rulingOfSlot(this.rig.maps, slot, each)]);
      this.#allowed.set(slot, rulings);
    }
  }

  #checkNow(): void {
    // Then identities that are gone leave the old policy, which is neither of the two any more.
    if (this.rig.node.status().policies.behind.length > 0) return;
    for (const [slot, rulings] of this.#allowed ?? []) {
      for (const [at, question] of this.#questions.entries()) {
        const now = rulingOfSlot(this.rig.maps, slot, question);
        const isFine = rulings[at]?.some((either) => isWithin(now, either));
        assert(isFine, `slot ${slot}: ${JSON.stringify({ question, now, either: rulings[at] })}`);
      }
    }
  }
}

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
