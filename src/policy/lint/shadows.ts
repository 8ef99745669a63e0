import type { ClusterModel } from "../cluster/cluster-model.ts";
import { matchesPeers } from "../cluster/rule-match.ts";
import type { PolicyRule } from "../rule.ts";
import type { PeerIdentity } from "../subject.ts";
import type { Report } from "./lint.ts";
import {
  coversPorts,
  enforcedSpecs,
  nameOf,
  portKeysOf,
  type SelectedSpec,
  shareSubjects,
} from "./spread.ts";

/** Allows that a deny takes away whole, and L7 rules that an allow without L7 makes empty. */
export function lintShadows(model: ClusterModel, report: Report): void {
  const specs = enforcedSpecs(model);
  const identities = [...model.identities];
  for (const left of specs) {
    for (const right of specs) {
      if (shareSubjects(left, right)) comparePair(left, right, identities, report);
    }
  }
}

function comparePair(
  left: SelectedSpec,
  right: SelectedSpec,
  identities: readonly PeerIdentity[],
  report: Report,
): void {
  const isWhole = [...left.subjects].every((subject) => right.subjects.has(subject));
  for (const rule of left.spec.rules.filter((each) => each.effect === "allow")) {
    for (const other of right.spec.rules) {
      if (other.direction !== rule.direction || other === rule) continue;
      if (other.effect === "deny" && isWhole) lintDeny(rule, other, identities, report);
      if (other.effect === "allow") lintL7(rule, other, identities, report);
    }
  }
}

function lintDeny(
  rule: PolicyRule,
  deny: PolicyRule,
  identities: readonly PeerIdentity[],
  report: Report,
): void {
  if (!coversPorts(deny, rule) || !coversPeers(deny, rule, identities)) return;
  report({
    severity: "warning",
    code: "shadowed-by-deny",
    policy: rule.ref.policy,
    path: rule.ref.path,
    message:
      `allows nothing: ${nameOf(deny.ref.policy)} (${deny.ref.path}) denies all of it, ` +
      "and a deny wins whatever else allows",
    others: [deny.ref.policy],
  });
}

function lintL7(
  rule: PolicyRule,
  plain: PolicyRule,
  identities: readonly PeerIdentity[],
  report: Report,
): void {
  const isRestricting = rule.redirect?.l7 !== undefined && rule.redirect.isVisibility !== true;
  if (!isRestricting || (plain.redirect !== undefined && plain.redirect.isVisibility !== true))
    return;
  const keys = portKeysOf(rule);
  const others = portKeysOf(plain);
  if (keys === "any" || others === "any") return;
  if (![...keys].some((key) => others.has(key)) || !sharesPeer(rule, plain, identities)) return;
  const l4 = nameOf(plain.ref.policy);
  const l7 = nameOf(rule.ref.policy);
  const kind = rule.redirect.l7?.kind ?? "L7";
  report({
    severity: "warning",
    code: "l7-without-effect",
    policy: rule.ref.policy,
    path: rule.ref.path,
    message:
      `the ${kind} rules of ${l7} restrict nothing: ${l4} (${plain.ref.path}) allows the same ` +
      `peers all of the same port, and the two add up; ${l4} has to go for them to take effect`,
    others: [plain.ref.policy],
  });
}

function coversPeers(
  outer: PolicyRule,
  inner: PolicyRule,
  identities: readonly PeerIdentity[],
): boolean {
  if (outer.peers === "any") return true;
  const matched = matchedBy(inner, identities);
  if (inner.peers === "any" || matched.length === 0) return false;
  return matched.every((identity) => matchesPeers(outer, [identity]));
}

/** The same selector is the same peer, whether or not there is anybody now. */
function sharesPeer(
  left: PolicyRule,
  right: PolicyRule,
  identities: readonly PeerIdentity[],
): boolean {
  if (left.peers === "any" || right.peers === "any") return true;
  const key = (peer: object): string => JSON.stringify(peer);
  const keys = new Set(left.peers.map(key));
  if (right.peers.some((peer) => keys.has(key(peer)))) return true;
  return matchesPeers(right, matchedBy(left, identities));
}

function matchedBy(rule: PolicyRule, identities: readonly PeerIdentity[]): PeerIdentity[] {
  return identities.filter((identity) => matchesPeers(rule, [identity]));
}
