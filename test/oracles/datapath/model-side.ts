/** The model, over maps in memory. */
import type { PodSettings, Traffic } from "#abi";
import { memoryStores, Model } from "#datapath/model";
import { countsOf } from "./counts.ts";
import type { Counts, KeptTable, Outcome, Side } from "./side.ts";
import type { ClockStep, PacketStep, Write } from "./step.ts";

const REASONS = 256;

export class ModelSide implements Side {
  readonly #settings: Required<PodSettings>;
  #stores = memoryStores();
  #model: Model;
  #clock: ClockStep = { kind: "clock", jiffies: 1n, timeNs: 1n };

  constructor(settings: Required<PodSettings>) {
    this.#settings = settings;
    this.#model = new Model(this.#stores, settings);
  }

  reset(): void {
    this.#stores = memoryStores();
    this.#model = new Model(this.#stores, this.#settings);
  }

  write({ map, key, value }: Write): void {
    if (value === undefined) this.#stores[map].delete(key);
    else this.#stores[map].update(key, value);
  }

  setClock(clock: ClockStep): void {
    this.#clock = clock;
  }

  send({ hook, slot, cameBy, bytes }: PacketStep): Outcome {
    const nowJiffies = Number(BigInt.asUintN(32, this.#clock.jiffies));
    const { timeNs } = this.#clock;
    return this.#model.process({ hook, slot, cameBy, packet: bytes, nowJiffies, timeNs });
  }

  entries(table: KeptTable): Iterable<readonly [Uint8Array, Uint8Array]> {
    return this.#stores[table].entries();
  }

  counts(): Counts {
    const { metrics, flowCounts } = this.#model.counts;
    const traffic: Map<number, Traffic>[] = [new Map(), new Map()];
    for (const [index, value] of metrics) {
      traffic[Math.floor(index / REASONS)]?.set(index % REASONS, value);
    }
    return countsOf(flowCounts, traffic);
  }
}
