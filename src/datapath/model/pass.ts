import type { Endpoint, PodSettings } from "#abi";
import type { Counts } from "./counts.ts";
import type { Headers } from "./parse.ts";
import type { Tables } from "./stores.ts";

export type Hook = "from_pod" | "to_pod";

/** What is set of the programs before they are loaded, all of it said. */
export type ModelSettings = Required<PodSettings>;

/** `aggregation` of the settings. */
export const Aggregation = { none: 0, low: 1, medium: 2, maximum: 3 } as const;

/** What does not change from packet to packet. */
export interface World {
  readonly tables: Tables;
  readonly settings: ModelSettings;
  readonly counts: Counts;
}

/** One packet on its way through a hook whose endpoint is in use. */
export interface Pass extends World {
  readonly hook: Hook;
  readonly slot: number;
  readonly endpoint: Endpoint;
  readonly frame: Uint8Array;
  readonly headers: Headers;
  /** The device that the packet came in by; 0 for one that the host sends. */
  readonly cameBy: number;
  /** Jiffies, 32 bits. */
  readonly now: number;
  readonly timeNs: bigint;
}
