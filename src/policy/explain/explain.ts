/** Why a flow passes or not: every rule that selects either side, and what it says. */
import type { ClusterModel, DirectionVerdict } from "../cluster/cluster-model.ts";
import { type Flow, sidesOf } from "../cluster/flow.ts";
import { matchesPeers, matchingPorts, selects } from "../cluster/rule-match.ts";
import type { Because, FlowQuestion, Verdict } from "../cluster/verdict.ts";
import { L7Matcher } from "../l7/l7-matcher.ts";
import { describeRequest } from "../l7/request.ts";
import type { Direction, PolicyRef, PolicyRule, RuleRef } from "../rule.ts";
import { type Change, suggestChange } from "./suggest.ts";

/** What one rule says of a flow. */
export interface RuleReport {
  readonly direction: Direction;
  readonly ref: RuleRef;
  readonly effect: "allow" | "deny" | "default-deny";
  readonly isAudit: boolean;
  readonly matchesPeer: boolean;
  readonly matchesPort: boolean;
  /** Of rules with L7 that match peer and port, where the question has a request. */
  readonly matchesRequest?: boolean;
  readonly isDecisive: boolean;
  readonly sentence: string;
}

export interface Explanation {
  readonly verdict: Verdict;
  readonly rules: readonly RuleReport[];
  /** Of a denial: the smallest change that would allow the flow, for each direction that denies. */
  readonly changes: readonly Change[];
  /** All of it as lines for people. */
  readonly lines: readonly string[];
}

export function explain(model: ClusterModel, question: FlowQuestion): Explanation {
  const verdict = model.verdict(question);
  const { flow, names } = model.flowOf(question);
  const rules: RuleReport[] = [];
  const changes: Change[] = [];
  const lines: string[] = [];
  for (const direction of ["egress", "ingress"] as const) {
    const outcome = model.judgeDirection(flow, direction);
    const reports = flow.isSelf ? [] : reportRules(model, flow, direction, outcome.because);
    rules.push(...reports);
    lines.push(directionLine(flow, direction, outcome, names, reports.length));
    lines.push(...reports.map((report) => `  ${report.isDecisive ? "*" : "-"} ${report.sentence}`));
    if (outcome.outcome === "allowed") continue;
    const change = suggestChange(model, flow, direction, outcome);
    changes.push(change);
    lines.push(`  ${change.sentence}`);
    if (change.yaml !== "")
      lines.push(
        ...change.yaml
          .trimEnd()
          .split("\n")
          .map((line) => `      ${line}`),
      );
  }
  if (verdict.note !== undefined) lines.push(`note: ${verdict.note}`);
  return { verdict, rules, changes, lines };
}

function reportRules(
  model: ClusterModel,
  flow: Flow,
  direction: Direction,
  because: readonly Because[],
): RuleReport[] {
  const { own } = sidesOf(flow, direction);
  const { subject } = own;
  if (subject === undefined) return [];
  const reports: RuleReport[] = [];
  for (const policy of model.policies) {
    for (const spec of policy.specs.filter((each) => selects(each, subject))) {
      const rules = spec.rules.filter((rule) => rule.direction === direction);
      for (const rule of rules) {
        reports.push(reportRule(model, flow, rule, spec.isAudit, isNamed(because, rule.ref)));
      }
      if (!spec.defaultDeny[direction]) continue;
      const decisive = because.filter((each) => each.effect === "default-deny");
      if (rules.length > 0 && !isNamed(decisive, spec.ref)) continue;
      reports.push(reportDefault(direction, spec.ref, spec.isAudit, isNamed(decisive, spec.ref)));
    }
  }
  return reports;
}

function reportDefault(
  direction: Direction,
  ref: RuleRef,
  isAudit: boolean,
  isDecisive: boolean,
): RuleReport {
  const audit = isAudit ? " (in audit mode: only reported)" : "";
  const sentence = `${refName(ref)}: denies all ${direction} that no rule allows${audit}`;
  const nothing = { matchesPeer: false, matchesPort: false };
  return { direction, ref, effect: "default-deny", isAudit, ...nothing, isDecisive, sentence };
}

