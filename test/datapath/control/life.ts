import assert from "node:assert/strict";
import { type EndpointRow, endpointTable } from "#datapath";
import { defaultPolicyOptions, PolicyEngine, type Question } from "#policy";
import type { Change } from "./arbitrary-change.ts";
import { checkEndpoints, checkPolicies } from "./map-contents.ts";
import { rulingOfSlot, rulingOfState } from "./map-judge.ts";
import { endpointRow, type NodeRig } from "./node-rig.ts";
import { Versions } from "./versions.ts";

/** A node that is told random things, with what it was told, to tell a new process the same. */
export class Life {
  readonly rig: NodeRig;
  engine = new PolicyEngine(defaultPolicyOptions);
  readonly rows = new Map<number, EndpointRow>();
  /** Everything for the engine, by what it is about. */
  readonly #told = new Map<string, (engine: PolicyEngine) => void>();
  readonly #questions: readonly Question[];
  readonly #versions: Versions;
  readonly #identities = new Set<number>();
  /** Identities that came or went since the last commit. */
  readonly #moved = new Set<number>();

  constructor(rig: NodeRig, asked: readonly Question[]) {
    this.rig = rig;
    this.#questions = asked;
    this.#versions = new Versions(rig, asked);
    rig.after = () => this.#versions.check();
    rig.node.declareFull();
  }

  async take(change: Change): Promise<void> {
    switch (change.kind) {
      case "identity":
        return this.#tellOfIdentity(change.identity.id, (engine) =>
          engine.upsertIdentity(change.identity),
        );
      case "no-identity":
        return this.#tellOfIdentity(change.id, (engine) => engine.removeIdentity(change.id));
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
        return await this.#putEndpoint(endpointRow(change.slot, change.subject, change.more));
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

  /** From here on, every single operation is checked against what was before and what is to be. */
  commit(): void {
    this.#versions.open(this.rows, this.#moved);
    this.#moved.clear();
    const delta = this.engine.commit();
    this.#versions.add(this.rows, this.engine);
    this.rig.node.commitPolicy(delta);
    this.#versions.check();
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

  #tellOfIdentity(id: number, tell: (engine: PolicyEngine) => void): void {
    this.#tell(`identity ${id}`, tell);
    const isKnown = this.engine.identity(id) !== undefined;
    if (isKnown !== this.#identities.has(id)) this.#moved.add(id);
    if (isKnown) this.#identities.add(id);
    else this.#identities.delete(id);
  }

  #tell(about: string, tell: (engine: PolicyEngine) => void): void {
    this.#told.set(about, tell);
    tell(this.engine);
  }

  async #putEndpoint(row: EndpointRow | undefined, slot = row?.slot ?? 0): Promise<void> {
    this.#versions.close();
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
    this.#versions.open(this.rows, []);
    await this.rig.restart();
    await this.rig.follow();
    this.rig.db.write((txn) => {
      for (const row of this.rows.values()) txn.insert(endpointTable, row);
    });
    this.engine = new PolicyEngine(defaultPolicyOptions);
    for (const tell of this.#told.values()) tell(this.engine);
    await this.rig.follow();
    this.rig.node.commitPolicy(this.engine.commit());
    this.#versions.check();
    await this.rig.follow();
    this.rig.node.declareFull();
    await this.rig.settle();
    this.#versions.close();
    this.check();
  }
}
