import { type Clock, systemClock } from "#base";
import type { Datapath, FlowTable } from "./datapath.ts";
import { EvictionCounter, readFlowCounts } from "./metrics.ts";

/** A walk over 131,072 flows takes the kernel some 30 ms, on another thread. */
const INTERVAL_MS = 60_000;
const TABLES: readonly FlowTable[] = ["tcp", "other"];

export interface FlowTableReport {
  /** At the last collection; undefined before the first. */
  readonly kept: number | undefined;
  /** Since this collector began. */
  readonly collected: number;
  readonly evicted: bigint;
}

export interface FlowCollectorOptions {
  /** Borrowed. */
  readonly datapath: Datapath;
  readonly clock?: Clock;
  readonly intervalMs?: number;
  /** Told of a collection that failed, for logs; the next one comes all the same. */
  readonly onFailure?: (error: unknown) => void;
}

/**
 * Takes expired flows out now and then. Packets do not find them anyway; what this gives is room
 * for others, and the numbers of flows that are there and that had to make room while alive.
 */
export class FlowCollector implements AsyncDisposable {
  readonly #options: FlowCollectorOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #evictions = { tcp: new EvictionCounter(), other: new EvictionCounter() };
  readonly #reports: Record<FlowTable, FlowTableReport> = {
    tcp: { kept: undefined, collected: 0, evicted: 0n },
    other: { kept: undefined, collected: 0, evicted: 0n },
  };
  readonly #running: Promise<void>;

  constructor(options: FlowCollectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#running = this.#run();
  }

  report(table: FlowTable): FlowTableReport {
    return this.#reports[table];
  }

  /** Right now, besides the times when it comes by itself. */
  async collect(): Promise<void> {
    for (const table of TABLES) await this.#collectTable(table);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { intervalMs = INTERVAL_MS, onFailure = () => {} } = this.#options;
    while (!this.#stop.signal.aborted) {
      await this.collect().catch(onFailure);
      await this.#clock.sleep(intervalMs, this.#stop.signal).catch(() => {});
    }
  }

  async #collectTable(table: FlowTable): Promise<void> {
    const { datapath } = this.#options;
    const { kept, removed } = await datapath.collectFlows(table);
    const { created } = readFlowCounts(datapath.maps)[table];
    const evicted = this.#evictions[table].observe({ created, kept, removed });
    const collected = this.#reports[table].collected + removed;
    this.#reports[table] = { kept, collected, evicted };
  }
}
