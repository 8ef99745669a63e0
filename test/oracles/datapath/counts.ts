/** Counters by names that both sides have for them. */
import type { FlowCounts, Traffic } from "#abi";
import type { Counts } from "./side.ts";

const TABLES = ["TCP", "other"];
const DIRECTIONS = ["egress", "ingress"];

/** Of the tables of flows, and of traffic by direction and reason. */
export function countsOf(
  flows: readonly FlowCounts[],
  traffic: readonly ReadonlyMap<number, Traffic>[],
): Counts {
  const counts = new Map<string, bigint>();
  const add = (name: string, value: bigint): void => {
    if (value !== 0n) counts.set(name, value);
  };
  for (const [table, { created, recovered, failed }] of flows.entries()) {
    add(`${TABLES[table]} flows created`, created);
    add(`${TABLES[table]} flows recovered`, recovered);
    add(`${TABLES[table]} flows failed`, failed);
  }
  for (const [direction, reasons] of traffic.entries()) {
    for (const [reason, { packets, bytes }] of reasons) {
      add(`${DIRECTIONS[direction]} packets of reason ${reason}`, packets);
      add(`${DIRECTIONS[direction]} bytes of reason ${reason}`, bytes);
    }
  }
  return counts;
}
