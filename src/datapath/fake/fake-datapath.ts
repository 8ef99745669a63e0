import { type Codec, flowCountsCodec, flowEventCodec, flowEventsRingOffsets } from "#abi";
import { FlowEventKind, lostEventsCodec, trafficCodec } from "#abi";
import { assert } from "#base";
import {
  type CollectedFlows,
  type Datapath,
  type DatapathMaps,
  type DatapathSettings,
  defaultDatapathSettings,
  type FlowTable,
} from "#datapath";
import { FlowTable as ModelTable, Model, type ModelInput, type ModelOutput } from "#datapath/model";
import type { BpfMap } from "#ebpf";
import { makeFakeMaps } from "./fake-maps.ts";
import { modelSettings } from "./settings.ts";

/** The ring buffer keeps eight bytes before each event. */
const RING_RECORD_BYTES = flowEventCodec.size + 8;

/** The datapath in memory: maps that are fakes, and the model in place of the programs. */
export class FakeDatapath implements Datapath {
  readonly maps: DatapathMaps;
  /** The kernel's clock, as far as `collectFlows` is concerned; each packet sets it. */
  nowJiffies = 0;
  readonly #model: Model;
  readonly #attached = new Set<number>();
  readonly #maxEvents: number;
  readonly #lost = { drops: 0n, traces: 0n };
  #events: Uint8Array[] = [];

  constructor(settings: DatapathSettings = defaultDatapathSettings) {
    this.maps = makeFakeMaps(settings.tables);
    this.#model = new Model(this.maps, modelSettings(settings));
    this.#maxEvents = Math.floor(settings.tables.eventRingBytes / RING_RECORD_BYTES);
  }

  attach(slot: number): void {
    this.#attached.add(slot);
  }

  detach(slot: number): void {
    this.#attached.delete(slot);
  }

  attached(): readonly number[] {
    return [...this.#attached].toSorted((left, right) => left - right);
  }

  /** What the programs do with a packet. Its events are for `readEvents` too. */
  process(input: ModelInput): ModelOutput {
    const { slot, nowJiffies } = input;
    assert(this.#attached.has(slot), `slot ${slot} has no programs: attach it first`);
    this.nowJiffies = nowJiffies;
    const output = this.#model.process(input);
    for (const event of output.events) this.#keep(event);
    this.#showCounts();
    return output;
  }

  readEvents(take: (event: Uint8Array) => void): number {
    const events = this.#events;
    this.#events = [];
    for (const event of events) take(event);
    return events.length;
  }

  async collectFlows(table: FlowTable): Promise<CollectedFlows> {
    await Promise.resolve();
    return this.#model.collectFlows(ModelTable[table], this.nowJiffies);
  }

  [Symbol.dispose](): void {
    for (const map of Object.values(this.maps) as BpfMap[]) map[Symbol.dispose]();
  }

  #keep(event: Uint8Array): void {
    if (this.#events.length < this.#maxEvents) {
      this.#events.push(event);
      return;
    }
    const isDrop = event[flowEventsRingOffsets.kind] === FlowEventKind.eventDrop;
    this.#lost[isDrop ? "drops" : "traces"] += 1n;
    show(this.maps.lostEvents, 0, lostEventsCodec, this.#lost);
  }

  #showCounts(): void {
    const { metrics, flowCounts } = this.#model.counts;
    for (const [index, traffic] of metrics) show(this.maps.metrics, index, trafficCodec, traffic);
    for (const [index, counts] of flowCounts.entries())
      show(this.maps.flowCounts, index, flowCountsCodec, counts);
  }
}

/** Writes what the first CPU has counted; the others have seen nothing. */
function show<T>(map: BpfMap, index: number, codec: Codec<T>, value: T): void {
  const key = new Uint8Array(4);
  new DataView(key.buffer).setUint32(0, index, true);
  const bytes = new Uint8Array(map.valueBytes);
  bytes.set(codec.encode(value));
  map.update(key, bytes);
}
