import type { PolicyOptions } from "../options.ts";
import type { ImportedPolicy, PolicyRef, PolicySpec } from "../rule.ts";
import type { NamedPorts, PeerIdentity, Subject } from "../subject.ts";
import { buildState } from "./build-state.ts";
import { ClusterPorts } from "./cluster-ports.ts";
import { CookieTable, refText } from "./cookies.ts";
import { PolicyDelta, type SubjectChange, type TemplateEdit } from "./delta.ts";
import type { DirectionState, EngineTables } from "./direction-state.ts";
import { IdentityChanges } from "./identity-changes.ts";
import { IdentityIndex } from "./identity-index.ts";
import { PortUsers } from "./port-users.ts";
import { SelectorCache } from "./selector-cache.ts";
import { SelectorIndex } from "./selector-index.ts";
import { DIRECTIONS, type SubjectState } from "./subject-state.ts";
import { ValueTable } from "./template.ts";

/** A subject with its state, and the names of ports that the state depends on. */
interface Resident {
  readonly subject: Subject;
  readonly state: SubjectState;
  /** Names that were looked up cluster-wide. */
  readonly clusterNames: ReadonlySet<string>;
}

/**
 * Policies, identities and subjects in; the map state of each subject out, kept up to date.
 *
 * Nothing is seen before `commit`. An identity that comes or goes edits the states of the subjects
 * that have a selector for it; a policy or a subject that changes makes states anew.
 */
export class PolicyEngine {
  readonly cookies: CookieTable = new CookieTable();
  readonly #options: PolicyOptions;
  readonly #tables: EngineTables;
  readonly #clusterPorts = new ClusterPorts();
  readonly #policies = new Map<string, ImportedPolicy>();
  /** Which specs select a subject. */
  readonly #specs = new SelectorIndex<PolicySpec>();
  readonly #residents = new Map<string, Resident>();
  /** What to do at the next commit; undefined is to remove. */
  readonly #newIdentities = new Map<number, PeerIdentity | undefined>();
  readonly #newPolicies = new Map<string, ImportedPolicy | undefined>();
  readonly #newSubjects = new Map<string, Subject | undefined>();

