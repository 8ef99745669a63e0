import {
  type FlowCounts,
  flowCountsMap,
  type LostEvents,
  lostEventsMap,
  type MapAbi,
  metricsMap,
} from "#abi";
import { type BpfMap, perCpu, TypedMap } from "#ebpf";
import type { DatapathMaps } from "./maps.ts";

/** Packets of pods and what became of them, since the maps were made. */
export interface TrafficRow {
  /** 0 for what was forwarded. */
  readonly reason: number;
  /** As the pod sees it. */
  readonly direction: "egress" | "ingress";
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Of each direction in the map of metrics. */
const REASONS = 256;

const TABLES = { tcp: 0, other: 1 } as const;

/** What has been counted, in order of direction and reason; what never happened is left out. */
export function readTraffic({ metrics }: Pick<DatapathMaps, "metrics">): TrafficRow[] {
  const rows: TrafficRow[] = [];
  for (const [index, counts] of perCpuMap(metricsMap, metrics).entries()) {
    const packets = sum(counts, (each) => each.packets);
    if (packets === 0n) continue;
    const direction = index >= REASONS ? "ingress" : "egress";
    const bytes = sum(counts, (each) => each.bytes);
    rows.push({ reason: index % REASONS, direction, packets, bytes });
  }
  return rows.toSorted((a, b) => a.direction.localeCompare(b.direction) || a.reason - b.reason);
}

/** Events that found the ring full. */
export function readLostEvents({ lostEvents }: Pick<DatapathMaps, "lostEvents">): LostEvents {
  const counts = perCpuMap(lostEventsMap, lostEvents).get(0) ?? [];
  return { drops: sum(counts, (each) => each.drops), traces: sum(counts, (each) => each.traces) };
}

/** Flows that were made, for each table. */
export function readFlowCounts({
  flowCounts,
}: Pick<DatapathMaps, "flowCounts">): Record<"tcp" | "other", FlowCounts> {
  const typed = perCpuMap(flowCountsMap, flowCounts);
  const read = (index: number): FlowCounts => {
    const counts = typed.get(index) ?? [];
    return {
      created: sum(counts, (each) => each.created),
      recovered: sum(counts, (each) => each.recovered),
      failed: sum(counts, (each) => each.failed),
    };
  };
  return { tcp: read(TABLES.tcp), other: read(TABLES.other) };
}

/** A table of flows right after it was collected. */
export interface FlowTableState {
  readonly created: bigint;
  /** How many are in it. */
  readonly kept: number;
  /** How many that collection took out. */
  readonly removed: number;
}

/**
 * Flows that were pushed out by others while alive: those made since, that are neither there nor
 * were collected. Counts from the first state that it is shown, since nobody knows what earlier
 * processes collected. An upper bound: those that had expired and were not collected yet are in it.
 */
export class EvictionCounter {
  #first: FlowTableState | undefined;
  #removed = 0;
  #evicted = 0n;

  /** Answers how many there have been. */
  observe(state: FlowTableState): bigint {
    if (this.#first === undefined) this.#first = state;
    else this.#removed += state.removed;
    const { created, kept } = this.#first;
    const evicted =
      state.created - created + BigInt(kept) - BigInt(state.kept) - BigInt(this.#removed);
    // Packets go on while a table is walked over, so that a few may be counted too early or late.
    if (evicted > this.#evicted) this.#evicted = evicted;
    return this.#evicted;
  }
}

function perCpuMap<K, V>({ key, value }: MapAbi<K, V>, map: BpfMap): TypedMap<K, V[]> {
  return new TypedMap(map, key, perCpu(value));
}

function sum<T>(values: readonly T[], of: (value: T) => bigint): bigint {
  return values.reduce((total, each) => total + of(each), 0n);
}
