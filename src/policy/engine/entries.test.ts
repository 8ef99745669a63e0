/** Which entries rules become, and how judging folds those that one packet matches. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Labels } from "#identity";
import { PROTOCOL } from "../rule.ts";
import { judge } from "./judge.ts";
import {
  app,
  ask,
  DB,
  type Draft,
  engineOf,
  entryTexts,
  HOST,
  NAME,
  spec,
  stateIn,
  stateOf,
  tcp,
  WEB,
} from "./small-engine.ts";
import type { SubjectState } from "./subject-state.ts";

const HTTP = { redirect: { l7: { kind: "http", rules: [] } } } as const;
const stateWith = (...drafts: Draft[]): SubjectState => stateOf([spec("p", drafts)]);
const egress = (...drafts: Draft[]): string[] => entryTexts(stateWith(...drafts), "egress");
const NOBODY_DENIES = { defaultDeny: { ingress: false, egress: false } };

test("a rule for everybody is one entry without an identity", () => {
  assert.deepEqual(egress(tcp(80)), ["0 6 80/16 allow"]);
});

test("a rule without ports is an entry without protocol and port", () => {
  assert.deepEqual(egress({}), ["0 0 0/0 allow"]);
  assert.deepEqual(egress({ peers: [app("web")] }), [`${WEB} 0 0/0 allow`]);
});

test("a rule for peers is an entry for each identity that matches, none where nobody does", () => {
  const peers = [app("web"), app("db")];
  assert.deepEqual(egress({ peers, ...tcp(80) }), [`${WEB} 6 80/16 allow`, `${DB} 6 80/16 allow`]);
  assert.deepEqual(egress({ peers: [app("nobody")] }), []);
  assert.deepEqual(egress({ peers: [] }), []);
  assert.deepEqual(egress({ ports: [] }), []);
});

test("a range of ports is as many entries as it has prefixes", () => {
  assert.deepEqual(egress(tcp(80, 90)), ["0 6 80/13 allow", "0 6 88/15 allow", "0 6 90/16 allow"]);
  assert.deepEqual(egress(tcp(0, 65_535)), ["0 6 0/0 allow"]);
});

test("an ICMP type is a port of ICMP", () => {
  const ports = [{ protocol: PROTOCOL.icmp, port: { first: 8, last: 8 } }];
  assert.deepEqual(egress({ ports }), ["0 1 8/16 allow"]);
  const state = stateWith({ ports });
  assert.equal(ask(state, WEB, 8, PROTOCOL.icmp).verdict, "allowed");
  assert.equal(ask(state, WEB, 0, PROTOCOL.icmp).verdict, "denied");
  assert.equal(ask(state, WEB, 8).verdict, "denied");
});

test("rules that share a key are one entry, and its cookie names them all", () => {
  const [first, second] = [
    spec("p", [tcp(80)]),
    spec("q", [tcp(80), { effect: "deny", ...tcp(80) }]),
  ];
  const state = stateOf([first, second]);
  assert.deepEqual(entryTexts(state, "egress"), ["0 6 80/16 deny"]);
  const { origin } = ask(state, WEB);
  assert.deepEqual(origin?.allowedBy, [first.rules[0]?.ref, second.rules[0]?.ref]);
  assert.deepEqual(origin?.deniedBy, [second.rules[1]?.ref]);
});

test("default deny is the absence of entries; without it one entry allows the rest", () => {
  assert.deepEqual(egress(), []);
  const open = stateOf([spec("p", [{ effect: "deny", peers: [app("web")] }], NOBODY_DENIES)]);
  assert.deepEqual(entryTexts(open, "egress"), ["0 0 0/0 allow", `${WEB} 0 0/0 deny`]);
  assert.deepEqual([ask(open, WEB).verdict, ask(open, DB).verdict], ["denied", "allowed"]);
  assert.equal(ask(open, 4711).verdict, "allowed", "also for identities that nobody knows yet");
});

test("each direction denies by default on its own", () => {
  const state = stateOf([spec("p", [])]);
  assert.deepEqual([state.isDefaultDeny("ingress"), state.isDefaultDeny("egress")], [false, true]);
  assert.deepEqual(entryTexts(state, "ingress"), ["0 0 0/0 allow", `${HOST} 0 0/0 allow`]);
});

test("what has no labels yet is denied by default until it has", () => {
  const init = stateOf([], {}, { labels: Labels.parse("reserved:init") });
  assert.equal(ask(init, WEB).verdict, "denied");
  assert.deepEqual(init.defaultDenyBy("egress"), []);
});

test("a node has no entry for the host, and policies of pods do not select it", () => {
  const denying = spec("p", [{ direction: "ingress", effect: "deny" }]);
  const node = stateOf([denying], {}, { kind: "node" });
  assert.deepEqual(entryTexts(node, "ingress"), ["0 0 0/0 allow"]);
});

test("a deny wins wherever it stands: wider or narrower, of one peer or of all", () => {
  const web = { peers: [app("web")] };
  const rules: readonly [allow: Draft, deny: Draft][] = [
    [{ ...web, ...tcp(80) }, {}],
    [{ ...web, ...tcp(80) }, tcp(0, 65_535)],
    [{ ...web, ...tcp(80) }, tcp(64, 127)],
    [{ ...web, ...tcp(80) }, web],
    [{ ...web, ...tcp(80), ...HTTP }, {}],
    [
      { ...tcp(0, 65_535), ...HTTP },
      { ...web, ...tcp(80) },
    ],
    [{}, { ...web, ...tcp(80) }],
    [web, tcp(80)],
    [tcp(80), tcp(80)],
  ];
  for (const [allow, deny] of rules) {
    const state = stateWith(allow, { ...deny, effect: "deny" });
    const { verdict, reason } = ask(state, WEB);
    assert.deepEqual([verdict, reason], ["denied", "deny"], JSON.stringify([allow, deny]));
  }
});

test("a deny reaches no other peer, port or protocol than it names", () => {
  const state = stateWith({}, { effect: "deny", peers: [app("web")], ...tcp(80) });
  assert.equal(ask(state, WEB, 80).verdict, "denied");
  assert.equal(ask(state, WEB, 81).verdict, "allowed");
  assert.equal(ask(state, WEB, 80, PROTOCOL.udp).verdict, "allowed");
  assert.equal(ask(state, DB, 80).verdict, "allowed");
});

test("a redirect wins over allows, wider or narrower, of one peer or of all", () => {
  const web = { peers: [app("web")] };
  const rules: readonly [redirect: Draft, allow: Draft][] = [
    [{ ...web, ...tcp(80) }, tcp(80)],
    [{ ...web, ...tcp(80) }, web],
    [{ ...web, ...tcp(80) }, {}],
    [tcp(80), { ...web, ...tcp(80) }],
    [tcp(64, 127), { ...web, ...tcp(80) }],
  ];
  for (const [redirect, allow] of rules) {
    const state = stateWith({ ...redirect, ...HTTP }, allow);
    assert.equal(ask(state, WEB).redirect, "http", JSON.stringify([redirect, allow]));
  }
  const one = stateWith({ ...web, ...tcp(80), ...HTTP }, {});
  assert.equal(ask(one, DB).redirect, undefined);
  assert.equal(ask(one, WEB, 81).redirect, undefined);
});

test("of two redirects that a packet matches, the lower priority number takes it", () => {
  const to = (priority: number): Draft => ({
    redirect: { listener: { name: "l", config: "c", priority } },
  });
  const web = { peers: [app("web")], ...tcp(80) };
  for (const [narrow, wide] of [
    [7, 8],
    [8, 7],
  ] as const) {
    const state = stateWith({ ...web, ...to(narrow) }, { ...tcp(0, 65_535), ...to(wide) });
    assert.equal(ask(state, WEB).entry?.value.listenerPriority, 7);
  }
  const beside = stateWith({ ...web, ...HTTP }, { ...tcp(80), ...to(50) });
  assert.equal(ask(beside, WEB).redirect, "listener");
  const after = stateWith({ ...web, ...HTTP }, { ...tcp(80), ...to(126) });
  assert.equal(ask(after, WEB).redirect, "http");
});

test("of entries that say the same, the most specific is the one named", () => {
  const state = stateWith(
    {},
    tcp(80),
    { peers: [app("web")] },
    { peers: [app("web")], ...tcp(80) },
  );
  assert.deepEqual(ask(state, WEB).entry?.key, {
    direction: "egress",
    identity: WEB,
    protocol: PROTOCOL.tcp,
    port: 80,
    portPrefix: 16,
  });
  assert.equal(ask(state, DB).entry?.key.portPrefix, 16);
  assert.deepEqual(
    [ask(state, DB, 81).entry?.key.identity, ask(state, WEB, 81).entry?.key.identity],
    [0, WEB],
  );
});

test("an address with two identities gets what rules say of either, and a deny wins", () => {
  const both = (state: SubjectState): string =>
    judge(state, { direction: "egress", peers: [WEB, DB], protocol: PROTOCOL.tcp, port: 80 })
      .verdict;
  assert.equal(both(stateWith({ peers: [app("db")] })), "allowed");
  assert.equal(
    both(stateWith({ peers: [app("web")] }, { effect: "deny", peers: [app("db")] })),
    "denied",
  );
});

test("authentication comes from what covers the deciding entry, not from what it beats aside", () => {
  const web = { peers: [app("web")] };
  const covering = stateWith(
    { ...web, ...tcp(80), ...HTTP },
    { ...web, authentication: "required" },
  );
  assert.equal(ask(covering, WEB).authentication, "required");
  const beaten = stateWith(
    { ...tcp(0, 65_535), ...HTTP },
    { ...web, ...tcp(80), authentication: "required" },
  );
  assert.equal(ask(beaten, WEB).redirect, "http");
  assert.equal(ask(beaten, WEB).authentication, undefined);
  const exempt = stateWith({ authentication: "required" }, { ...web, authentication: "disabled" });
  assert.equal(ask(exempt, WEB).authentication, "disabled");
  assert.equal(ask(exempt, DB).authentication, "required");
});

test("a name of a port follows the cluster: open while all agree, shut while they do not", () => {
  const ports = [{ protocol: PROTOCOL.tcp, port: { name: "api", resolve: "cluster" } }] as const;
  const engine = engineOf([spec("p", [{ ports }])]);
  const verdict = (port: number): string => ask(stateIn(engine), NAME, port).verdict;
  const give = (id: number, port: number): void => {
    const labels = Labels.parse(`k8s:app=a${id}`);
    engine.upsertIdentity({ id, labels, namedPorts: new Map([["api/TCP", port]]) });
    engine.commit();
  };
  assert.equal(verdict(6443), "denied");
  give(400, 6443);
  assert.equal(verdict(6443), "allowed", "for every peer, the world too");
  give(401, 6444);
  assert.deepEqual([verdict(6443), verdict(6444)], ["denied", "denied"]);
  engine.removeIdentity(400);
  engine.commit();
  assert.deepEqual([verdict(6443), verdict(6444)], ["denied", "allowed"]);
});
