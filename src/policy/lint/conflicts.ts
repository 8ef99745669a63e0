import type { ClusterModel } from "../cluster/cluster-model.ts";
import { matchesPeers } from "../cluster/rule-match.ts";
import type { PolicyRule } from "../rule.ts";
import type { PeerIdentity } from "../subject.ts";
import type { LintCode, Report } from "./lint.ts";
import { enforcedSpecs, nameOf, portKeysOf, type SelectedSpec, shareSubjects } from "./spread.ts";

/** Rules that say different things of one port and peer, of which only one can be had. */
export function lintConflicts(model: ClusterModel, report: Report): void {
  const specs = enforcedSpecs(model);
  const identities = [...model.identities];
  for (const [index, left] of specs.entries()) {
    for (const right of specs.slice(index)) {
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
  for (const rule of left.spec.rules.filter(({ effect }) => effect === "allow")) {
    for (const other of right.spec.rules.filter(({ effect }) => effect === "allow")) {
      if (rule === other || rule.direction !== other.direction) continue;
      const conflict = conflictOf(rule, other);
      if (conflict === undefined || !shareKey(rule, other, identities)) continue;
      for (const [own, foreign] of [
        [rule, other],
        [other, rule],
      ] as const) {
        report({
          severity: "warning",
          code: conflict.code,
          policy: own.ref.policy,
          path: own.ref.path,
          message: `${nameOf(foreign.ref.policy)} (${foreign.ref.path}) ${conflict.what}`,
          others: [foreign.ref.policy],
        });
      }
    }
  }
}

function conflictOf(
  left: PolicyRule,
  right: PolicyRule,
): { code: LintCode; what: string } | undefined {
  const kinds = [left, right].map(({ redirect }) =>
    redirect?.isVisibility === true ? undefined : redirect?.l7?.kind,
  );
  if (kinds[0] !== undefined && kinds[1] !== undefined && kinds[0] !== kinds[1]) {
    const what = `has rules of another protocol for the same peer and port: ${kinds.join(" and ")}; only one proxy can have it`;
    return { code: "l7-conflict", what };
  }
  const modes = [left.authentication, right.authentication];
  if (modes[0] !== undefined && modes[1] !== undefined && modes[0] !== modes[1]) {
    const what = `asks for another authentication of the same peer and port: ${modes.join(" and ")}; the stricter one wins`;
    return { code: "authentication-conflict", what };
  }
  return undefined;
}

function shareKey(
  left: PolicyRule,
  right: PolicyRule,
  identities: readonly PeerIdentity[],
): boolean {
  const keys = portKeysOf(left);
  const others = portKeysOf(right);
  const isSamePort =
    keys === "any" || others === "any" ? keys === others : [...keys].some((key) => others.has(key));
  if (!isSamePort) return false;
  return identities.some((each) => matchesPeers(left, [each]) && matchesPeers(right, [each]));
}
