/** What proxies are to decide: rules for HTTP, DNS, Kafka and parsers of other protocols. */
import { escapeControls, quote } from "#base";
import { fqdnFault, normaliseFqdn } from "#identity";
import type { FqdnSelector, HttpRuleSpec, L7RulesSpec } from "#kube/types";
import { httpPatternError } from "../l7/http.ts";
import type { DnsRule, HttpHeaderMatch, HttpRule, L7Rules } from "../rule.ts";
import type { ImportContext } from "./context.ts";
import { readKafkaRule } from "./kafka.ts";

/** The longest regular expression that is looked at. */
const MAX_PATTERN_CHARACTERS = 4_096;
const MAX_REASON_CHARACTERS = 120;
const ENGINE_PREFIX = "error parsing regexp: ";

const MISMATCH = ["LOG", "ADD", "DELETE", "REPLACE"] as const;

/** A name, then perhaps a colon, and a value after it. */
const HEADER = /^(:?[^\s:]+):?(?:\s+(.*))?$/su;

/** How many rules there are of any kind; without one, nothing is for a proxy to decide. */
export function countL7(rules: L7RulesSpec | undefined): number {
  if (rules === undefined) return 0;
  const { http, kafka, dns, l7 } = rules;
  return (http?.length ?? 0) + (kafka?.length ?? 0) + (dns?.length ?? 0) + (l7?.length ?? 0);
}

/** Of rules that are not empty. */
export function readL7(
  rules: L7RulesSpec,
  path: string,
  context: ImportContext,
): L7Rules | undefined {
  const { http, kafka, dns, l7proto = "", l7 } = rules;
  const kinds = kindsOf(rules);
  if (kinds.length > 1) {
    const what = `mixes ${kinds.join(" and ")}: one proxy reads a port, so write a toPorts for each`;
    context.report.error("several-l7-kinds", path, what);
    return undefined;
  }
  if (l7 !== undefined && l7proto === "") {
    const what = "needs l7proto beside it, the name of the parser that is to read these";
    context.report.error("l7-without-proto", `${path}.l7`, what);
    return undefined;
  }
  if (http !== undefined) {
    const read = http.map((rule, index) => readHttpRule(rule, `${path}.http[${index}]`, context));
    return { kind: "http", rules: read };
  }
  if (kafka !== undefined) {
    const read = kafka.map((rule, index) =>
      readKafkaRule(rule, `${path}.kafka[${index}]`, context),
    );
    return { kind: "kafka", rules: read };
  }
  if (dns !== undefined) {
    const read = dns.flatMap((rule, index) => readDnsRule(rule, `${path}.dns[${index}]`, context));
    return { kind: "dns", rules: read };
  }
  return readGeneric(l7proto, l7 ?? [], path, context);
}

function kindsOf(rules: L7RulesSpec): string[] {
  const kinds: string[] = [];
  if (rules.http !== undefined) kinds.push("http");
  if (rules.kafka !== undefined) kinds.push("kafka");
  if (rules.dns !== undefined) kinds.push("dns");
  if (rules.l7proto) kinds.push("l7proto");
  return kinds;
}

function readGeneric(
  parser: string,
  rules: readonly Readonly<Record<string, string>>[],
  path: string,
  context: ImportContext,
): L7Rules {
  for (const [index, rule] of rules.entries()) {
    if (!Object.hasOwn(rule, "")) continue;
    const what = "has an empty key: every rule is a field's name and value";
    context.report.error("empty-l7-key", `${path}.l7[${index}]`, what);
  }
  // The parser alone restricts nothing.
  return { kind: "generic", parser, rules: rules.length === 0 ? [{}] : rules };
}

