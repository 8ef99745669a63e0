import { AppError, assertDefined } from "#base";
import { type PolicyDelta, type SubjectChange, type SubjectState, Template } from "#policy";
import { BehindSubjects } from "./behind-subjects.ts";
import { onlyAddsAllows } from "./edit-order.ts";
import { type HeldPolicy, type PeerEdit, templateAsks } from "./held-policy.ts";
import type { PolicyMapsOptions, PolicyStatus } from "./policy-maps-options.ts";
import { PolicyStore } from "./policy-store.ts";
import { PolicySwitch } from "./policy-switch.ts";
import { Retirement } from "./retirement.ts";

/**
 * Brings the engine's states into the kernel: a policy number for each subject that has endpoints
 * here. A state made anew is written under a new number, and comes into force with all others of
 * its commit at once; identities that come and go are edited in place, where they are in force as
 * they are written.
 *
 * What cannot be written leaves in force what was, and is tried again. It holds nobody up, or one
 * policy without room would hold up all of the node's: until its subject has caught up, a packet
 * between it and another may meet the last of one and the next of the other. That each pod by
 * itself is under one version, whole, holds even then.
 */
export class PolicyMaps implements Disposable {
  readonly #options: PolicyMapsOptions;
  readonly #store: PolicyStore;
  readonly #switch: PolicySwitch;
  readonly #retirement: Retirement;
  readonly #behind: BehindSubjects;
  /** Of all subjects that the engine has told of; live. */
  readonly #states = new Map<string, SubjectState>();
  #isComplete = false;
  #isSweepDue = false;

