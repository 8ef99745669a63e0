/**
 * The one place where it is decided which of several rules wins: deny over redirect over allow,
 * among redirects the listener with the lowest priority number. The same order holds among rules
 * that share a key, when an entry is made of them, and among the entries that one packet matches,
 * when it is judged: neither the length of a port prefix nor whether a peer is named matters.
 */
import { assert } from "#base";
import type { EntryValue, ListenerKind } from "../map-state.ts";
import type { Authentication, RuleRef } from "../rule.ts";

type Effect = EntryValue["effect"];

/** What one rule says at each of its keys. */
export interface Statement {
  /** Names the statement among all of the process: equal statements need not be equal numbers. */
  readonly id: number;
  readonly effect: Effect;
  readonly ref?: RuleRef;
  readonly synthetic?: "allow-localhost-ingress" | "allow-any-ingress" | "allow-any-egress";
  readonly isAuditDeny?: boolean;
  readonly isAuditAllow?: boolean;
  readonly listener?: ListenerKind;
  readonly listenerPriority?: number;
  /** Of a redirect that refuses nothing. */
  readonly isVisibility?: boolean;
  readonly authentication?: Authentication;
}

/** An entry's value, with what only user space wants to know. */
export interface RuleValue extends EntryValue {
  /** The redirect is there so that names are learnt, and refuses nothing. */
  readonly isVisibility?: boolean;
}

const EFFECT_RANK: Readonly<Record<Effect, number>> = { none: 0, allow: 1, redirect: 2, deny: 3 };

/** Of several on the same key, the strictest wins. */
const AUTHENTICATION_RANK: Readonly<Record<Authentication, number>> = {
  disabled: 0,
  required: 1,
  "test-always-fail": 2,
};

/** What decides between two; statements and values have it both. */
interface Contender {
  readonly effect: Effect;
  readonly listenerPriority?: number;
  readonly isVisibility?: boolean;
  readonly isAuditAllow?: boolean;
}

/** Negative where `left` wins, 0 where they say the same. */
export function comparePrecedence(left: Contender, right: Contender): number {
  const byEffect = EFFECT_RANK[right.effect] - EFFECT_RANK[left.effect];
  if (byEffect !== 0) return byEffect;
  if (left.effect === "redirect") {
    const byPriority = (left.listenerPriority ?? Infinity) - (right.listenerPriority ?? Infinity);
    if (byPriority !== 0 && !Number.isNaN(byPriority)) return byPriority;
    const byVisibility = Number(left.isVisibility ?? false) - Number(right.isVisibility ?? false);
    if (byVisibility !== 0) return byVisibility;
  }
  return Number(left.isAuditAllow ?? false) - Number(right.isAuditAllow ?? false);
}

/** Above every priority that can be said; who says none ranks behind. */
const PRIORITY_END = 0xffff;

/**
 * The order of `comparePrecedence` as one number of 32 bits, for those who can only compare
 * numbers: the higher wins, equals are equal. What says nothing is 0, and nothing else is.
 */
export function precedenceNumber(contender: Contender): number {
  const { effect, listenerPriority = PRIORITY_END } = contender;
  if (effect === "none") return 0;
  const isSound = listenerPriority >= 0 && listenerPriority <= PRIORITY_END;
  assert(isSound && Number.isInteger(listenerPriority), `priority ${listenerPriority}`);
  const enforced = contender.isAuditAllow === true ? 0 : 1;
  const rank = EFFECT_RANK[effect] << 20;
  if (effect !== "redirect") return rank | enforced;
  const refusing = contender.isVisibility === true ? 0 : 2;
  return rank | ((PRIORITY_END - listenerPriority) << 2) | refusing | enforced;
}

/** The value of a key of which all these statements speak; the cookie is the caller's to make. */
export function mergeStatements(statements: readonly Statement[]): Omit<RuleValue, "cookie"> {
  let best: Statement | undefined;
  let authentication: Authentication | undefined;
  let isAuditDeny = false;
  for (const statement of statements) {
    if (best === undefined || comparePrecedence(statement, best) < 0) best = statement;
    if (statement.isAuditDeny === true) isAuditDeny = true;
    authentication = stricter(authentication, statement.authentication);
  }
  const effect = best?.effect ?? "none";
  const passes = effect === "allow" || effect === "redirect";
  return {
    effect,
    isAuditDeny,
    // A rule that allows here, whatever it redirects to, makes up for what is only audited.
    isAuditAllow: passes && !statements.some(allowsOutright),
    ...(effect === "redirect" && best?.listener !== undefined ? { listener: best.listener } : {}),
    ...(effect === "redirect" && best?.listenerPriority !== undefined
      ? { listenerPriority: best.listenerPriority }
      : {}),
    ...(effect === "redirect" && best?.isVisibility === true ? { isVisibility: true } : {}),
    ...(passes && authentication !== undefined ? { authentication } : {}),
  };
}

function allowsOutright(statement: Statement): boolean {
  const passes = statement.effect === "allow" || statement.effect === "redirect";
  return passes && statement.isAuditAllow !== true;
}

function stricter(
  left: Authentication | undefined,
  right: Authentication | undefined,
): Authentication | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return AUTHENTICATION_RANK[right] > AUTHENTICATION_RANK[left] ? right : left;
}
