import { AppError, assert, type Clock, systemClock } from "#base";
import { type Logger, silentLogger } from "#base/log";

import type { KubeClient } from "./client.ts";
import { KubeError } from "./error.ts";
import type { AnyObject, ObjectRef } from "./object.ts";
import { RESOURCES } from "./resource.ts";

export interface LeaderElectionOptions {
  client: KubeClient;
  /** The Lease that candidates share. */
  namespace: string;
  name: string;
  /** Of this candidate; no two have the same. */
  identity: string;
  /** How long the others wait for a leader that says nothing. */
  leaseSeconds?: number;
  /** How long a leader tries to renew before it gives up; less than the lease. */
  renewSeconds?: number;
  /** Between two tries. */
  retrySeconds?: number;
  clock?: Clock;
  logger?: Logger;
}

interface Lease extends AnyObject {
  spec?: LeaseSpec;
}

interface LeaseSpec {
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

/** The code of the error of a leader that is one no more. */
const LOST = "leadership-lost";

/**
 * One leader among candidates, by a Lease: as client-go does it, so that both may run for one lease.
 * Others' clocks are not trusted: a lease has run out when it has not changed for its time, on our
 * own clock.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #ref: ObjectRef;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #leaseMs: number;
  readonly #renewMs: number;
  readonly #retryMs: number;
  /** The lease as last seen, and since when it is like that. */
  #seen: { lease: Lease; sinceMs: number } | undefined;
  #isLeader = false;

  constructor(options: LeaderElectionOptions) {
    const { namespace, name, leaseSeconds = 15, renewSeconds = 10, retrySeconds = 2 } = options;
    assert(
      leaseSeconds > renewSeconds && renewSeconds > retrySeconds && retrySeconds > 0,
      "a leader gives up before its lease runs out, and tries more than once before that",
    );
    this.#options = options;
    this.#ref = { namespace, name };
    this.#clock = options.clock ?? systemClock;
    this.#logger = (options.logger ?? silentLogger).with({ lease: `${namespace}/${name}` });
    this.#leaseMs = leaseSeconds * 1_000;
    this.#renewMs = renewSeconds * 1_000;
    this.#retryMs = retrySeconds * 1_000;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  /**
   * Waits to become the leader, then runs `lead` until it ends; its signal is aborted when `signal`
   * is, or when the lease is lost, which then rejects with code `leadership-lost` once `lead` has
   * ended. Gives the lease back, unless it is lost. An abort while waiting ends it without an error.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal?: AbortSignal): Promise<void> {
    if (!(await this.#acquire(signal))) return;
    this.#isLeader = true;
    this.#logger.info("became the leader");
    const term = new AbortController();
    const onAbort = (): void => term.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    const over = new AbortController();
    const renewing = this.#renewUntil(over.signal, (error) => term.abort(error));
    try {
      await lead(term.signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      over.abort();
      await renewing;
      this.#isLeader = false;
      if (!isLost(term.signal.reason)) await this.#release();
    }
    if (isLost(term.signal.reason)) throw term.signal.reason;
  }

  /** False when aborted. */
  async #acquire(signal: AbortSignal | undefined): Promise<boolean> {
    while (signal?.aborted !== true) {
      if (await this.#try(this.#renewMs)) return true;
      await this.#pause(signal);
    }
    return false;
  }

  /** Renews until `over` is aborted; tells `onLost` when that has not worked for too long. */
  async #renewUntil(over: AbortSignal, onLost: (error: AppError) => void): Promise<void> {
    let renewedMs = this.#clock.monotonicMs();
    for (;;) {
      await this.#pause(over);
      if (over.aborted) return;
      const startedMs = this.#clock.monotonicMs();
      const leftMs = renewedMs + this.#renewMs - startedMs;
      if (leftMs > 0 && (await this.#try(leftMs))) renewedMs = startedMs;
      else if (over.aborted) return;
      else if (leftMs <= 0 || this.#isTaken()) {
        this.#logger.warn("is the leader no more");
        const { namespace, name } = this.#options;
        onLost(new AppError(LOST, `the lease ${namespace}/${name} could not be renewed in time`));
        return;
      }
    }
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#clock.sleep(this.#retryMs, signal);
    } catch {
      // Aborted: the caller looks.
    }
  }

  /** Takes or renews the lease. False when that is not to be had now, or not within `ms`. */
  async #try(ms: number): Promise<boolean> {
    const timeout = new AbortController();
    using _timer = this.#clock.setTimer(ms, () => timeout.abort(new Error("it took too long")));
    try {
      return await this.#tryOnce(timeout.signal);
    } catch (error) {
      this.#logger.warn("the lease could not be taken or renewed", { error });
      return false;
    }
  }

  async #tryOnce(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#read(signal);
    const { client } = this.#options;
    if (lease === undefined) {
      const created = { metadata: { ...this.#ref }, spec: this.#specAfter(undefined) };
      this.#see(await client.create<Lease>(RESOURCES.Lease, created, { signal }));
      return true;
    }
    this.#see(lease);
    if (this.#isTaken()) return false;
    const next = { ...lease, spec: this.#specAfter(lease.spec) };
    this.#see(await client.update<Lease>(RESOURCES.Lease, next, { signal }));
    return true;
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    try {
      return await this.#options.client.get<Lease>(RESOURCES.Lease, this.#ref, signal);
    } catch (error) {
      if (KubeError.is(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #see(lease: Lease): void {
    const isNew = lease.metadata.resourceVersion !== this.#seen?.lease.metadata.resourceVersion;
    if (isNew) this.#seen = { lease, sinceMs: this.#clock.monotonicMs() };
  }

  /** Whether another holds the lease, as far as is known. */
  #isTaken(): boolean {
    const holder = this.#seen?.lease.spec?.holderIdentity ?? "";
    if (this.#seen === undefined || holder === "" || holder === this.#options.identity)
      return false;
    const { leaseDurationSeconds = this.#leaseMs / 1_000 } = this.#seen.lease.spec ?? {};
    return this.#clock.monotonicMs() < this.#seen.sinceMs + leaseDurationSeconds * 1_000;
  }

  #specAfter(spec: LeaseSpec | undefined): LeaseSpec {
    const now = microTime(this.#clock.nowMs());
    const isOurs = spec?.holderIdentity === this.#options.identity;
    return {
      ...spec,
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: this.#leaseMs / 1_000,
      acquireTime: isOurs ? (spec.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: spec === undefined ? 0 : (spec.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
    };
  }

  /** So that the next leader need not wait for the lease to run out. */
  async #release(): Promise<void> {
    const lease = this.#seen?.lease;
    if (lease?.spec?.holderIdentity !== this.#options.identity) return;
    const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1 };
    try {
      this.#see(await this.#options.client.update<Lease>(RESOURCES.Lease, { ...lease, spec }));
    } catch (error) {
      this.#logger.warn("the lease could not be given back and will run out", { error });
    }
  }
}

function isLost(reason: unknown): boolean {
  return reason instanceof AppError && reason.code === LOST;
}

/** Six digits after the point, as the API's MicroTime has. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
