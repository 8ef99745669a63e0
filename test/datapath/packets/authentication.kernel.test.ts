import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PolicyOptions, Rule } from "../rules.ts";
import { FIRST_TIME_NS, IDENTITY, openWorld, PODS, tcp, udp } from "./world.ts";

const OUT = { direction: "egress" } as const;
const PORT = { ...OUT, protocol: 6, port: 80 } as const;
const NEEDED = "drop authentication-required";

void describe("authentication", () => {
  const world = openWorld();
  const says = (rules: readonly Rule[], verdict: string): void => {
    world.policy("a", rules);
    world.state.clearFlows();
    world.sends("a", tcp("a:1000", "x:80"), verdict);
  };

  test("is asked of the pair of identities, and has an end", () => {
    says([{ ...OUT, authentication: "required" }], NEEDED);
    world.state.authenticate(IDENTITY.x, IDENTITY.a, FIRST_TIME_NS + 1n);
    world.state.authenticate(IDENTITY.a, IDENTITY.b, FIRST_TIME_NS + 1n);
    world.sends("a", tcp("a:1000", "x:80"), {
      verdict: NEEDED,
      events: ["from-endpoint new 1001@11 > 2009@0 denied/-"],
      flows: [],
    });
    world.state.authenticate(IDENTITY.a, IDENTITY.x, FIRST_TIME_NS);
    world.sends("a", tcp("a:1000", "x:80"), NEEDED);
    world.state.authenticate(IDENTITY.a, IDENTITY.x, FIRST_TIME_NS + 1n);
    world.sends("a", tcp("a:1000", "x:80"), "continue");
  });

  test("is asked on the pod's side in ingress too", () => {
    world.policy("b", [{ direction: "ingress", authentication: "required" }]);
    world.sends("a", tcp("a:1000", "b:80"), {
      verdict: NEEDED,
      events: ["from-endpoint new 1001@11 > 1002@12 allowed/denied"],
    });
    world.state.authenticate(IDENTITY.b, IDENTITY.a, 2n ** 63n);
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
  });

  test("that always fails does, proof or none", () => {
    world.state.authenticate(IDENTITY.a, IDENTITY.x, 2n ** 63n);
    says([{ ...OUT, authentication: "fails" }], NEEDED);
  });

  test("is needed for nothing that is denied anyway", () => {
    says([{ ...OUT, effect: "deny", authentication: "required" }], "drop policy-deny");
    says([{ ...OUT, effect: "none", authentication: "required" }], "drop policy-denied");
  });

  const lending: [name: string, rules: Rule[], verdict: string][] = [
    ["one that covers lends", [{ ...OUT, authentication: "required" }, PORT], NEEDED],
    [
      "one that covers lends, though it is below",
      [
        { ...OUT, authentication: "required" },
        { ...PORT, precedence: 9 },
      ],
      NEEDED,
    ],
    [
      "one that says it is not needed is not lent to",
      [
        { ...OUT, authentication: "required" },
        { ...PORT, authentication: "disabled" },
      ],
      "continue",
    ],
    [
      "one that neither covers nor is above lends nothing",
      [
        { ...PORT, authentication: "required" },
        { ...OUT, precedence: 9 },
      ],
      "continue",
    ],
    ["one that is equal lends", [{ ...PORT, authentication: "required" }, OUT], NEEDED],
    [
      "of two lenders, the longer prefix",
      [
        { ...OUT, identity: IDENTITY.x, authentication: "disabled" },
        { ...OUT, protocol: 6, port: 64, portPrefix: 8, authentication: "required" },
        { ...PORT, identity: IDENTITY.x },
      ],
      NEEDED,
    ],
    [
      "of two lenders, the one that says the protocol",
      [
        { ...OUT, identity: IDENTITY.x, authentication: "disabled" },
        { ...OUT, protocol: 6, authentication: "required" },
        { ...PORT, identity: IDENTITY.x },
      ],
      NEEDED,
    ],
    [
      "of two lenders, the one that says the identity",
      [
        { ...OUT, identity: IDENTITY.x, authentication: "required" },
        { ...OUT, authentication: "disabled" },
        { ...PORT, identity: IDENTITY.x },
      ],
      NEEDED,
    ],
    [
      "an entry that says nothing else lends",
      [{ ...OUT, effect: "none", authentication: "required" }, PORT],
      NEEDED,
    ],
  ];
  for (const [name, rules, verdict] of lending) test(name, () => says(rules, verdict));
});

