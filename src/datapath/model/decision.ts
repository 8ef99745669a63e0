import { DropReason, FlowState, Verdict } from "#abi";

/** An end of a flow: a slot of the node, or 0, and who it is. */
export interface Party {
  readonly slot: number;
  readonly identity: number;
}

/** What one policy says of a request. */
export interface Judgement {
  readonly verdict: number;
  /** Why it is denied. */
  readonly reason: number;
  /** Of the entry that decided, and its shape. */
  readonly cookie: number;
  readonly shape: number;
  readonly proxyPort: number;
}

/** What becomes of a packet, and what is told of it. */
export interface Decision {
  /** Why it is dropped; 0 if it passes. */
  readonly reason: number;
  readonly state: number;
  readonly isTold: boolean;
  /** By this packet, not by the flow. */
  readonly source: Party;
  readonly destination: Party;
  readonly egress: Judgement;
  readonly ingress: Judgement;
  /** Where this packet goes instead; 0 for nowhere. */
  readonly proxyPort: number;
}

export const NOBODY: Party = { slot: 0, identity: 0 };

export const NOT_JUDGED: Judgement = {
  verdict: Verdict.notJudged,
  reason: DropReason.notDropped,
  cookie: 0,
  shape: 0,
  proxyPort: 0,
};

/** Of a packet of which only one end is known, or none. */
export function undecided(source: Party, destination: Party): Decision {
  return {
    reason: DropReason.notDropped,
    state: FlowState.stateUnknown,
    isTold: false,
    source,
    destination,
    egress: NOT_JUDGED,
    ingress: NOT_JUDGED,
    proxyPort: 0,
  };
}
