/** What a case is made of: plain data, so that steps can be left out and the rest run again. */
import type { PodSettings } from "#abi";

/** The maps that user space writes. Named as in DatapathMaps. */
export const STATE_MAPS = [
  "nodeStates",
  "endpoints",
  "localAddresses",
  "ipcache",
  "blocks",
  "policies",
  "policyEntries",
  "authentications",
] as const;

export type StateMap = (typeof STATE_MAPS)[number];

/** A value of undefined deletes. */
export interface Write {
  readonly map: StateMap;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export type Hook = "from_pod" | "to_pod";

export interface PacketStep {
  readonly kind: "packet";
  readonly hook: Hook;
  readonly slot: number;
  /** The index of the device that it came in by; 0 for the host's own. */
  readonly cameBy: number;
  readonly bytes: Uint8Array;
  /** What policies say of it, where it is known: whether it is they that it is dropped by. */
  readonly isDenied?: boolean;
}

export interface ChangeStep {
  readonly kind: "change";
  readonly what: string;
  readonly writes: readonly Write[];
}

export interface ClockStep {
  readonly kind: "clock";
  /** Not 0, which is the real clock; the lower half counts. */
  readonly jiffies: bigint;
  readonly timeNs: bigint;
}

export type Step = PacketStep | ChangeStep | ClockStep;

export interface Case {
  readonly settings: Required<PodSettings>;
  readonly steps: readonly Step[];
}
