import { policiesMap, PolicyFlag } from "#abi";
import { AppError, assertDefined } from "#base";
import type { BpfMap } from "#ebpf";
import { type PolicyDelta, type SubjectChange, type SubjectState, Template } from "#policy";
import { onlyAddsAllows } from "./edit-order.ts";
import { encodePolicy } from "./encode.ts";
import { EntryStore } from "./entry-store.ts";
import { HeldPolicy, type PeerEdit, templateAsks } from "./held-policy.ts";
import { BehindSubjects } from "./behind-subjects.ts";
import type { PolicyMapsOptions, PolicyStatus } from "./policy-maps-options.ts";
import { PolicyNumbers } from "./policy-numbers.ts";
import { Retirement } from "./retirement.ts";

const EMPTY_POLICY = new Uint8Array(policiesMap.value.size);

/**
 * Brings the engine's states into the kernel: a policy number for each subject that has endpoints
 * here. A state made anew is written under a new number, and taken into force by the endpoints'
 * records; identities that come and go are edited in place. What cannot be written leaves in force
 * what was, and is tried again.
 */
export class PolicyMaps implements Disposable {
  readonly #options: PolicyMapsOptions;
  readonly #store: EntryStore;
  readonly #numbers: PolicyNumbers;
  readonly #retirement: Retirement;
  readonly #behind: BehindSubjects;
  /** Of all subjects that the engine has told of; live. */
  readonly #states = new Map<string, SubjectState>();
  readonly #held = new Map<string, HeldPolicy>();
  /** Numbers that a process before left. */
  readonly #adopted: Set<number>;
  #isComplete = false;
  #isSweepDue = false;

  /** Reads what is there, and changes none of it. */
  constructor(options: PolicyMapsOptions) {
    this.#options = options;
    const { policies, policyEntries } = options.maps;
    this.#store = new EntryStore(policyEntries, options.proxyPort);
    this.#adopted = new Set([...this.#store.numbers(), ...numbersOf(policies)]);
    // Records may name what holds nothing any more; they must not come to mean another's.
    for (const number of options.users.policiesInUse()) if (number !== 0) this.#adopted.add(number);
    this.#numbers = new PolicyNumbers(policies.shape.maxEntries, this.#adopted);
    this.#behind = new BehindSubjects(options.clock, (subject) => this.#catchUp(subject));
    this.#retirement = new Retirement(options.clock, () => this.#behind.retryNow());
  }

  /** To be called right after the commit, as states are live. */
  apply(delta: PolicyDelta): void {
    for (const change of delta.changes) this.#applyChange(change);
    for (const { subject } of this.#behind.list()) this.#dropGone(subject);
  }

  /** 0 for none of this process's. */
  policyOf(subject: string): number {
    return this.#held.get(subject)?.number ?? 0;
  }

  /**
   * The policy for an endpoint whose record names `present`: its subject's; or the one it has from
   * a process before, as long as there is nothing to put in its place.
   */
  numberFor(subject: string, present: number): number {
    const number = this.policyOf(subject);
    if (number !== 0) return number;
    const isAwaited = !this.#isComplete || this.#behind.has(subject);
    return isAwaited && this.#adopted.has(present) ? present : 0;
  }

  install(subject: string): void {
    const state = this.#states.get(subject);
    if (state === undefined || this.#held.has(subject) || this.#behind.has(subject)) return;
    this.#try(subject, () => this.#replace(subject, state));
  }

  release(subject: string): void {
    this.#behind.delete(subject);
    const held = this.#held.get(subject);
    this.#held.delete(subject);
    if (held !== undefined) this.#retire(held);
    if (this.#isComplete) this.sweep();
  }

  /** All subjects have been told of: what a process before left is not waited for any more. */
  complete(): void {
    this.#isComplete = true;
    this.#options.users.repointAll();
    this.#options.epoch.raise();
    this.sweep();
  }

  /** Takes out, a moment later, what a process before left and no record names. */
  sweep(): void {
    if (this.#adopted.size === 0 || this.#isSweepDue) return;
    this.#isSweepDue = true;
    this.#retirement.add(() => this.#sweepAdopted());
  }

  /** Resolves when everything that is replaced is gone. */
  async settled(): Promise<void> {
    await this.#retirement.settled();
  }

  status(): PolicyStatus {
    return {
      policies: this.#held.size,
      entries: this.#store.count,
      capacity: this.#store.capacity,
      numbers: this.#numbers.count,
      adopted: this.#adopted.size,
      retiring: this.#retirement.count,
      behind: this.#behind.list(),
    };
  }

  /** Everything stays in force. */
  [Symbol.dispose](): void {
    this.#behind[Symbol.dispose]();
    this.#retirement[Symbol.dispose]();
  }

  #applyChange(change: SubjectChange): void {
    const { subject } = change;
    if (change.kind === "replace") this.#states.set(subject, change.state);
    if (change.kind === "remove") {
      this.#states.delete(subject);
      this.release(subject);
    }
    if (!this.#options.users.hasSubject(subject)) return;
    this.#try(subject, () => {
      const isEdit = change.kind === "edit" && !this.#behind.has(subject);
      if (isEdit) this.#edit(subject, change.edits);
      else this.#bring(subject);
    });
  }

  #try(subject: string, act: () => void): void {
    try {
      act();
      this.#behind.delete(subject);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#behind.add(subject, error);
      this.#options.onFailure(subject, error);
      // Some of the room may be taken by what nobody needs any more.
      this.sweep();
    }
  }

  #catchUp(subject: string): void {
    this.#try(subject, () => this.#bring(subject));
    this.#dropGone(subject);
  }

