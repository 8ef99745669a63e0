import { AppError } from "#base";
import type { Epoch } from "../epoch.ts";
import type { HeldPolicy } from "./held-policy.ts";
import type { PolicyUsers } from "./policy-maps-options.ts";
import type { PolicyStore } from "./policy-store.ts";
import type { Retirement } from "./retirement.ts";

interface PolicySwitchOptions {
  readonly users: PolicyUsers;
  readonly epoch: Epoch;
  readonly store: PolicyStore;
  readonly retirement: Retirement;
  /** Told of each subject whose next policy comes later than it could. */
  readonly onFailure: (subject: string, error: AppError) => void;
  /** Records name nothing any more but what holds. */
  readonly onSettled: () => void;
}

/**
 * Which policy the endpoints of each subject have, and which they are to have next.
 *
 * Each record names two policies, and the node's generation says which of them holds. What is next
 * is put where it does not hold yet, in one record after the other; then one write, that of the
 * generation, brings all of it into force. A packet goes by one generation for both of its pods,
 * and so meets the last of both or the next of both.
 *
 * Programs that began before go by the generation before: for a while records stay as they are,
 * and what comes meanwhile waits, all of it for the same write. Then both of a record's policies
 * are made the same, which they always are but for this while, and what was replaced goes.
 */
export class PolicySwitch {
  readonly #options: PolicySwitchOptions;
  readonly #held = new Map<string, HeldPolicy>();
  /** Of subjects that wait for `flip`; undefined: they are to have none. */
  readonly #next = new Map<string, HeldPolicy | undefined>();
  /** Replaced, and with programs that began before. */
  readonly #outgoing: HeldPolicy[] = [];
  #isSettled = true;
  #whenInForce: (() => void)[] = [];

  /** A process before may have ended between its flip and what belongs after it. */
  constructor(options: PolicySwitchOptions) {
    this.#options = options;
    if (!options.users.areSettled()) this.#settleLater();
  }

  get heldCount(): number {
    return this.#held.size;
  }

  /** What packets are judged by, if this process wrote it. */
  heldOf(subject: string): HeldPolicy | undefined {
    return this.#held.get(subject);
  }

  /** What is to follow the engine: nobody comes after it. */
  newestOf(subject: string): HeldPolicy | undefined {
    return this.#next.has(subject) ? this.#next.get(subject) : this.#held.get(subject);
  }

  isWaiting(subject: string): boolean {
    return this.#next.has(subject);
  }

  waiting(): string[] {
    return [...this.#next.keys()];
  }

  /** For a subject of which no endpoint has a policy yet, and one is about to get it. */
  hold(subject: string, policy: HeldPolicy): void {
    this.#held.set(subject, policy);
  }

  /** What a subject is to have from the next flip on; undefined: none. */
  prepare(subject: string, policy: HeldPolicy | undefined): void {
    this.forgetNext(subject);
    this.#next.set(subject, policy);
  }

  /** What has never judged anything needs not wait for anybody. */
  forgetNext(subject: string): void {
    const next = this.#next.get(subject);
    this.#next.delete(subject);
    if (next !== undefined && next !== this.#held.get(subject)) this.#discard([next]);
  }

  /** The subject has no endpoint any more. */
  leave(subject: string): void {
    this.forgetNext(subject);
    const held = this.#held.get(subject);
    this.#held.delete(subject);
    if (held !== undefined) this.#discardLater(held);
  }

  /** Brings into force what is prepared: now, or as soon as the last flip has settled. */
  flip(): void {
    if (this.#next.size > 0 && this.#isSettled) this.#flipNow();
    if (this.#next.size > 0) return;
    this.release();
  }

  /** Resolves when all that is prepared by now is in force. */
  async inForce(): Promise<void> {
    if (this.#next.size === 0) return;
    await new Promise<void>((resolve) => this.#whenInForce.push(resolve));
  }

  /** Nobody is to wait any longer. */
  release(): void {
    for (const resolve of this.#whenInForce.splice(0)) resolve();
  }

  #flipNow(): void {
    const { users, epoch, onFailure } = this.#options;
    // Also if it fails: then records are put right first, and all of it is tried again.
    this.#settleLater();
    try {
      for (const subject of this.#next.keys()) users.stage(subject);
      epoch.flip();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      for (const subject of this.#next.keys()) onFailure(subject, error);
      return;
    }
    for (const [subject, next] of this.#next) {
      const before = this.#held.get(subject);
      if (before !== undefined && before !== next) this.#outgoing.push(before);
      if (next === undefined) this.#held.delete(subject);
      else this.#held.set(subject, next);
    }
    this.#next.clear();
  }

  #settleLater(): void {
    this.#isSettled = false;
    this.#options.retirement.add(() => {
      this.#settle();
      return true;
    });
  }

  #settle(): void {
    this.#options.users.settle();
    this.#isSettled = true;
    this.#discard(this.#outgoing.splice(0));
    this.#options.onSettled();
    this.flip();
  }

  /** What a record names all the same goes when it does not any more. */
  #discard(policies: readonly HeldPolicy[]): void {
    if (policies.length === 0) return;
    const { users, store } = this.#options;
    const used = users.policiesInUse();
    for (const policy of policies) {
      if (used.has(policy.number) || !store.remove(policy)) this.#discardLater(policy);
    }
  }

  #discardLater(policy: HeldPolicy): void {
    const { users, store, retirement } = this.#options;
    retirement.add(() => !users.policiesInUse().has(policy.number) && store.remove(policy));
  }
}
