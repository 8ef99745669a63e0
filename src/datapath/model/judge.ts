import {
  DropReason,
  type Policy,
  PolicyAuthentication,
  PolicyEffect,
  type PolicyEntry,
  PolicyEntryFlag,
  PolicyFlag,
  TrafficDirection,
  Verdict,
} from "#abi";
import { type Judgement, NOT_JUDGED } from "./decision.ts";
import type { World } from "./pass.ts";

/** What one policy is asked. */
interface Question {
  /** Its number; 0 is no policy. */
  readonly policy: number;
  readonly direction: number;
  readonly protocol: number;
  readonly port: number;
  /** Identities of the policy's endpoint, of its peer, and of the peer's block, if it has one. */
  readonly own: number;
  readonly peer: number;
  readonly block: number;
}

/** Of a shape's byte. */
const PREFIX_MASK = 0x1f;
const ANY_PROTOCOL = 0x20;
const ANY_IDENTITY = 0x40;

interface Found {
  readonly shape: number;
  readonly entry: PolicyEntry;
}

export function judge(world: World, question: Question, timeNs: bigint): Judgement {
  const policy = world.tables.policy(question.policy);
  if (policy === undefined) {
    return world.settings.is_open_without_policy
      ? { ...NOT_JUDGED, verdict: Verdict.allowed }
      : denied(NOT_JUDGED, DropReason.dropEndpointNotReady);
  }
  const found = findEntries(world, policy, question);
  const best = bestOf(found);
  const said: Judgement =
    best === undefined || best.entry.effect === PolicyEffect.effectNone
      ? NOT_JUDGED
      : { ...NOT_JUDGED, cookie: best.entry.cookie, shape: best.shape };
  const effect = best?.entry.effect ?? PolicyEffect.effectNone;
  if (effect === PolicyEffect.effectDeny || effect === PolicyEffect.effectNone) {
    const isAudit = (policy.flags & PolicyFlag.policyAudit) !== 0;
    if (isAudit) return { ...said, verdict: Verdict.allowed | Verdict.audited };
    const isSaid = effect === PolicyEffect.effectDeny;
    return denied(said, isSaid ? DropReason.dropPolicyDeny : DropReason.dropPolicyDenied);
  }
  if (!isAuthenticated(world, question, authenticationOf(found, best), timeNs))
    return denied(said, DropReason.dropAuthenticationRequired);
  return allowed(said, found, best?.entry);
}

function denied(judgement: Judgement, reason: number): Judgement {
  return { ...judgement, verdict: Verdict.denied, reason };
}

function allowed(
  said: Judgement,
  found: readonly Found[],
  best: PolicyEntry | undefined,
): Judgement {
  const isRedirect = best?.effect === PolicyEffect.effectRedirect;
  const proxyPort = isRedirect ? best.proxyPort : 0;
  if (isRedirect && proxyPort === 0) return denied(said, DropReason.dropNoProxy);
  const isAudited =
    found.some(({ entry }) => (entry.flags & PolicyEntryFlag.entryAuditDeny) !== 0) ||
    ((best?.flags ?? 0) & PolicyEntryFlag.entryAuditAllow) !== 0;
  const verdict = isRedirect ? Verdict.redirected : Verdict.allowed;
  return { ...said, proxyPort, verdict: isAudited ? verdict | Verdict.audited : verdict };
}

/** The entries that speak about the question, in the order of the policy's shapes. */
function findEntries(world: World, policy: Policy, question: Question): Found[] {
  const { direction } = question;
  const isEgress = direction === TrafficDirection.egress;
  const shapes = isEgress ? policy.egressShapes : policy.ingressShapes;
  const count = Math.min(policy.shapeCount[direction] ?? 0, shapes.length);
  const found: Found[] = [];
  for (const shape of shapes.subarray(0, count)) {
    const isAnyIdentity = (shape & ANY_IDENTITY) !== 0;
    const identities = isAnyIdentity
      ? [0]
      : question.block === 0
        ? [question.peer]
        : [question.peer, question.block];
    for (const identity of identities) {
      const entry = world.tables.policyEntry(keyOf(question, shape, identity));
      if (entry !== undefined) found.push({ shape, entry });
    }
  }
  return found;
}

function keyOf(question: Question, shape: number, identity: number) {
  const portPrefix = shape & PREFIX_MASK;
  return {
    policy: question.policy,
    identity,
    port: question.port & ~(0xffff >> portPrefix),
    protocol: (shape & ANY_PROTOCOL) === 0 ? question.protocol : 0,
    direction: question.direction,
    portPrefix,
  };
}

/** Of equals the first; one of no precedence never. */
function bestOf(found: readonly Found[]): Found | undefined {
  let best: Found | undefined;
  for (const each of found) if (each.entry.precedence > (best?.entry.precedence ?? 0)) best = each;
  return best;
}

/** What holds of authentication: said by the most specific entry that may speak about the best. */
function authenticationOf(found: readonly Found[], best: Found | undefined): number {
  let lender: Found | undefined;
  for (const each of found) {
    if (each.entry.authentication === PolicyAuthentication.authenticationUnsaid) continue;
    const isBeaten = each.entry.precedence < (best?.entry.precedence ?? 0);
    if (isBeaten && !covers(each.shape, best?.shape ?? 0)) continue;
    if (lender === undefined || rankOf(each.shape) > rankOf(lender.shape)) lender = each;
  }
  return lender?.entry.authentication ?? PolicyAuthentication.authenticationUnsaid;
}

/** Whether the wide shape says no field that the narrow one leaves open. */
function covers(wide: number, narrow: number): boolean {
  const openInNarrowOnly = narrow & ~wide & (ANY_PROTOCOL | ANY_IDENTITY);
  return openInNarrowOnly === 0 && (wide & PREFIX_MASK) <= (narrow & PREFIX_MASK);
}

function rankOf(shape: number): number {
  const isProtocolSaid = (shape & ANY_PROTOCOL) === 0;
  const isIdentitySaid = (shape & ANY_IDENTITY) === 0;
  return 4 * (shape & PREFIX_MASK) + (isProtocolSaid ? 2 : 0) + (isIdentitySaid ? 1 : 0);
}

function isAuthenticated(
  world: World,
  question: Question,
  authentication: number,
  timeNs: bigint,
): boolean {
  if (authentication === PolicyAuthentication.authenticationFails) return false;
  if (authentication !== PolicyAuthentication.authenticationRequired) return true;
  const known = world.tables.authentication(question.own, question.peer);
  return known !== undefined && known.expiresNs > timeNs;
}
