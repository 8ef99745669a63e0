import { AppError, type Clock, systemClock } from "#base";
import type { ListenerKind, PolicyDelta, PolicyEngine } from "#policy";
import {
  Reconciler,
  type ReconcilerMetrics,
  type ReconcilerOptions,
  type StateDb,
  type Table,
  type Target,
  type WriteTransaction,
} from "#statedb";
import type { Datapath } from "./datapath.ts";
import { Epoch } from "./epoch.ts";
import { PolicyMaps } from "./policy/policy-maps.ts";
import type { PolicyStatus } from "./policy/policy-maps-options.ts";
import { EndpointTarget } from "./reconcile/endpoint-target.ts";
import { PrefixTarget } from "./reconcile/prefix-target.ts";
import {
  blockTable,
  type EndpointRow,
  endpointTable,
  ipcacheTable,
  type PrefixRow,
} from "./tables.ts";

/** How long a change waits for the maps to follow the tables. */
const REACH_MS = 10_000;
/** Of tables, by this module: until the node has been told that they are full. */
const INITIALIZER = "datapath";

export interface NodeDatapathOptions {
  /** Borrowed. */
  readonly datapath: Datapath;
  /** Has `endpointTable`, `ipcacheTable` and `blockTable`. */
  readonly db: StateDb;
  readonly clock?: Clock;
  /** The port of the proxy for a kind of listener, 0 for none; asked once for each entry. */
  readonly proxyPort?: (listener: ListenerKind) => number;
  readonly reconcilers?: Partial<Omit<ReconcilerOptions, "clock">>;
  /** Told of each policy that could not be written, for logs. */
  readonly onPolicyFailure?: (subject: string, error: AppError) => void;
}

/** A change of identities with all that goes with it, in the order in which it has to come. */
export interface NodeChange {
  /** Tells the engine of identities that come, and of policies and subjects that change. */
  readonly enter?: (engine: PolicyEngine) => void;
  /** Says who is where now. */
  readonly write?: (transaction: WriteTransaction) => void;
  /** Tells the engine of identities that nobody has any more, and of subjects without endpoints. */
  readonly leave?: (engine: PolicyEngine) => void;
}

export interface NodeStatus {
  readonly epoch: number;
  readonly endpoints: ReconcilerMetrics;
  readonly ipcache: ReconcilerMetrics;
  readonly blocks: ReconcilerMetrics;
  readonly policies: PolicyStatus;
}

/** A reconciler, of whatever. */
interface Follower extends AsyncDisposable {
  start(): void;
  settled(): Promise<void>;
}

/**
 * Keeps a node's maps as its tables and its policy engine say.
 *
 * It takes over what is pinned: until `declareFull`, it changes what it is told of, and takes
 * nothing out; endpoints keep the policy that they have until theirs is written. When it stops,
 * everything goes on being enforced.
 */
export class NodeDatapath implements AsyncDisposable {
  readonly #db: StateDb;
  readonly #clock: Clock;
  readonly #epoch: Epoch;
  readonly #policies: PolicyMaps;
  readonly #endpoints: Reconciler<EndpointRow>;
  readonly #ipcache: Reconciler<PrefixRow>;
  readonly #blocks: Reconciler<PrefixRow>;
  #lastChange: Promise<void> = Promise.resolve();

