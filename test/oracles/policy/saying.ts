/** What a policy says, as functions that answer yes or no: nothing is computed beforehand. */
import type { Party } from "./party.ts";
import type { RawPod } from "./raw.ts";

export type Direction = "ingress" | "egress";

export interface Flow {
  readonly subject: RawPod;
  readonly peer: Party;
  readonly protocol: string;
  /** Of the destination; for ICMP the type. */
  readonly port: number;
}

export interface SaidRule {
  readonly direction: Direction;
  readonly effect: "allow" | "deny";
  readonly isL7: boolean;
  readonly speaksOf: (flow: Flow) => boolean;
}

export interface Saying {
  readonly selects: (pod: RawPod) => boolean;
  readonly hasDefaultDeny: (direction: Direction) => boolean;
  readonly isAudit: boolean;
  readonly rules: readonly SaidRule[];
}
