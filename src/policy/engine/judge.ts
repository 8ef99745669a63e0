/** Judging a packet as the kernel does: every shape is looked up, and what is found is folded. */
import type { Entry, ListenerKind, Origin, Shape } from "../map-state.ts";
import type { Authentication, Direction, RuleRef } from "../rule.ts";
import { comparePrecedence, type RuleValue } from "./deny-precedence.ts";
import { packPort, unpackPort } from "./port-key.ts";
import type { SubjectState } from "./subject-state.ts";
import { Template } from "./template.ts";

export interface Question {
  readonly direction: Direction;
  /** The peer's identity, then that of its address's block where there is one. */
  readonly peers: readonly number[];
  readonly protocol: number;
  /** Of the destination; the type, for ICMP. */
  readonly port: number;
}

export interface Judgement {
  readonly verdict: "allowed" | "denied";
  /** It passes, and would not if what is only audited were enforced. */
  readonly isAudit: boolean;
  /** What the rules say; with `isAudit` it may pass all the same. */
  readonly reason: "deny" | "redirect" | "allow" | "no-allow";
  readonly redirect: ListenerKind | undefined;
  /** The redirect refuses nothing: names are to be learnt. */
  readonly isVisibility: boolean;
  readonly authentication: Authentication | undefined;
  /** The one that decided, as the kernel's event names it; none where nothing was found. */
  readonly entry: Entry | undefined;
  /** The rules that gave that entry. */
  readonly origin: Origin | undefined;
  readonly defaultDenyBy: readonly RuleRef[];
}

export function judge(state: SubjectState, question: Question): Judgement {
  const { direction, peers, protocol, port } = question;
  const directionState = state.directionState(direction);
  const templates = peers.map((peer) => directionState.templateFor(peer));
  let best: RuleValue | undefined;
  let bestKey = 0;
  let bestPeer = 0;
  let bestShape: Shape | undefined;
  let isAuditDeny = false;
  const lenders: Lender[] = [];
  for (const shape of directionState.shapes) {
    const { isAnyIdentity, isAnyProtocol, portPrefix } = shape;
    const packed = packPort(isAnyProtocol ? 0 : protocol, port, portPrefix);
    const count = isAnyIdentity ? 1 : templates.length;
    for (let at = 0; at < count; at++) {
      const template = isAnyIdentity ? directionState.wildcard : (templates[at] ?? Template.empty);
      const value = template.find(packed);
      if (value === undefined) continue;
      if (value.isAuditDeny) isAuditDeny = true;
      // Shapes come the most specific first, so that of equals the first stays.
      if (best === undefined || comparePrecedence(value, best) < 0) {
        best = value;
        bestKey = packed;
        bestPeer = isAnyIdentity ? 0 : (peers[at] ?? 0);
        bestShape = shape;
      }
      if (value.authentication === undefined) continue;
      lenders.push({ value, authentication: value.authentication, shape });
    }
  }
  const effect = best?.effect ?? "none";
  const passes = effect === "allow" || effect === "redirect";
  const wouldPass = passes && !isAuditDeny && best?.isAuditAllow !== true;
  const isAllowed = passes || state.isAudit;
  const isDecided = best !== undefined && effect !== "none";
  return {
    verdict: isAllowed ? "allowed" : "denied",
    isAudit: isAllowed && !wouldPass,
    reason: effect === "none" ? "no-allow" : effect,
    redirect: effect === "redirect" ? best?.listener : undefined,
    isVisibility: effect === "redirect" && best?.isVisibility === true,
    authentication: passes && best !== undefined ? lentBy(lenders, best, bestShape) : undefined,
    entry: isDecided ? entryOf(direction, bestPeer, bestKey, best) : undefined,
    origin: best === undefined || !isDecided ? undefined : state.cookies.resolve(best.cookie),
    defaultDenyBy: state.defaultDenyBy(direction),
  };
}

/** An entry that asks for authentication, or for none. */
interface Lender {
  readonly value: RuleValue;
  readonly authentication: Authentication;
  readonly shape: Shape;
}

/**
 * The most specific of the entries that the one that decided does not beat, or that cover its key:
 * who asks for proof on every port of a peer asks for it where a proxy reads one of them, too.
 */
function lentBy(
  lenders: readonly Lender[],
  best: RuleValue,
  shape: Shape | undefined,
): Authentication | undefined {
  let lender: Lender | undefined;
  for (const each of lenders) {
    const isBeaten = comparePrecedence(each.value, best) > 0;
    if (isBeaten && (shape === undefined || !covers(each.shape, shape))) continue;
    if (lender === undefined || rankOf(each.shape) > rankOf(lender.shape)) lender = each;
  }
  return lender?.authentication;
}

function covers(wide: Shape, narrow: Shape): boolean {
  return (
    (wide.isAnyIdentity || !narrow.isAnyIdentity) &&
    (wide.isAnyProtocol || !narrow.isAnyProtocol) &&
    wide.portPrefix <= narrow.portPrefix
  );
}

function rankOf({ portPrefix, isAnyProtocol, isAnyIdentity }: Shape): number {
  return 4 * portPrefix + 2 * Number(!isAnyProtocol) + Number(!isAnyIdentity);
}

function entryOf(
  direction: Direction,
  identity: number,
  packed: number,
  value: RuleValue | undefined,
): Entry | undefined {
  return value && { key: { direction, identity, ...unpackPort(packed) }, value };
}
