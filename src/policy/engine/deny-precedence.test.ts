/** Who wins among rules that share a key: the table of precedence itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PolicyRule, Redirect } from "../rule.ts";
import { comparePrecedence, mergeStatements, type Statement } from "./deny-precedence.ts";
import { auditStatement, ruleStatement, syntheticStatement, visibleDns } from "./statement.ts";

function rule(more: Partial<PolicyRule> = {}): PolicyRule {
  const policy = { kind: "CiliumNetworkPolicy" as const, namespace: "default", name: "p" };
  const ref = { policy, path: "spec.egress[0]" };
  return { ref, direction: "egress", effect: "allow", peers: "any", ports: "any", ...more };
}

const said = (more: Partial<PolicyRule> = {}): Statement => ruleStatement(rule(more));
const redirect = (to: Redirect): Statement => said({ redirect: to });
const listener = (priority: number): Statement =>
  redirect({ listener: { name: "l", config: "c", priority } });

const ALLOW = said();
const DENY = said({ effect: "deny" });
const HTTP = redirect({ l7: { kind: "http", rules: [] } });
const DNS = redirect({ l7: { kind: "dns", rules: [] } });

/** The first of two wins, whichever is named first. */
function assertWins(winner: Statement, loser: Statement, why?: string): void {
  assert.ok(comparePrecedence(winner, loser) < 0, why);
  assert.ok(comparePrecedence(loser, winner) > 0, why);
  for (const both of [
    [winner, loser],
    [loser, winner],
  ]) {
    const { effect, listener: kind } = mergeStatements(both);
    assert.deepEqual([effect, kind], [winner.effect, winner.listener], why);
  }
}

test("deny wins over a redirect, a redirect over an allow, an allow over nothing", () => {
  assertWins(DENY, HTTP);
  assertWins(DENY, ALLOW);
  assertWins(HTTP, ALLOW);
  const nothing = auditStatement(rule({ effect: "deny" }), false);
  assert.ok(nothing);
  assertWins(ALLOW, nothing);
});

test("a deny wins over the redirect of highest priority", () => {
  assertWins(DENY, listener(1));
});

test("among redirects the lowest priority number wins", () => {
  assertWins(listener(1), listener(2));
  assertWins(listener(100), HTTP);
});

test("redirects that name no priority rank http, kafka, generic, tls, dns, listener", () => {
  const ranked = [
    HTTP,
    redirect({ l7: { kind: "kafka", rules: [] } }),
    redirect({ l7: { kind: "generic", parser: "r2d2", rules: [] } }),
    redirect({ serverNames: ["x.io"] }),
    DNS,
    listener(126),
  ];
  const priorities = ranked.map(({ listenerPriority }) => listenerPriority);
  assert.deepEqual(priorities, [101, 106, 111, 116, 121, 126]);
  for (const [at, winner] of ranked.entries()) {
    for (const loser of ranked.slice(at + 1)) assertWins(winner, loser);
  }
});

test("TLS that is terminated is for the proxy too; rules for requests inside name the kind", () => {
  const tls = { secret: { namespace: "shop", name: "s" } };
  assert.equal(redirect({ terminatingTls: tls }).listener, "tls");
  assert.equal(redirect({ originatingTls: tls }).listener, "tls");
  const http = redirect({ terminatingTls: tls, l7: { kind: "http", rules: [] } });
  assert.equal(http.listener, "http");
});

test("a redirect that refuses nothing loses to one of its priority that may", () => {
  assertWins(DNS, visibleDns(ALLOW));
  assert.equal(mergeStatements([DNS, visibleDns(ALLOW)]).isVisibility, undefined);
  assert.equal(mergeStatements([visibleDns(ALLOW), ALLOW]).isVisibility, true);
});

test("only a redirect has a listener and a priority", () => {
  for (const merged of [mergeStatements([DENY, HTTP]), mergeStatements([ALLOW])]) {
    assert.deepEqual([merged.listener, merged.listenerPriority], [undefined, undefined]);
  }
  assert.equal(mergeStatements([ALLOW, HTTP]).listenerPriority, 101);
});

test("authentication on one key: the strictest, whoever of those that allow asks for it", () => {
  const asking = (authentication: PolicyRule["authentication"]): Statement =>
    said(authentication === undefined ? {} : { authentication });
  const [none, off, on, fail] = (
    [undefined, "disabled", "required", "test-always-fail"] as const
  ).map(asking);
  assert.ok(none && off && on && fail);
  const merged = (...all: Statement[]): unknown => mergeStatements(all).authentication;
  assert.equal(merged(none), undefined);
  assert.equal(merged(none, off), "disabled");
  assert.equal(merged(on, off, none), "required");
  assert.equal(merged(off, fail, on), "test-always-fail");
  assert.equal(merged(HTTP, on), "required", "also where another rule redirects");
  assert.equal(merged(DENY, on), undefined, "what is denied needs no proof");
});

test("what a policy in audit mode denies is told, and denies nothing", () => {
  const audited = auditStatement(rule({ effect: "deny" }), false);
  assert.ok(audited);
  const { effect, isAuditDeny } = mergeStatements([ALLOW, audited]);
  assert.deepEqual([effect, isAuditDeny], ["allow", true]);
  assert.equal(mergeStatements([audited]).effect, "none");
});

test("what a policy in audit mode allows counts only where nothing else denies by default", () => {
  assert.equal(auditStatement(rule(), false), undefined);
  assert.equal(auditStatement(rule(), true)?.effect, "allow");
});

test("an allow made up for audit mode gives way to one that a rule asked for", () => {
  const madeUp = syntheticStatement("allow-any-egress", true);
  assertWins(ALLOW, madeUp);
  assert.equal(mergeStatements([madeUp]).isAuditAllow, true);
  assert.equal(mergeStatements([madeUp, ALLOW]).isAuditAllow, false);
  assert.equal(mergeStatements([madeUp, HTTP]).isAuditAllow, false);
  assert.equal(mergeStatements([madeUp, DENY]).isAuditAllow, false, "a deny is no allow");
});