  constructor(options: PolicyOptions) {
    this.#options = options;
    const identities = new IdentityIndex();
    this.#tables = {
      identities,
      selectors: new SelectorCache<DirectionState>(identities),
      values: new ValueTable(this.cookies),
      portUsers: new PortUsers<DirectionState>(),
    };
  }

  upsertIdentity(identity: PeerIdentity): void {
    this.#newIdentities.set(identity.id, identity);
  }

  removeIdentity(id: number): void {
    this.#newIdentities.set(id, undefined);
  }

  upsertPolicy(policy: ImportedPolicy): void {
    this.#newPolicies.set(policyText(policy.ref), policy);
  }

  removePolicy(ref: PolicyRef): void {
    this.#newPolicies.set(policyText(ref), undefined);
  }

  upsertSubject(subject: Subject): void {
    this.#newSubjects.set(subject.key, subject);
  }

  removeSubject(key: string): void {
    this.#newSubjects.set(key, undefined);
  }

  /** As of the last commit. */
  state(subjectKey: string): SubjectState | undefined {
    return this.#residents.get(subjectKey)?.state;
  }

  *states(): Generator<SubjectState> {
    for (const { state } of this.#residents.values()) yield state;
  }

  identity(id: number): PeerIdentity | undefined {
    return this.#tables.identities.get(id);
  }

  /** How much is held, for metrics. */
  get sizes(): { identities: number; policies: number; subjects: number; selectors: number } {
    return {
      identities: this.#tables.identities.size,
      policies: this.#policies.size,
      subjects: this.#residents.size,
      selectors: this.#tables.selectors.size,
    };
  }

  commit(): PolicyDelta {
    const removed: string[] = [];
    // Subjects to make the state of anew.
    const stale = new Map<string, Subject>();
    this.#takeSubjects(stale, removed);
    this.#takePolicies(stale);
    const edits = this.#takeIdentities();
    const renamed = this.#clusterPorts.takeChanged();
    if (renamed.size > 0) {
      for (const { subject, clusterNames } of this.#residents.values()) {
        const isAffected = [...clusterNames].some((name) => renamed.has(name));
        if (isAffected && !stale.has(subject.key)) stale.set(subject.key, subject);
      }
    }
    const changes: SubjectChange[] = removed.map((subject) => ({ kind: "remove", subject }));
    for (const subject of stale.values()) {
      changes.push({ kind: "replace", subject: subject.key, state: this.#rebuild(subject) });
    }
    changes.push(...this.#editsOf(edits, stale));
    if (this.cookies.isSweepDue) this.#sweepCookies();
    return new PolicyDelta(changes, this.cookies);
  }

  #takeSubjects(stale: Map<string, Subject>, removed: string[]): void {
    for (const [key, subject] of this.#newSubjects) {
      const resident = this.#residents.get(key);
      if (subject !== undefined) {
        if (resident === undefined || !isSameSubject(resident.subject, subject)) {
          stale.set(key, subject);
        }
        continue;
      }
      if (resident === undefined) continue;
      release(resident.state);
      this.#residents.delete(key);
      removed.push(key);
    }
    this.#newSubjects.clear();
  }

  #takePolicies(stale: Map<string, Subject>): void {
    const touched: PolicySpec[] = [];
    for (const [text, policy] of this.#newPolicies) {
      const before = this.#policies.get(text);
      for (const spec of before?.specs ?? []) {
        this.#specs.remove(spec);
        touched.push(spec);
      }
      if (policy === undefined) this.#policies.delete(text);
      else this.#policies.set(text, policy);
      for (const spec of policy?.specs ?? []) {
        this.#specs.add(spec.subject.selector, spec);
        touched.push(spec);
      }
    }
    this.#newPolicies.clear();
    if (touched.length === 0) return;
    const isNew = new SelectorIndex<PolicySpec>();
    for (const spec of touched) isNew.add(spec.subject.selector, spec);
    for (const { subject } of this.#residents.values()) {
      if (stale.has(subject.key)) continue;
      if (selecting(isNew, subject).length > 0) stale.set(subject.key, subject);
    }
  }

  #takeIdentities(): IdentityChanges {
    const changes = new IdentityChanges(this.#tables, this.#clusterPorts);
    const before = new Set<number>();
    for (const [id, identity] of this.#newIdentities) {
      const old = this.#tables.identities.get(id);
      if (old !== undefined && identity !== undefined && isSameIdentity(old, identity)) {
        before.add(id);
        continue;
      }
      if (old !== undefined) changes.remove(old);
    }
    // All that goes first, so that names of ports are not in dispute for a moment.
    for (const [id, identity] of this.#newIdentities) {
      if (identity !== undefined && !before.has(id)) changes.add(identity);
    }
    this.#newIdentities.clear();
    return changes;
  }

  #rebuild(subject: Subject): SubjectState {
    const clusterNames = new Set<string>();
    const names = {
      own: subject.namedPorts,
      cluster: (name: string): number | undefined => {
        clusterNames.add(name);
        return this.#clusterPorts.resolve(name);
      },
    };
    const specs = selecting(this.#specs, subject).toSorted(compareSpecs);
    const context = { options: this.#options, tables: this.#tables, cookies: this.cookies, names };
    const state = buildState(subject, specs, context);
    const before = this.#residents.get(subject.key);
    // Only now, so that a selector that both have is not made anew.
    if (before !== undefined) release(before.state);
    this.#residents.set(subject.key, { subject, state, clusterNames });
    return state;
  }

  #editsOf(changes: IdentityChanges, stale: ReadonlyMap<string, Subject>): SubjectChange[] {
    const found: SubjectChange[] = [];
    if (changes.isEmpty) return found;
    for (const { subject, state } of this.#residents.values()) {
      if (stale.has(subject.key)) continue;
      const edits: TemplateEdit[] = [];
      for (const direction of DIRECTIONS) {
        edits.push(...changes.editsOf(state.directionState(direction)));
      }
      for (const direction of DIRECTIONS) state.directionState(direction).compact();
      if (edits.length > 0) found.push({ kind: "edit", subject: subject.key, edits });
    }
    return found;
  }

  #sweepCookies(): void {
    const used = new Set<number>();
    for (const { state } of this.#residents.values()) {
      for (const direction of DIRECTIONS) {
        for (const template of state.directionState(direction).templates()) {
          for (const { cookie } of template.values) used.add(cookie);
        }
      }
    }
    this.cookies.sweep(used);
    this.#tables.values.forget();
  }
}

function policyText(ref: PolicyRef): string {
  return refText({ policy: ref, path: "" });
}

function selecting(specs: SelectorIndex<PolicySpec>, subject: Subject): PolicySpec[] {
  return [...specs.match(subject.labels)].filter((spec) => spec.subject.kind === subject.kind);
}

function compareSpecs(left: PolicySpec, right: PolicySpec): number {
  return refText(left.ref) < refText(right.ref) ? -1 : 1;
}

function release(state: SubjectState): void {
  for (const direction of DIRECTIONS) state.directionState(direction).release();
}

function isSameSubject(left: Subject, right: Subject): boolean {
  return (
    left.kind === right.kind &&
    (left.isAudit ?? false) === (right.isAudit ?? false) &&
    left.labels.equals(right.labels) &&
    isSamePorts(left.namedPorts, right.namedPorts)
  );
}

function isSameIdentity(left: PeerIdentity, right: PeerIdentity): boolean {
  return (
    left.labels.equals(right.labels) &&
    left.cidr?.key === right.cidr?.key &&
    left.block?.key === right.block?.key &&
    isSamePorts(left.namedPorts, right.namedPorts)
  );
}

function isSamePorts(left: NamedPorts | undefined, right: NamedPorts | undefined): boolean {
  if ((left?.size ?? 0) !== (right?.size ?? 0)) return false;
  for (const [name, number] of left ?? []) if (right?.get(name) !== number) return false;
  return true;
}