  /** Reads what is there, and changes none of it. */
  constructor(options: PolicyMapsOptions) {
    const { maps, clock, epoch, users, proxyPort, onFailure } = options;
    this.#options = options;
    this.#behind = new BehindSubjects(clock, (subjects) => this.#catchUp(subjects));
    this.#retirement = new Retirement(clock, () => this.#behind.retryNow());
    const retirement = this.#retirement;
    const named = users.policiesInUse();
    this.#store = new PolicyStore({ maps, proxyPort, retirement, named });
    this.#switch = new PolicySwitch({
      users,
      epoch,
      store: this.#store,
      retirement,
      onFailure,
      onSettled: () => {
        if (this.#isComplete) this.sweep();
      },
    });
  }

  /** To be called right after the commit, as states are live. */
  apply(delta: PolicyDelta): void {
    for (const change of delta.changes) this.#applyChange(change);
    this.#bringIntoForce();
  }

  /**
   * The policy for an endpoint whose record names `present`: its subject's; or the one it has from
   * a process before, as long as there is nothing to put in its place.
   */
  numberFor(subject: string, present: number): number {
    const held = this.#switch.heldOf(subject);
    if (held !== undefined) return held.number;
    const isAwaited = this.#switch.isWaiting(subject) || this.#isAwaited(subject);
    return isAwaited && this.#store.isAdopted(present) ? present : 0;
  }

  nextNumberFor(subject: string, present: number): number {
    const next = this.#switch.newestOf(subject);
    if (next !== undefined) return next.number;
    return this.#isAwaited(subject) && this.#store.isAdopted(present) ? present : 0;
  }

  /** The subject has an endpoint, whose record is about to be written. */
  install(subject: string): void {
    const state = this.#states.get(subject);
    const isHeld = this.#switch.heldOf(subject) !== undefined;
    if (state === undefined || isHeld || this.#behind.has(subject)) return;
    const next = this.#switch.newestOf(subject);
    this.#try(subject, () => this.#switch.hold(subject, next ?? this.#store.write(state)));
  }

  release(subject: string): void {
    this.#behind.delete(subject);
    this.#switch.leave(subject);
    this.#switch.flip();
    if (this.#isComplete) this.sweep();
  }

  /** All subjects have been told of: what a process before left is not waited for any more. */
  complete(): void {
    this.#isComplete = true;
    for (const subject of this.#options.users.subjects()) {
      const isHeld = this.#switch.newestOf(subject) !== undefined;
      if (!isHeld && !this.#isAwaited(subject)) this.#try(subject, () => this.#bring(subject));
    }
    this.#bringIntoForce();
    this.sweep();
  }

  /** Takes out, a moment later, what a process before left and no record names. */
  sweep(): void {
    if (this.#store.adopted === 0 || this.#isSweepDue) return;
    this.#isSweepDue = true;
    this.#retirement.add(() => {
      this.#store.sweep(this.#options.users.policiesInUse());
      this.#isSweepDue = false;
      return true;
    });
  }

  /** Resolves when what could be written of all that was applied is in force. */
  async inForce(): Promise<void> {
    await this.#switch.inForce();
  }

  /** Resolves when everything that is replaced is gone. */
  async settled(): Promise<void> {
    await this.#retirement.settled();
  }

  status(): PolicyStatus {
    return {
      policies: this.#switch.heldCount,
      entries: this.#store.entries.count,
      capacity: this.#store.entries.capacity,
      numbers: this.#store.numbers.count,
      adopted: this.#store.adopted,
      waiting: this.#switch.waiting().length,
      retiring: this.#retirement.count,
      behind: this.#behind.list(),
    };
  }

  /** Everything stays in force. */
  [Symbol.dispose](): void {
    this.#behind[Symbol.dispose]();
    this.#retirement[Symbol.dispose]();
    this.#switch.release();
  }

  #isAwaited(subject: string): boolean {
    return !this.#isComplete || this.#behind.has(subject);
  }

  #applyChange(change: SubjectChange): void {
    const { subject } = change;
    if (change.kind === "replace") this.#states.set(subject, change.state);
    if (change.kind === "remove") this.#states.delete(subject);
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

  #catchUp(subjects: readonly string[]): void {
    for (const subject of subjects) this.#try(subject, () => this.#bring(subject));
    this.#bringIntoForce();
  }

  /** From whatever there is to what the engine says now. */
  #bring(subject: string): void {
    const state = this.#states.get(subject);
    const newest = this.#switch.newestOf(subject);
    if (state === undefined) this.#switch.prepare(subject, undefined);
    else if (newest?.state === state) this.#edit(subject, newest.editsToState());
    else this.#replace(subject, state);
  }

  #replace(subject: string, state: SubjectState): void {
    // First, for its room; if there is none even so, what holds goes on.
    this.#switch.forgetNext(subject);
    this.#switch.prepare(subject, this.#store.write(state));
  }

  /** What waits is edited as well: it is what is to be right when it comes into force. */
  #edit(subject: string, edits: readonly PeerEdit[]): void {
    const policy = assertDefined(this.#switch.newestOf(subject), "what is edited is there");
    if (policy.asksForAuthentication || edits.some(({ after }) => templateAsks(after)))
      this.#replace(subject, assertDefined(this.#states.get(subject), "what is there has a state"));
    else this.#take(policy, edits);
  }

  #take(policy: HeldPolicy, edits: readonly PeerEdit[]): void {
    const changes = policy.changesOf(edits);
    if (changes.length === 0) return;
    try {
      this.#store.entries.edit(policy, changes);
      policy.take(edits);
    } finally {
      if (!onlyAddsAllows(changes)) this.#options.epoch.raise();
    }
  }

  #bringIntoForce(): void {
    this.#switch.flip();
    for (const { subject } of this.#behind.list()) this.#dropGone(subject);
    for (const subject of this.#switch.waiting()) this.#dropGone(subject);
  }

  /**
   * A policy that should be another already still loses the identities that are gone: their
   * numbers may come to mean others. It gets none that come, as what it would have said of them is
   * not known any more; so nobody should have them before the other is in force.
   */
  #dropGone(subject: string): void {
    const held = this.#switch.heldOf(subject);
    if (held === undefined) return;
    const { identities } = held.state;
    const edits: PeerEdit[] = [];
    for (const { direction, identity } of held.peers()) {
      if (identity !== 0 && identities.get(identity) === undefined)
        edits.push({ direction, identity, after: Template.empty });
    }
    try {
      this.#take(held, edits);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#options.onFailure(subject, error);
    }
  }
}
