import assert from "node:assert/strict";
import { test } from "node:test";
import { Labels, Selector } from "#identity";
import { PROTOCOL } from "../rule.ts";
import { judge, type Judgement } from "./judge.ts";
import { packRange, unpackPort } from "./port-key.ts";
import { SelectorIndex } from "./selector-index.ts";
import { app, ask, DB, type Draft, HOST, NAME, spec, stateOf, WEB } from "./small-engine.ts";
import type { SubjectState } from "./subject-state.ts";

test("without policies both directions are open, by entries that say so", () => {
  const state = stateOf([]);
  const found = ask(state, WEB);
  assert.equal(found.verdict, "allowed");
  assert.equal(found.origin?.synthetic, "allow-any-egress");
  assert.equal(state.isDefaultDeny("egress"), false);
});

test("default deny names who wanted it; always and never go before policies", () => {
  const deny = spec("deny", []);
  const found = ask(stateOf([deny]), WEB);
  assert.deepEqual([found.verdict, found.reason], ["denied", "no-allow"]);
  assert.deepEqual(found.defaultDenyBy, [deny.ref]);
  assert.equal(ask(stateOf([], { enforcement: "always" }), WEB).verdict, "denied");
  assert.equal(ask(stateOf([deny], { enforcement: "never" }), WEB).verdict, "allowed");
});

test("the pod's own node gets in, unless a rule denies it", () => {
  const ingress = { defaultDeny: { ingress: true, egress: false } };
  const enter = (state: SubjectState): Judgement =>
    judge(state, { direction: "ingress", peers: [HOST], protocol: PROTOCOL.tcp, port: 80 });
  assert.equal(enter(stateOf([spec("p", [], ingress)])).verdict, "allowed");
  assert.equal(
    enter(stateOf([spec("p", [], ingress)], { allowLocalhost: false })).verdict,
    "denied",
  );
  const denied = spec("p", [{ direction: "ingress", effect: "deny" }], ingress);
  assert.equal(enter(stateOf([denied])).verdict, "denied");
});

test("names of ports: the peer's own, the cluster's where all agree, the subject's own", () => {
  const named = (name: string, resolve: "own" | "cluster" | "peer"): Draft => ({
    peers: resolve === "peer" ? [app("web"), app("db")] : [app("web")],
    ports: [{ protocol: PROTOCOL.tcp, port: { name, resolve } }],
  });
  const peer = stateOf([spec("p", [named("http", "peer")])]);
  assert.equal(ask(peer, WEB, 8080).verdict, "allowed");
  assert.equal(ask(peer, WEB, 9090).verdict, "denied");
  assert.equal(ask(peer, DB, 9090).verdict, "allowed");
  assert.equal(ask(stateOf([spec("p", [named("http", "cluster")])]), WEB, 8080).verdict, "denied");
  assert.equal(ask(stateOf([spec("p", [named("own", "own")])]), WEB, 7000).verdict, "allowed");
});

test("a rule with names makes the DNS that is allowed visible, and no other", () => {
  const names: Draft = { peers: [{ kind: "fqdn", pattern: "x.io." }] };
  const state = stateOf([spec("p", [names, { peers: [app("web")] }])]);
  const dns = ask(state, WEB, 53, PROTOCOL.udp);
  assert.deepEqual([dns.verdict, dns.redirect, dns.isVisibility], ["allowed", "dns", true]);
  assert.equal(ask(state, DB, 53, PROTOCOL.udp).verdict, "denied");
  assert.equal(ask(state, WEB, 80).redirect, undefined);
  assert.equal(ask(state, NAME, 443).verdict, "allowed");
});

test("a DNS rule still restricts where a rule with names makes DNS visible", () => {
  const dns: Draft = {
    peers: [app("web")],
    ports: [{ protocol: PROTOCOL.udp, port: { first: 53, last: 53 } }],
    redirect: { l7: { kind: "dns", rules: [{ pattern: "x.io." }] } },
  };
  const state = stateOf([spec("p", [dns, { peers: [{ kind: "fqdn", pattern: "x.io." }] }, {}])]);
  assert.equal(ask(state, WEB, 53, PROTOCOL.udp).isVisibility, false);
  assert.equal(ask(state, DB, 53, PROTOCOL.udp).isVisibility, true);
});

