/** CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy. */
import { quote } from "#base";
import { type Selector, SOURCE } from "#identity";
import type { CiliumClusterwideNetworkPolicy, CiliumNetworkPolicy, CiliumRule } from "#kube/types";
import type { Direction, PolicyRule, PolicySpec } from "../rule.ts";
import type { ImportContext, RuleContext } from "./context.ts";
import { dnsAnswers } from "./dns-answers.ts";
import { importEntry } from "./entry.ts";
import { egressEntry, ingressEntry, type RuleEntry } from "./members.ts";
import { readSelector, scopeSubject } from "./scope.ts";

const MAX_LOG_CHARACTERS = 32;
const PRINTABLE = /^\P{C}*$/u;

export function importCiliumPolicy(
  object: CiliumNetworkPolicy | CiliumClusterwideNetworkPolicy,
  isAudit: boolean,
  context: ImportContext,
): PolicySpec[] {
  const { spec, specs } = object;
  if (spec === undefined && specs === undefined) {
    context.report.error("no-spec", "", "has neither spec nor specs: write a rule as spec");
    return [];
  }
  const written: [string, CiliumRule][] = [];
  if (spec !== undefined) written.push(["spec", spec]);
  for (const [index, each] of (specs ?? []).entries()) written.push([`specs[${index}]`, each]);
  return written.flatMap(([path, rule]) => {
    const made = importRule(rule, path, isAudit, context);
    return made === undefined ? [] : [made, ...dnsAnswers(rule, made, path, context)];
  });
}

function importRule(
  rule: CiliumRule,
  path: string,
  isAudit: boolean,
  context: ImportContext,
): PolicySpec | undefined {
  checkHasRules(rule, path, context);
  const selector = readSubject(rule, path, context);
  const isNodePolicy = rule.nodeSelector !== undefined;
  const ruleContext: RuleContext = {
    ...context,
    isNodePolicy,
    selectsInit: !isNodePolicy && (selector?.mentions(SOURCE.reserved, "init") ?? false),
  };
  const rules: PolicyRule[] = [];
  for (const entry of entriesOf(rule, path)) {
    for (const each of importEntry(entry, ruleContext)) rules.push(each);
  }
  const log = readLog(rule, path, context);
  if (selector === undefined) return undefined;
  return {
    ref: { policy: context.policy, path },
    subject: { kind: isNodePolicy ? "node" : "pod", selector },
    rules,
    defaultDeny: {
      ingress: deniesByDefault(rule, "ingress", path, context),
      egress: deniesByDefault(rule, "egress", path, context),
    },
    isAudit,
    ...(log === "" ? {} : { log }),
  };
}

function* entriesOf(rule: CiliumRule, path: string): Generator<RuleEntry> {
  for (const [index, each] of (rule.ingress ?? []).entries()) {
    yield ingressEntry(each, `${path}.ingress[${index}]`, "allow");
  }
  for (const [index, each] of (rule.ingressDeny ?? []).entries()) {
    yield ingressEntry(each, `${path}.ingressDeny[${index}]`, "deny");
  }
  for (const [index, each] of (rule.egress ?? []).entries()) {
    yield egressEntry(each, `${path}.egress[${index}]`, "allow");
  }
  for (const [index, each] of (rule.egressDeny ?? []).entries()) {
    yield egressEntry(each, `${path}.egressDeny[${index}]`, "deny");
  }
}

/** An empty list of allow rules counts: it says that nothing is allowed. */
function checkHasRules(rule: CiliumRule, path: string, { report }: ImportContext): void {
  const { ingress, egress, ingressDeny = [], egressDeny = [] } = rule;
  const hasRules = ingress ?? egress ?? [...ingressDeny, ...egressDeny][0];
  if (hasRules !== undefined) return;
  const what = "has no rules: write at least one of ingress, ingressDeny, egress, egressDeny";
  report.error("no-rules", path, what);
}

function readSubject(rule: CiliumRule, path: string, context: ImportContext): Selector | undefined {
  const { endpointSelector, nodeSelector } = rule;
  const { policy, report } = context;
  if (endpointSelector !== undefined && nodeSelector !== undefined) {
    const what = "has endpointSelector and nodeSelector: write a spec for each";
    report.error("two-subjects", path, what);
    return undefined;
  }
  if (nodeSelector !== undefined) {
    if (policy.namespace !== "") {
      const what =
        "policies for nodes are of the whole cluster: make it a CiliumClusterwideNetworkPolicy";
      report.error("node-selector-in-namespace", `${path}.nodeSelector`, what);
    }
    return readSelector(nodeSelector, `${path}.nodeSelector`, report);
  }
  if (endpointSelector !== undefined) {
    return scopeSubject(endpointSelector, `${path}.endpointSelector`, context);
  }
  const choice = policy.namespace === "" ? "endpointSelector or nodeSelector" : "endpointSelector";
  report.error("no-subject", path, `selects nobody: give ${choice}; {} is all of them`);
  return undefined;
}

/** Whether what no rule of the direction allows is denied. */
function deniesByDefault(
  rule: CiliumRule,
  direction: Direction,
  path: string,
  { options, report }: ImportContext,
): boolean {
  const allow = direction === "ingress" ? rule.ingress : rule.egress;
  const deny = direction === "ingress" ? rule.ingressDeny : rule.egressDeny;
  const asked = rule.enableDefaultDeny?.[direction];
  const hasRules = allow !== undefined || (deny?.length ?? 0) > 0;
  if (allow?.length === 0) {
    const what = `is there and empty, which here means that ${direction} is denied by default; Cilium takes no notice or refuses it: for Cilium too, write ${direction}: [{}]`;
    report.note("empty-direction", `${path}.${direction}`, what);
  }
  if (asked === true && !hasRules) {
    const what = `has no effect without rules for ${direction}: write ${direction}: [{}] to deny all`;
    report.warning("default-deny-without-rules", `${path}.enableDefaultDeny.${direction}`, what);
  }
  if (!hasRules) return false;
  return options.enableNonDefaultDenyPolicies ? (asked ?? true) : true;
}

function readLog(rule: CiliumRule, path: string, { report }: ImportContext): string {
  const value = rule.log?.value ?? "";
  if (value.length > MAX_LOG_CHARACTERS || !PRINTABLE.test(value)) {
    const what = `${quote(value)} has to be at most ${MAX_LOG_CHARACTERS} printable characters`;
    report.error("bad-log", `${path}.log.value`, what);
  }
  return value;
}
