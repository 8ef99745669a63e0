/** Whether a proxy lets one request of an allowed flow pass. */
import type { L7Matcher } from "../l7/l7-matcher.ts";
import type { L7Request } from "../l7/request.ts";
import type { ImportedPolicy, PolicyRule, RuleRef } from "../rule.ts";
import type { PeerIdentity, Subject } from "../subject.ts";
import { matchesPeers, matchingPorts, type PortNames, rangesOf, selects } from "./rule-match.ts";

interface RequestQuestion {
  readonly direction: "ingress" | "egress";
  readonly subject: Subject;
  readonly peers: readonly PeerIdentity[];
  readonly protocol: number;
  readonly port: number;
  readonly names: PortNames;
  /** Whether the subject's policies deny by default in that direction. */
  readonly isDefaultDeny: boolean;
}

export interface RequestVerdict {
  readonly allowed: boolean;
  /** The rules that allow it; where none does, those whose proxy refuses it. */
  readonly by: readonly RuleRef[];
}

/**
 * Some redirecting rule must allow the request, or some rule without L7 the whole of the very port
 * that is redirected: on one port and peer such rules add up. What allows the peer on all ports
 * does not. Where nothing is denied by default, no request is either.
 */
export function judgeRequest(
  policies: Iterable<ImportedPolicy>,
  question: RequestQuestion,
  request: L7Request,
  matcher: L7Matcher,
): RequestVerdict {
  const redirects: { rule: PolicyRule; keys: ReadonlySet<string> }[] = [];
  const plain: { rule: PolicyRule; keys: ReadonlySet<string> }[] = [];
  for (const rule of applicableRules(policies, question)) {
    const keys = portKeys(rule, question);
    if (keys.size > 0) (rule.redirect === undefined ? plain : redirects).push({ rule, keys });
  }
  const restricting = redirects.filter(({ rule }) => rule.redirect?.isVisibility !== true);
  if (restricting.length === 0 || !question.isDefaultDeny) return { allowed: true, by: [] };
  const allowing = restricting.filter(
    ({ rule }) => rule.redirect !== undefined && matcher.allows(rule.redirect, request),
  );
  const keys = new Set(restricting.flatMap((each) => [...each.keys]));
  const bypassing = plain.filter((each) => [...each.keys].some((key) => keys.has(key)));
  const by = [...allowing, ...bypassing];
  const refs = (by.length > 0 ? by : restricting).map(({ rule }) => rule.ref);
  return { allowed: by.length > 0, by: refs };
}

/** Allowing rules, enforced ones, that select the subject and match the peer. */
function* applicableRules(
  policies: Iterable<ImportedPolicy>,
  question: RequestQuestion,
): Generator<PolicyRule> {
  for (const policy of policies) {
    for (const spec of policy.specs) {
      if (spec.isAudit || !selects(spec, question.subject)) continue;
      for (const rule of spec.rules) {
        if (rule.direction !== question.direction || rule.effect !== "allow") continue;
        if (matchesPeers(rule, question.peers)) yield rule;
      }
    }
  }
}

/** The ports of a rule that hold the flow's, each as the key that rules share; none for "any". */
function portKeys(
  rule: PolicyRule,
  question: Pick<RequestQuestion, "protocol" | "port" | "names">,
): Set<string> {
  const { protocol, port, names } = question;
  const matches = matchingPorts(rule, protocol, port, names);
  if (matches === "any") return new Set();
  return new Set(
    matches.flatMap((match) =>
      rangesOf(match, names)
        .filter(({ first, last }) => first <= port && port <= last)
        .map(({ first, last }) => `${match.protocol}/${first}-${last}`),
    ),
  );
}
