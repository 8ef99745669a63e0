/** What is asked of a model, and what it answers. */
import type { L7Request } from "../l7/request.ts";
import type { Authentication, Direction, PolicyKind } from "../rule.ts";

export interface FlowQuestion {
  /** `namespace/pod`, `pod` of namespace default, an address, a DNS name, or an entity. */
  readonly from: string;
  readonly to: string;
  /** A name (`TCP`) or a number; TCP if absent. */
  readonly protocol?: string;
  /** For ICMP, the type. */
  readonly port: number;
  readonly request?: L7Request;
}

export type Outcome = "allowed" | "denied";

export type BecauseEffect =
  | "allow"
  | "deny"
  | "redirect"
  /** The policy denies what nobody allows, and nobody did. */
  | "default-deny"
  /** The redirect to a proxy passes, and the proxy refuses the request. */
  | "refuse"
  /** The policy would deny, and is in audit mode. */
  | "audit";

/** A rule that made a verdict what it is. */
export interface Because {
  readonly direction: Direction;
  readonly kind: PolicyKind;
  /** Empty for policies of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  /** Its path in the object: `spec.ingress[0]`. */
  readonly rule: string;
  readonly effect: BecauseEffect;
}

export interface Verdict {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
  readonly verdict: Outcome;
  readonly egress: Outcome;
  readonly ingress: Outcome;
  /** Requests go through a proxy, because rules ask for it. */
  readonly l7?: true;
  readonly because: readonly Because[];
  /** Passes only because of audit mode. */
  readonly audit?: true;
  /** Passes only after this handshake. */
  readonly authentication?: Authentication;
  /** What a reader should know beside: a Service behind the name, a made-up address. */
  readonly note?: string;
}