test("a policy in audit mode tells, and changes nothing", () => {
  const audit = { isAudit: true };
  const alone = stateOf([spec("audit", [{ peers: [app("web")] }], audit)]);
  assert.deepEqual([ask(alone, WEB).verdict, ask(alone, WEB).isAudit], ["allowed", false]);
  assert.deepEqual([ask(alone, DB).verdict, ask(alone, DB).isAudit], ["allowed", true]);
  const beside = stateOf([
    spec("audit", [{ peers: [app("web")] }, { effect: "deny", peers: [app("db")] }], audit),
    spec("enforced", [{ peers: [app("db")] }]),
  ]);
  assert.equal(ask(beside, WEB).verdict, "denied");
  assert.deepEqual([ask(beside, DB).verdict, ask(beside, DB).isAudit], ["allowed", true]);
});

test("where all is audited, what is denied passes and is told", () => {
  const found = ask(stateOf([spec("deny", [{ effect: "deny" }])], { isAudit: true }), WEB);
  assert.deepEqual([found.verdict, found.isAudit, found.reason], ["allowed", true, "deny"]);
});

test("authentication: the strictest on one key, the most specific across keys", () => {
  const port = [{ protocol: PROTOCOL.tcp, port: { first: 80, last: 80 } }];
  const state = stateOf([
    spec("p", [
      { peers: [app("web")], authentication: "required" },
      { peers: [app("web")], authentication: "disabled" },
      { ports: port, authentication: "test-always-fail" },
    ]),
  ]);
  assert.equal(ask(state, WEB, 80).authentication, "test-always-fail");
  assert.equal(ask(state, WEB, 81).authentication, "required");
  assert.deepEqual(
    [...state.conflicts()].map(({ code }) => code),
    ["conflict-authentication"],
  );
});

test("cookies are made of what they stand for", () => {
  const policy = spec("p", [{}]);
  const [first, second] = [stateOf([policy]), stateOf([spec("o", [{}]), policy])];
  const cookie = [...first.entries()].find(({ key }) => key.direction === "egress")?.value.cookie;
  assert(cookie !== undefined);
  assert.deepEqual(first.cookies.resolve(cookie)?.allowedBy, [policy.rules[0]?.ref]);
  assert.equal(second.cookies.resolve(cookie), undefined);
  assert.equal(
    [...stateOf([policy]).entries()].find(({ key }) => key.direction === "egress")?.value.cookie,
    cookie,
  );
});

test("a range is the fewest prefixes", () => {
  const texts = packRange(6, 80, 90).map(
    (key) => `${unpackPort(key).port}/${unpackPort(key).portPrefix}`,
  );
  assert.deepEqual(texts, ["80/13", "88/15", "90/16"]);
  assert.deepEqual(
    packRange(6, 0, 65535).map((key) => unpackPort(key).portPrefix),
    [0],
  );
});

test("a selector index finds what each selector would", () => {
  const index = new SelectorIndex<string>();
  index.add(Selector.fromKube({ matchLabels: { app: "web" } }), "web");
  index.add(Selector.fromKube({ matchExpressions: [{ key: "app", operator: "Exists" }] }), "some");
  index.add(
    Selector.fromKube({ matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] }),
    "not",
  );
  index.add(Selector.all, "all");
  assert.deepEqual([...index.match(Labels.parse("k8s:app=web"))].toSorted(), [
    "all",
    "some",
    "web",
  ]);
  assert.deepEqual([...index.match(Labels.parse("k8s:app=db"))].toSorted(), ["all", "not", "some"]);
  index.remove("all");
  assert.deepEqual([...index.match(Labels.empty)], ["not"]);
});
