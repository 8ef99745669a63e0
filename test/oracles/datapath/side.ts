/** Whoever can be asked what becomes of packets: the kernel's programs, or the model. */
import type { ClockStep, PacketStep, Write } from "./step.ts";

export interface Outcome {
  readonly action: number;
  readonly packet: Uint8Array;
  readonly mark: number;
  readonly events: readonly Uint8Array[];
  /** Why there is no outcome: the kernel refused the test, or the model has a mistake. */
  readonly error?: string;
}

/** The tables that packets write. */
export const KEPT_TABLES = ["tcpFlows", "otherFlows", "datagrams"] as const;
export type KeptTable = (typeof KEPT_TABLES)[number];

/** By what the counter is called; those that are 0 are left out. */
export type Counts = ReadonlyMap<string, bigint>;

export interface Side {
  /** Empties everything. */
  reset(): void;
  write(write: Write): void;
  setClock(clock: ClockStep): void;
  send(packet: PacketStep): Outcome;
  entries(table: KeptTable): Iterable<readonly [Uint8Array, Uint8Array]>;
  /** Since the reset. */
  counts(): Counts;
}