function readHttpRule(rule: HttpRuleSpec, path: string, context: ImportContext): HttpRule {
  const patterns: { path?: string; method?: string; host?: string } = {};
  for (const field of ["path", "method", "host"] as const) {
    const pattern = rule[field] ?? "";
    if (pattern === "") continue;
    checkPattern(pattern, `${path}.${field}`, context);
    patterns[field] = pattern;
  }
  const headers = (rule.headers ?? []).map((text, index) =>
    readHeader(text, `${path}.headers[${index}]`, context),
  );
  const matches = (rule.headerMatches ?? []).map((match, index) =>
    readHeaderMatch(match, `${path}.headerMatches[${index}]`, context),
  );
  return { ...patterns, headers: [...headers, ...matches] };
}

function checkPattern(pattern: string, path: string, { report }: ImportContext): void {
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    const what = `has ${pattern.length} characters; ${MAX_PATTERN_CHARACTERS} are the most for a regular expression`;
    report.error("bad-regex", path, what);
    return;
  }
  const fault = httpPatternError(pattern);
  if (fault === undefined) return;
  const reason = escapeControls(fault.replace(ENGINE_PREFIX, "").slice(0, MAX_REASON_CHARACTERS));
  const what = `${quote(pattern)} is no regular expression of RE2's syntax: ${reason}`;
  report.error("bad-regex", path, what);
}

function readHeader(text: string, path: string, { report }: ImportContext): HttpHeaderMatch {
  const found = HEADER.exec(text.trim()) ?? splitAtColon(text.trim());
  const name = found?.[1] ?? "";
  const value = found?.[2] ?? "";
  if (name === "") {
    const what = `${quote(text)} names no header, and so never matches: write 'Name' or 'Name: value'`;
    report.warning("empty-header", path, what);
  }
  return { name, ...(value === "" ? {} : { value }) };
}

/** `Name:value`, with nothing between. */
function splitAtColon(text: string): readonly string[] | undefined {
  const colon = text.indexOf(":", 1);
  return colon < 0 ? undefined : [text, text.slice(0, colon), text.slice(colon + 1).trim()];
}

type HeaderMatchSpec = NonNullable<HttpRuleSpec["headerMatches"]>[number];

function readHeaderMatch(
  match: HeaderMatchSpec,
  path: string,
  { policy, report }: ImportContext,
): HttpHeaderMatch {
  const { name, value = "", secret } = match;
  const mismatch = MISMATCH.find((each) => each === match.mismatch);
  if (name === "") report.error("header-name-missing", path, "names no header: give a name");
  if (match.mismatch && mismatch === undefined) {
    const what = `${quote(match.mismatch)} is nothing to do on a mismatch: write ${MISMATCH.join(", ")}, or leave it out to refuse the request`;
    report.error("bad-mismatch", `${path}.mismatch`, what);
  }
  if (secret !== undefined && !secret.name) {
    report.error("secret-name-missing", `${path}.secret`, "names no secret: give its name");
  }
  return {
    name,
    ...(value === "" ? {} : { value }),
    ...(mismatch === undefined ? {} : { mismatch }),
    ...(secret === undefined
      ? {}
      : { secret: { namespace: secret.namespace ?? policy.namespace, name: secret.name } }),
  };
}

/** A rule with both a name and a pattern allows either. */
function readDnsRule(rule: FqdnSelector, path: string, context: ImportContext): DnsRule[] {
  return readNames(rule, path, context).map((pattern) => ({ pattern }));
}

/** The names and patterns of a selector, normalised. */
export function readNames(rule: FqdnSelector, path: string, context: ImportContext): string[] {
  const { matchName = "", matchPattern = "" } = rule;
  const names: string[] = [];
  const add = (text: string, field: string, kind: "name" | "pattern"): void => {
    if (text === "") return;
    const fault = fqdnFault(text, kind);
    if (fault === undefined) names.push(normaliseFqdn(text));
    else context.report.error("bad-fqdn", `${path}.${field}`, `${quote(text)} ${fault}`);
  };
  add(matchName, "matchName", "name");
  add(matchPattern, "matchPattern", "pattern");
  if (matchName === "" && matchPattern === "") {
    const what = "names nothing, and so selects nothing: give matchName or matchPattern";
    context.report.warning("fqdn-empty", path, what);
  }
  return names;
}
