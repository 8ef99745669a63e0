/** What is wrong with policies that are right by themselves, in the cluster that they are for. */
import type { ClusterModel } from "../cluster/cluster-model.ts";
import type { PolicyRef } from "../rule.ts";
import { lintConflicts } from "./conflicts.ts";
import { lintDns } from "./dns.ts";
import { lintNames } from "./names.ts";
import { lintSelectors } from "./selectors.ts";
import { lintShadows } from "./shadows.ts";

export type LintCode =
  /** The policy is about no pod and no node. */
  | "selects-nothing"
  /** A peer of a rule is nobody here. */
  | "peer-selects-nothing"
  /** `{}` as a peer of a namespaced policy is the namespace, and no more. */
  | "peer-is-namespace"
  /** toFQDNs, and no DNS that could tell the addresses. */
  | "fqdn-without-dns"
  | "default-deny-without-dns"
  /** A deny of the same subjects takes all that the rule allows. */
  | "shadowed-by-deny"
  /** Another rule allows the same port without L7. */
  | "l7-without-effect"
  | "l7-conflict"
  | "authentication-conflict"
  /** A port name that no pod concerned has. */
  | "unknown-port-name";

export interface LintFinding {
  readonly severity: "warning" | "note";
  readonly code: LintCode;
  readonly policy: PolicyRef;
  /** `spec.ingress[0]`. */
  readonly path: string;
  /** A sentence that names the other policy too, where there is one. */
  readonly message: string;
  readonly others?: readonly PolicyRef[];
}

export type Report = (finding: LintFinding) => void;

/** In the order of the policies, then of the checks. */
export function lint(model: ClusterModel): LintFinding[] {
  const findings = new Map<string, LintFinding>();
  const report: Report = (finding) => {
    const { kind, namespace, name } = finding.policy;
    const key = [finding.code, kind, namespace, name, finding.path, finding.message].join("\n");
    if (!findings.has(key)) findings.set(key, finding);
  };
  for (const check of [lintSelectors, lintShadows, lintDns, lintConflicts, lintNames]) {
    check(model, report);
  }
  const order = new Map(model.policies.map(({ ref }, index) => [refKey(ref), index]));
  const rank = ({ policy }: LintFinding): number => order.get(refKey(policy)) ?? 0;
  return [...findings.values()].toSorted((left, right) => rank(left) - rank(right));
}

function refKey({ kind, namespace, name }: PolicyRef): string {
  return `${kind}/${namespace}/${name}`;
}
