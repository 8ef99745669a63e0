import type { ClusterModel } from "../cluster/cluster-model.ts";
import { matchesPeer } from "../cluster/rule-match.ts";
import { KEY, type Selector } from "#identity";
import type { PolicyRule, PolicySpec } from "../rule.ts";
import type { Report } from "./lint.ts";
import { podIdentities, selectedSpecs } from "./spread.ts";

/** Selectors that nobody matches, and such that match less than they seem to. */
export function lintSelectors(model: ClusterModel, report: Report): void {
  for (const { spec, subjects } of selectedSpecs(model)) {
    const policy = spec.ref.policy;
    if (subjects.size === 0) {
      const what = spec.subject.kind === "node" ? "node" : "pod";
      report({
        severity: "warning",
        code: "selects-nothing",
        policy,
        path: spec.ref.path,
        message: `selects no ${what} of those given: its rules have no effect`,
      });
    }
    for (const rule of spec.rules) lintPeers(model, spec, rule, report);
  }
}

function lintPeers(model: ClusterModel, spec: PolicySpec, rule: PolicyRule, report: Report): void {
  if (rule.peers === "any") return;
  const { policy, path } = rule.ref;
  // Entities and Services are written in words that no manifest can answer for.
  if (/(?:Entities|Services)/.test(path)) return;
  for (const peer of rule.peers) {
    if (peer.kind !== "labels" || !isAboutPods(peer.selector)) continue;
    const found = podIdentities(model).some((each) => matchesPeer(peer, each));
    const told = own(peer.selector);
    if (!found) {
      report({
        severity: "warning",
        code: "peer-selects-nothing",
        policy,
        path,
        message: `names peers that no pod here is: ${told}`,
      });
    } else if (isWholeNamespace(peer.selector, spec)) {
      report({
        severity: "note",
        code: "peer-is-namespace",
        policy,
        path,
        message:
          `has the empty selector {} as a peer, which means the pods of namespace ` +
          `${policy.namespace} and nobody else`,
      });
    }
  }
}

/** Selectors of reserved labels or of other sources are answered by no manifest. */
function isAboutPods(selector: Selector): boolean {
  return selector.requirements.every(({ source }) => source === "k8s" || source === "any");
}

function isWholeNamespace(selector: Selector, { ref }: PolicySpec): boolean {
  if (ref.policy.kind !== "CiliumNetworkPolicy") return false;
  const rest = selector.requirements.filter(({ key }) => key !== KEY.cluster);
  const [only] = rest;
  return (
    rest.length === 1 && only?.key === KEY.namespace && only.values[0] === ref.policy.namespace
  );
}

/** Without what importing added. */
function own(selector: Selector): string {
  const shown = selector.requirements.filter(({ key }) => key !== KEY.cluster);
  return shown.map(({ key, operator, values }) => [key, operator, ...values].join(" ")).join(", ");
}
