import type { DatapathMaps } from "./maps.ts";

/** The tables of flows: TCP's, and that of the rest. */
export type FlowTable = "tcp" | "other";

export interface CollectedFlows {
  readonly kept: number;
  readonly removed: number;
}

/**
 * The programs of a node and their maps: the seam between what decides and the kernel. One
 * implementation is the kernel's, one is in memory (`#datapath/fake`).
 *
 * A slot is the index of the host's side of a pod's cable. Disposed of, a datapath leaves in place
 * what is pinned: packets go on being judged.
 */
export interface Datapath extends Disposable {
  readonly maps: DatapathMaps;
  /**
   * Puts the programs on a pod's device, in the namespace of the calling thread; takes over what
   * is pinned there.
   */
  attach(slot: number): void;
  /** Fine when it is gone already. */
  detach(slot: number): void;
  /** Slots with pinned or held attachments, in order. */
  attached(): readonly number[];
  /**
   * Hands over what the programs have told since, an event's bytes at a time, valid until `take`
   * returns; answers how many.
   */
  readEvents(take: (event: Uint8Array) => void): number;
  /** Takes expired flows out, off the main thread. They are not found anyway; others need room. */
  collectFlows(table: FlowTable): Promise<CollectedFlows>;
}

/**
 * How much is told of what passes: `none` of each packet twice, as it comes and as it goes; `low`
 * once; `medium` of the first of a flow, of SYN, FIN and RST, and of one in an interval for each
 * direction; `maximum` without the interval. Drops are always told.
 */
export type Aggregation = "none" | "low" | "medium" | "maximum";

export interface DatapathSettings {
  /** Of addresses that no prefix covers. */
  readonly worldIdentities: { readonly ipv4: number; readonly ipv6: number };
  /** What a pod without a policy may do: everything, or nothing. */
  readonly isOpenWithoutPolicy: boolean;
  readonly aggregation: Aggregation;
  readonly traceIntervalMs: number;
  /** How long a flow is kept after its last packet. */
  readonly timeouts: {
    readonly tcpMs: number;
    /** No answer yet. */
    readonly tcpOpeningMs: number;
    readonly tcpClosingMs: number;
    readonly otherMs: number;
  };
  /** The most entries; of the ring, bytes, a power of two. */
  readonly tables: {
    readonly tcpFlows: number;
    readonly otherFlows: number;
    readonly policyEntries: number;
    readonly ipcache: number;
    readonly eventRingBytes: number;
  };
}

const SECOND_MS = 1000;
const WORLD_IDENTITY = 2;

export const defaultDatapathSettings: DatapathSettings = {
  worldIdentities: { ipv4: WORLD_IDENTITY, ipv6: WORLD_IDENTITY },
  isOpenWithoutPolicy: false,
  aggregation: "medium",
  traceIntervalMs: 5 * SECOND_MS,
  timeouts: {
    tcpMs: 8000 * SECOND_MS,
    tcpOpeningMs: 60 * SECOND_MS,
    tcpClosingMs: 10 * SECOND_MS,
    otherMs: 60 * SECOND_MS,
  },
  tables: {
    tcpFlows: 131_072,
    otherFlows: 65_536,
    policyEntries: 1 << 20,
    ipcache: 512_000,
    eventRingBytes: 4 * 1024 * 1024,
  },
};
