/** fromCIDR, toCIDR and the sets: addresses outside the cluster. */
import { Cidr, IpAddress, quote } from "#base";
import { cidrGroupLabels, SOURCE } from "#identity";
import type { CidrRule } from "#kube/types";
import type { PeerSelector } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import { readSelector } from "./scope.ts";

export function readCidrs(
  cidrs: readonly string[],
  path: string,
  context: ImportContext,
): PeerSelector[] {
  return cidrs.flatMap((text, index): PeerSelector[] => {
    const cidr = readCidr(text, `${path}[${index}]`, context);
    return cidr === undefined ? [] : [{ kind: "cidr", cidr, except: [] }];
  });
}

function readCidr(text: string, path: string, context: ImportContext): Cidr | undefined {
  const cidr = Cidr.tryParse(text);
  if (cidr !== undefined) return cidr;
  const address = IpAddress.tryParse(text);
  if (address === undefined) {
    reportBad(text, path, context);
    return undefined;
  }
  const alone = Cidr.of(address);
  const what = `${text} is taken for ${alone.key}; Cilium's API server refuses addresses without a length`;
  context.report.note("bare-address", path, what);
  return alone;
}

function reportBad(text: string, path: string, context: ImportContext): void {
  const what = `${quote(text)} is no CIDR: write one such as 10.0.0.0/8 or fd00::/64`;
  context.report.error("bad-cidr", path, what);
}

export function readCidrSet(
  rules: readonly CidrRule[],
  path: string,
  context: ImportContext,
): PeerSelector[] {
  // A group asked for twice in the same way is expanded once.
  const expanded = new Set<string>();
  return rules.flatMap((rule, index) => readCidrRule(rule, `${path}[${index}]`, context, expanded));
}

function readCidrRule(
  rule: CidrRule,
  path: string,
  context: ImportContext,
  expanded: Set<string>,
): PeerSelector[] {
  const { cidr = "", cidrGroupRef = "", cidrGroupSelector } = rule;
  const given = [cidr !== "", cidrGroupRef !== "", cidrGroupSelector !== undefined];
  if (given.filter(Boolean).length !== 1) {
    const names = "cidr, cidrGroupRef and cidrGroupSelector";
    context.report.error("cidr-rule", path, `needs exactly one of ${names}: write one for each`);
    return [];
  }
  if (cidr !== "") return readPrefix(cidr, rule.except ?? [], path, context);
  const except = readExcepts(rule.except ?? [], path, context);
  const groups = groupsOf(rule, path, context);
  return groups.flatMap((name) => {
    const key = [name, ...except].join(" ");
    if (expanded.has(key)) return [];
    expanded.add(key);
    return expandGroup(name, except, path, context);
  });
}

function readPrefix(
  text: string,
  excepts: readonly string[],
  path: string,
  context: ImportContext,
): PeerSelector[] {
  const cidr = Cidr.tryParse(text);
  const except = readExcepts(excepts, path, context);
  if (cidr === undefined) {
    reportBad(text, `${path}.cidr`, context);
    return [];
  }
  for (const [index, each] of excepts.entries()) {
    // As written: an except wider than the CIDR has its address inside, and leaves nothing.
    const address = IpAddress.tryParse(each.split("/", 1)[0] ?? "");
    if (address === undefined || cidr.contains(address)) continue;
    const what = `${quote(each)} lies outside ${cidr.key}: it can only except what the CIDR has`;
    context.report.error("bad-except", `${path}.except[${index}]`, what);
  }
  return [{ kind: "cidr", cidr, except }];
}

function readExcepts(texts: readonly string[], path: string, context: ImportContext): Cidr[] {
  return texts.flatMap((text, index) => {
    const cidr = Cidr.tryParse(text);
    if (cidr === undefined) reportBad(text, `${path}.except[${index}]`, context);
    return cidr === undefined ? [] : [cidr];
  });
}

/** Names of the groups that a rule means. */
function groupsOf(rule: CidrRule, path: string, context: ImportContext): string[] {
  const { facts, report } = context;
  const name = rule.cidrGroupRef ?? "";
  if (name !== "") {
    if (facts.cidrGroups.has(name)) return [name];
    const what = `there is no CiliumCIDRGroup ${quote(name)}: selects nobody until there is one`;
    report.warning("cidr-group-unknown", `${path}.cidrGroupRef`, what);
    return [];
  }
  const at = `${path}.cidrGroupSelector`;
  const selector = readSelector(rule.cidrGroupSelector ?? {}, at, report, {
    source: SOURCE.cidrGroup,
  });
  if (selector === undefined) return [];
  const found = [...facts.cidrGroups].filter(([group, { labels }]) =>
    selector.matches(cidrGroupLabels(group, labels)),
  );
  if (found.length === 0) {
    const what = "no CiliumCIDRGroup has these labels: selects nobody until one has";
    report.warning("cidr-group-unknown", at, what);
  }
  return found.map(([group]) => group);
}

function expandGroup(
  name: string,
  except: readonly Cidr[],
  path: string,
  context: ImportContext,
): PeerSelector[] {
  const texts = context.facts.cidrGroups.get(name)?.cidrs ?? [];
  let bad: string | undefined;
  const peers = texts.flatMap((text): PeerSelector[] => {
    const cidr = Cidr.tryParse(text);
    if (cidr === undefined) bad ??= text;
    return cidr === undefined ? [] : [{ kind: "cidr", cidr, except }];
  });
  if (bad !== undefined) {
    const what = `CiliumCIDRGroup ${quote(name)} has ${quote(bad)}, which is no CIDR and is left out`;
    context.report.warning("cidr-group-invalid", path, what);
  }
  return peers;
}
