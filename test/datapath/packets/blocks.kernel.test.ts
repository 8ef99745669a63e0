import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Rule } from "../rules.ts";
import { IDENTITY, openWorld, PODS, udp } from "./world.ts";

const BLOCK = 16_777_300;
const TO_BLOCK: Rule = { direction: "egress", identity: BLOCK, cookie: 5 };
const FROM_BLOCK: Rule = { direction: "ingress", identity: BLOCK };
const DEFAULT = "drop policy-denied";

void describe("the second identity of an address", () => {
  const world = openWorld();
  const egress = (rules: readonly Rule[], hasEgressBlocks = true): void => {
    world.state.setPolicy(PODS.a.slot, rules, { hasEgressBlocks });
    world.state.clearFlows();
  };

  test("is looked for where the policy has blocks, and matches as the first does", () => {
    world.state.setBlock("192.0.2.0/28", BLOCK);
    egress([TO_BLOCK]);
    world.sends("a", udp("a:1000", "x:53"), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 2009@0 allowed/-"],
    });
    world.sends("a", udp("a:1000", "w:53"), DEFAULT);
    egress([TO_BLOCK], false);
    world.sends("a", udp("a:1000", "x:53"), DEFAULT);
  });

  test("is each direction's own", () => {
    world.state.setBlock("192.0.2.0/28", BLOCK);
    world.state.setPolicy(PODS.a.slot, [TO_BLOCK, FROM_BLOCK], { hasIngressBlocks: true });
    world.receives("a", udp("x:1000", "a:53"), "continue");
    world.sends("a", udp("a:1001", "x:53"), DEFAULT);
    world.state.setPolicy(PODS.a.slot, [TO_BLOCK, FROM_BLOCK], { hasEgressBlocks: true });
    world.state.clearFlows();
    world.receives("a", udp("x:1000", "a:53"), DEFAULT);
    world.sends("a", udp("a:1001", "x:53"), "continue");
  });

  test("is that of pods too, also of those of this node", () => {
    world.state.setBlock(`${PODS.b.ipv4}/32`, BLOCK);
    world.state.setBlock(`${PODS.b.ipv6}/128`, BLOCK);
    egress([TO_BLOCK]);
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.sends("a", udp("a:1000", "b:53", 6), "redirect");
  });

  test("is of the longest prefix, and of one family", () => {
    world.state.setBlock("192.0.2.0/24", BLOCK);
    world.state.setBlock("192.0.2.9/32", BLOCK + 1);
    world.state.setBlock("::/0", BLOCK);
    egress([TO_BLOCK]);
    world.sends("a", udp("a:1000", "x:53"), DEFAULT);
    world.sends("a", udp("a:1000", "y:53"), "continue");
    world.sends("a", udp("a:1000", "w:53"), DEFAULT);
    world.sends("a", udp("a:1000", "w:53", 6), "continue");
  });

  test("counts beside the first: the higher precedence wins, and of equals the first", () => {
    world.state.setBlock("192.0.2.0/24", BLOCK);
    const first: Rule = { direction: "egress", identity: IDENTITY.x, cookie: 4 };
    const cookieOf = (rules: readonly Rule[]): number | undefined => {
      egress(rules);
      return world.rig.run("from_pod", PODS.a.slot, udp("a:1000", "x:53")).events[0]?.cookie[0];
    };
    assert.equal(cookieOf([first, TO_BLOCK]), 4);
    assert.equal(cookieOf([first, { ...TO_BLOCK, effect: "deny" }]), 5);
    assert.equal(cookieOf([{ ...first, effect: "deny" }, TO_BLOCK]), 4);
    assert.equal(cookieOf([first, { ...TO_BLOCK, precedence: 9 }]), 5);
  });

  test("what is there for any identity is found once", () => {
    world.state.setBlock("192.0.2.0/24", BLOCK);
    egress([{ direction: "egress", protocol: 17, port: 53 }]);
    world.sends("a", udp("a:1000", "x:53"), "continue");
    world.sends("a", udp("a:1000", "x:54"), DEFAULT);
  });
});