function reportRule(
  model: ClusterModel,
  flow: Flow,
  rule: PolicyRule,
  isAudit: boolean,
  isDecisive: boolean,
): RuleReport {
  const { direction, ref, effect } = rule;
  const { own, peer } = sidesOf(flow, direction);
  const names = model.portNames(own, peer);
  const isOfPeer = names !== undefined && matchesPeers(rule, names.peers);
  const ports = names === undefined ? [] : matchingPorts(rule, flow.protocol, flow.port, names);
  const isOfPort = ports === "any" || ports.length > 0;
  const isAsked = flow.request !== undefined && rule.redirect?.l7 !== undefined;
  const isOfRequest =
    isAsked && isOfPeer && isOfPort && flow.request !== undefined && rule.redirect !== undefined
      ? new L7Matcher().allows(rule.redirect, flow.request)
      : undefined;
  const said = saying(rule, flow, isOfPeer, isOfPort, isOfRequest, peer.party.name);
  const audit = isAudit ? " (in audit mode: only reported)" : "";
  return {
    direction,
    ref,
    effect,
    isAudit,
    matchesPeer: isOfPeer,
    matchesPort: isOfPort,
    ...(isOfRequest === undefined ? {} : { matchesRequest: isOfRequest }),
    isDecisive,
    sentence: `${refName(ref)}: ${said}${audit}${isDecisive ? ": this decided" : ""}`,
  };
}

function saying(
  rule: PolicyRule,
  flow: Flow,
  isOfPeer: boolean,
  isOfPort: boolean,
  isOfRequest: boolean | undefined,
  peer: string,
): string {
  const verb = rule.effect === "deny" ? "would deny" : "would allow";
  const who = rule.peers === "any" ? "anybody" : rule.peers.length === 0 ? "nobody" : "other peers";
  if (!isOfPeer && !isOfPort) return `${verb} ${who}, on other ports: says nothing here`;
  if (!isOfPeer) return `${verb} this port to ${who}, and not to ${peer}`;
  if (!isOfPort) return `${verb} ${peer} other ports, and not ${flow.port}`;
  const does = rule.effect === "deny" ? "denies" : "allows";
  if (rule.redirect === undefined) return `${does} ${peer} on port ${flow.port}`;
  if (rule.redirect.isVisibility === true) return `allows ${peer} on port ${flow.port}, names seen`;
  if (flow.request === undefined || isOfRequest === undefined) {
    return `allows ${peer} on port ${flow.port} through a proxy, which looks at each request`;
  }
  const request = describeRequest(flow.request);
  return `allows ${peer} on port ${flow.port}, ${request} ${isOfRequest ? "too" : "not"}`;
}

function directionLine(
  flow: Flow,
  direction: Direction,
  outcome: DirectionVerdict,
  names: { readonly from: string; readonly to: string },
  count: number,
): string {
  const { own } = sidesOf(flow, direction);
  const who = `${direction} of ${direction === "egress" ? names.from : names.to}`;
  if (flow.isSelf) return `${who}: allowed, as what a pod sends to itself meets no policy`;
  if (own.subject === undefined) return `${who}: allowed, as no policy here is about it`;
  if (outcome.outcome === "allowed") {
    return count === 0 ? `${who}: allowed, as no policy selects it` : `${who}: allowed`;
  }
  const reasons = {
    deny: "denied by a rule, which no allow can undo",
    "no-allow": "denied, as no rule allows it",
    redirect: "denied, as no L7 rule allows the request",
    allow: "denied",
  };
  return `${who}: ${reasons[outcome.judgement?.reason ?? "no-allow"]}`;
}

function policyName({ kind, namespace, name }: PolicyRef): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function refName({ policy, path }: RuleRef): string {
  return `${policyName(policy)} ${path}`;
}

/** Whether a rule is among those that decided. Rules go by the path of their entry. */
function isNamed(because: readonly Because[], { policy, path }: RuleRef): boolean {
  return because.some(
    (each) =>
      each.rule === path &&
      each.name === policy.name &&
      each.namespace === policy.namespace &&
      each.kind === policy.kind,
  );
}
