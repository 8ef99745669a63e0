/** Cookies: what they stand for, and when it is forgotten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Origin } from "../map-state.ts";
import { type ImportedPolicy, PROTOCOL, type RuleRef } from "../rule.ts";
import { CookieTable } from "./cookies.ts";
import { app, ask, engineOf, spec, stateIn, WEB } from "./small-engine.ts";

const SWEEP_FROM = 4_096;

function ref(path: string): RuleRef {
  const policy = { kind: "CiliumNetworkPolicy" as const, namespace: "shop", name: "p" };
  return { policy, path };
}

function origin(...allowedBy: string[]): Origin {
  return { deniedBy: [], allowedBy: allowedBy.map(ref), auditedBy: [] };
}

test("a cookie does not depend on the order of rules, nor on what was met before", () => {
  const one = new CookieTable();
  const other = new CookieTable();
  for (let at = 0; at < 100; at++) other.intern(origin(`rules[${at}]`));
  const cookie = one.intern(origin("a", "b"));
  assert.equal(other.intern(origin("b", "a", "b")), cookie);
  assert.deepEqual(one.resolve(cookie), origin("a", "b"));
  assert.equal(one.size, 1);
});

test("rules that allow, deny or are audited have different cookies; none of them is 0", () => {
  const table = new CookieTable();
  const none: Origin = { deniedBy: [], allowedBy: [], auditedBy: [] };
  const cookies = [
    table.intern({ ...none, allowedBy: [ref("a")] }),
    table.intern({ ...none, deniedBy: [ref("a")] }),
    table.intern({ ...none, auditedBy: [ref("a")] }),
    table.intern({ ...none, synthetic: "allow-any-egress" }),
  ];
  assert.equal(new Set([0, ...cookies]).size, 5);
  assert.equal(table.resolve(0), undefined);
});

test("a sweep forgets only what was unused at the sweep before, too", () => {
  const table = new CookieTable();
  const [kept, gone] = [table.intern(origin("kept")), table.intern(origin("gone"))];
  table.sweep(new Set([kept]));
  assert.deepEqual(table.resolve(gone), origin("gone"), "events may still name it");
  table.sweep(new Set([kept]));
  assert.equal(table.resolve(gone), undefined);
  assert.deepEqual(table.resolve(kept), origin("kept"));
  assert.equal(table.size, 1);
});

test("what is used again after a sweep starts anew, be it interned or told to be in use", () => {
  const table = new CookieTable();
  const [interned, used] = [table.intern(origin("interned")), table.intern(origin("used"))];
  table.sweep(new Set());
  assert.equal(table.intern(origin("interned")), interned);
  table.sweep(new Set([used]));
  assert.deepEqual(
    [table.resolve(interned), table.resolve(used)],
    [origin("interned"), origin("used")],
  );
  table.sweep(new Set());
  assert.deepEqual([table.resolve(interned), table.resolve(used)], [undefined, origin("used")]);
});

test("what was forgotten has its old cookie when it comes back", () => {
  const table = new CookieTable();
  const cookie = table.intern(origin("a"));
  table.sweep(new Set());
  table.sweep(new Set());
  assert.equal(table.size, 0);
  assert.equal(table.intern(origin("a")), cookie);
});

test("a sweep is due from a number of origins on, and then when they have doubled", () => {
  const table = new CookieTable();
  const used = new Set<number>();
  const fill = (count: number): void => {
    for (let at = table.size; at < count; at++) used.add(table.intern(origin(`rules[${at}]`)));
  };
  fill(SWEEP_FROM - 1);
  assert.equal(table.isSweepDue, false);
  fill(SWEEP_FROM);
  assert.equal(table.isSweepDue, true);
  table.sweep(used);
  assert.equal(table.isSweepDue, false);
  fill(2 * SWEEP_FROM - 1);
  assert.equal(table.isSweepDue, false);
  fill(2 * SWEEP_FROM);
  assert.equal(table.isSweepDue, true);
  table.sweep(new Set());
  table.sweep(new Set());
  assert.equal(table.size, 0);
  fill(SWEEP_FROM - 1);
  assert.equal(table.isSweepDue, false, "what is small again is left alone again");
});

/** A policy with so many rules that a few of its kind make a sweep due. */
function churn(round: number): ImportedPolicy {
  const { ref: of, ...one } = spec(
    "churn",
    Array.from({ length: 1_024 }, (_, at) => ({
      effect: "deny" as const,
      ports: [{ protocol: PROTOCOL.udp, port: { first: at, last: at } }],
    })),
  );
  const rules = one.rules.map((rule, at) => ({ ...rule, ref: ref(`${round}.${at}`) }));
  return { ref: of.policy, specs: [{ ref: of, ...one, rules }], findings: [] };
}

test("an engine forgets rules that went, and keeps every cookie that entries have", () => {
  const engine = engineOf([spec("kept", [{ peers: [app("web")] }])]);
  const cookieAt = (port: number, protocol: number): number =>
    ask(stateIn(engine), WEB, port, protocol).entry?.value.cookie ?? 0;
  const put = (policy: ImportedPolicy): void => {
    engine.upsertPolicy(policy);
    engine.commit();
    const cookies = [...stateIn(engine).entries()].map(({ value }) => value.cookie);
    assert.ok(cookies.every((cookie) => engine.cookies.resolve(cookie) !== undefined));
  };
  const kept = cookieAt(80, PROTOCOL.tcp);
  const first = churn(0);
  put(first);
  const gone = cookieAt(5, PROTOCOL.udp);
  assert.deepEqual(engine.cookies.resolve(gone)?.deniedBy, [ref("0.5")]);
  // Each takes the place of the one before.
  for (let round = 1; round < 16; round++) put(churn(round));
  assert.equal(engine.cookies.resolve(gone), undefined);
  assert.equal(cookieAt(80, PROTOCOL.tcp), kept);
  // The very rules of which the engine once made values that were forgotten since.
  put(first);
  assert.equal(cookieAt(5, PROTOCOL.udp), gone);
  assert.deepEqual(engine.cookies.resolve(gone)?.deniedBy, [ref("0.5")]);
});