  /** From whatever is in force to what the engine says now. */
  #bring(subject: string): void {
    const state = this.#states.get(subject);
    const held = this.#held.get(subject);
    if (state === undefined) this.#repoint(subject);
    else if (held?.state === state) this.#edit(subject, held.editsToState());
    else this.#replace(subject, state);
  }

  #repoint(subject: string): void {
    try {
      this.#options.users.repoint(subject);
    } finally {
      this.#options.epoch.raise();
    }
  }

  #replace(subject: string, state: SubjectState): void {
    const held = this.#write(state);
    const before = this.#held.get(subject);
    this.#held.set(subject, held);
    try {
      this.#repoint(subject);
    } catch (error) {
      this.#takeBack(subject, before);
      this.#retire(held);
      throw error;
    }
    if (before !== undefined) this.#retire(before);
    if (this.#isComplete) this.sweep();
  }

  /** Nobody uses it before it is whole. */
  #write(state: SubjectState): HeldPolicy {
    const held = new HeldPolicy(this.#numbers.take(), state);
    try {
      this.#store.write(held);
      this.#putPolicy(held.number, encodePolicy(state));
    } catch (error) {
      if (!this.#remove(held)) this.#retirement.add(() => this.#remove(held));
      throw error;
    }
    return held;
  }

  #takeBack(subject: string, before: HeldPolicy | undefined): void {
    if (before === undefined) this.#held.delete(subject);
    else this.#held.set(subject, before);
    try {
      this.#repoint(subject);
    } catch (error) {
      // Retirement asks who uses a number, so that none goes that a record still names.
      if (!(error instanceof AppError)) throw error;
    }
  }

  #edit(subject: string, edits: readonly PeerEdit[]): void {
    const held = assertDefined(this.#held.get(subject), "what is edited is in force");
    if (held.asksForAuthentication || edits.some(({ after }) => templateAsks(after))) {
      this.#replace(subject, assertDefined(this.#states.get(subject), "what is held has a state"));
      return;
    }
    const changes = held.changesOf(edits);
    if (changes.length === 0) return;
    try {
      this.#store.edit(held, changes);
      held.take(edits);
    } finally {
      if (!onlyAddsAllows(changes)) this.#options.epoch.raise();
    }
  }

  /**
   * A policy that should be another already still loses the identities that are gone: their
   * numbers may come to mean others.
   */
  #dropGone(subject: string): void {
    const held = this.#held.get(subject);
    if (held === undefined || !this.#behind.has(subject)) return;
    const { identities } = held.state;
    const edits: PeerEdit[] = [];
    for (const { direction, identity } of held.peers()) {
      if (identity !== 0 && identities.get(identity) === undefined)
        edits.push({ direction, identity, after: Template.empty });
    }
    const changes = held.changesOf(edits);
    if (changes.length === 0) return;
    try {
      this.#store.edit(held, changes);
      held.take(edits);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#options.onFailure(subject, error);
    } finally {
      this.#options.epoch.raise();
    }
  }

  #retire(held: HeldPolicy): void {
    this.#retirement.add(() => {
      return !this.#options.users.policiesInUse().has(held.number) && this.#remove(held);
    });
  }

  /** Whether it worked; if so, the number is free. */
  #remove(held: HeldPolicy): boolean {
    try {
      this.#store.remove(held);
      this.#putPolicy(held.number, EMPTY_POLICY);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return false;
    }
    this.#numbers.giveBack(held.number);
    return true;
  }

  /** What is still named goes later: when its endpoint goes, or gets its policy. */
  #sweepAdopted(): boolean {
    const used = this.#options.users.policiesInUse();
    const stale = new Set([...this.#adopted].filter((number) => !used.has(number)));
    if (stale.size > 0) this.#store.sweep(stale);
    for (const number of stale) {
      this.#putPolicy(number, EMPTY_POLICY);
      this.#adopted.delete(number);
      this.#numbers.giveBack(number);
    }
    this.#isSweepDue = false;
    return true;
  }

  #putPolicy(number: number, value: Uint8Array): void {
    this.#options.maps.policies.update(policiesMap.key.encode(number), value);
  }
}

function numbersOf(policies: BpfMap): number[] {
  const numbers: number[] = [];
  for (const [key, value] of policies.entries()) {
    const { flags } = policiesMap.value.decode(value);
    if ((flags & PolicyFlag.policyInUse) !== 0) numbers.push(policiesMap.key.decode(key));
  }
  return numbers;
}