  constructor(options: NodeDatapathOptions) {
    const { datapath, db, clock = systemClock } = options;
    const { maps } = datapath;
    this.#db = db;
    this.#clock = clock;
    this.#epoch = new Epoch(maps.nodeStates);
    const endpoints = new EndpointTarget(maps, this.#epoch, {
      install: (subject) => this.#policies.install(subject),
      numberFor: (subject, present) => this.#policies.numberFor(subject, present),
      nextNumberFor: (subject, present) => this.#policies.nextNumberFor(subject, present),
      release: (subject) => this.#policies.release(subject),
      sweep: () => this.#policies.sweep(),
    });
    this.#policies = new PolicyMaps({
      maps,
      clock,
      epoch: this.#epoch,
      users: endpoints,
      proxyPort: options.proxyPort ?? (() => 0),
      onFailure: options.onPolicyFailure ?? (() => {}),
    });
    const reconciler = <T extends object>(
      table: Table<T, never>,
      target: Target<T>,
    ): Reconciler<T> => {
      db.addInitializer(table, INITIALIZER);
      return new Reconciler(`datapath/${table.name}`, db, table, target, {
        ...options.reconcilers,
        clock,
      });
    };
    this.#endpoints = reconciler(endpointTable, endpoints);
    this.#ipcache = reconciler(ipcacheTable, new PrefixTarget(maps.ipcache, this.#epoch));
    this.#blocks = reconciler(blockTable, new PrefixTarget(maps.blocks, this.#epoch));
  }

  start(): void {
    for (const each of this.#reconcilers()) each.start();
  }

  /** The tables and the engine hold everything: what stands in the maps beyond it is to go. */
  declareFull(): void {
    this.#db.write((transaction) => {
      transaction.finishInitializer(endpointTable, INITIALIZER);
      transaction.finishInitializer(ipcacheTable, INITIALIZER);
      transaction.finishInitializer(blockTable, INITIALIZER);
    });
    this.#policies.complete();
  }

  /**
   * Brings one commit into force, to be called right after it: `commitPolicy(engine.commit())`.
   * Policies that it replaces change at once, for all pods; if some have just done so, a moment
   * later, with all that comes until then: `settled` says when. What cannot be written leaves the
   * old in force, shows in the status, and is tried again.
   */
  commitPolicy(delta: PolicyDelta): void {
    this.#policies.apply(delta);
  }

  /**
   * Makes a change such that nobody is taken for somebody whom policies do not know yet, or not
   * any more: policies first, then the tables, and when the maps have followed them, what leaves.
   * Changes run one after the other; the engine is not to be committed meanwhile.
   */
  async change(engine: PolicyEngine, change: NodeChange): Promise<void> {
    const previous = this.#lastChange;
    const made = (async () => {
      await previous;
      await this.#make(engine, change);
    })();
    this.#lastChange = made.catch(() => {});
    await made;
  }

  /**
   * Resolves when the maps hold what the tables say, and policies that could be written are in
   * force; an object that keeps failing keeps it waiting.
   */
  async settled(): Promise<void> {
    const followers = this.#reconcilers().map((each) => each.settled());
    await Promise.all([...followers, this.#policies.inForce()]);
  }

  /** Resolves when, besides, nothing is left of policies that were replaced. */
  async retired(): Promise<void> {
    await this.settled();
    await this.#policies.settled();
  }

  status(): NodeStatus {
    return {
      epoch: this.#epoch.current,
      endpoints: this.#endpoints.metrics(),
      ipcache: this.#ipcache.metrics(),
      blocks: this.#blocks.metrics(),
      policies: this.#policies.status(),
    };
  }

  /** Stops following; all that is in the maps stays in force. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#reconcilers().map((each) => each[Symbol.asyncDispose]()));
    this.#policies[Symbol.dispose]();
  }

  async #make(engine: PolicyEngine, { enter, write, leave }: NodeChange): Promise<void> {
    if (enter !== undefined) {
      enter(engine);
      this.commitPolicy(engine.commit());
      await this.#reached(this.#policies.inForce());
    }
    if (write !== undefined) this.#db.write(write);
    if (leave === undefined) return;
    await this.#reached(this.settled());
    leave(engine);
    this.commitPolicy(engine.commit());
  }

  async #reached(state: Promise<void>): Promise<void> {
    const stop = new AbortController();
    const timeout = async (): Promise<void> => {
      await this.#clock.sleep(REACH_MS, stop.signal).catch(() => {});
      if (stop.signal.aborted) return;
      throw new AppError(
        "datapath-behind",
        `the maps have not followed policies and tables for ${REACH_MS / 1000} s: what was to ` +
          "come after that has not been done; see the status of policies and reconcilers",
      );
    };
    try {
      await Promise.race([state, timeout()]);
    } finally {
      stop.abort();
    }
  }

  #reconcilers(): readonly Follower[] {
    return [this.#endpoints, this.#ipcache, this.#blocks];
  }
}