void describe("audit", () => {
  const world = openWorld();
  const policy = (rules: readonly Rule[], options: PolicyOptions = {}): void => {
    world.state.setPolicy(PODS.a.slot, rules, options);
    world.state.raiseEpoch();
  };
  const told = (verdict: string): string[] => [`to-stack new 1001@11 > 2009@0 ${verdict}/-`];

  test("lets pass what policy denies, and tells of it", () => {
    for (const rules of [[], [{ ...OUT, effect: "deny" }]] satisfies Rule[][]) {
      policy(rules, { isAudit: true });
      world.state.clearFlows();
      world.sends("a", udp("a:1000", "x:53"), {
        verdict: "continue",
        events: told("allowed*"),
        flows: ["udp a:1000 > x:53"],
      });
      world.receives("a", udp("x:53", "a:1000"), { verdict: "continue", events: [] });
    }
  });

  test("tells of nothing where policy allows", () => {
    policy([OUT], { isAudit: true });
    world.sends("a", udp("a:1000", "x:53"), { verdict: "continue", events: told("allowed") });
  });

  test("names the entry that would deny", () => {
    policy([{ ...OUT, effect: "deny", cookie: 6 }], { isAudit: true });
    const { events } = world.sends("a", udp("a:1000", "x:53"), "continue");
    assert.deepEqual(events[0]?.cookie, [6, 0]);
  });

  test("lets nothing pass that lacks proof, a proxy or a policy", () => {
    policy([{ ...OUT, authentication: "required" }], { isAudit: true });
    world.sends("a", udp("a:1000", "x:53"), NEEDED);
    policy([{ ...OUT, effect: "redirect" }], { isAudit: true });
    world.sends("a", udp("a:1000", "x:53"), "drop no-proxy");
    world.state.changeEndpoint(PODS.a.slot, { policy: 0 });
    world.sends("a", udp("a:1000", "x:53"), "drop endpoint-not-ready");
  });

  test("of single rules is told beside what decides", () => {
    policy([OUT, { ...OUT, protocol: 17, effect: "none", audit: "deny" }]);
    world.sends("a", udp("a:1000", "x:53"), { verdict: "continue", events: told("allowed*") });
    world.sends("a", tcp("a:1000", "x:53"), { verdict: "continue", events: told("allowed") });
    policy([{ ...OUT, audit: "allow" }]);
    world.sends("a", udp("a:1001", "x:53"), { verdict: "continue", events: told("allowed*") });
    policy([{ ...OUT, audit: "allow" }, PORT]);
    world.sends("a", tcp("a:1001", "x:80"), { verdict: "continue", events: told("allowed") });
    policy([
      { ...OUT, effect: "deny" },
      { ...OUT, protocol: 17, effect: "none", audit: "deny" },
    ]);
    world.sends("a", udp("a:1002", "x:53"), {
      verdict: "drop policy-deny",
      events: ["from-endpoint new 1001@11 > 2009@0 denied/-"],
    });
  });

  test("of one side keeps the other's denial", () => {
    policy([], { isAudit: true });
    world.policy("b", []);
    world.sends("a", udp("a:1000", "b:53"), {
      verdict: "drop policy-denied",
      events: ["from-endpoint new 1001@11 > 1002@12 allowed*/denied"],
    });
  });
});
