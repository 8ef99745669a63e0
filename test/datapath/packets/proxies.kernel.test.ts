import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Rule } from "../rules.ts";
import { openWorld, tcp, UPLINK } from "./world.ts";

const PROXY = 15_001;
const OTHER_PROXY = 0xfffe;
const redirect = (direction: Rule["direction"], proxyPort = PROXY): Rule => ({
  direction,
  protocol: 6,
  port: 80,
  effect: "redirect",
  proxyPort,
});
const markOf = (port: number): number => ((port << 16) | 0x200) >>> 0;

void describe("what goes to a proxy", () => {
  const world = openWorld();
  const SYN = tcp("a:1000", "b:80");
  const ANSWER = tcp("b:80", "a:1000", "SA");

  test("carries its port in its mark and goes to the host's stack; answers go on", () => {
    world.policy("a", [redirect("egress")]);
    world.sends("a", SYN, {
      verdict: "continue",
      mark: markOf(PROXY),
      events: ["to-proxy new 1001@11 > 1002@12 redirected/allowed"],
      flows: ["tcp a:1000 > b:80"],
    });
    assert.equal(world.state.flows()[0]?.flow.proxyPort, PROXY);
    world.sends("a", tcp("a:1000", "b:80", "A"), {
      verdict: "continue",
      mark: markOf(PROXY),
      events: [],
    });
    world.sends("b", ANSWER, { verdict: "redirect", mark: 0 });
    world.sends("a", tcp("a:1000", "b:80", "FA"), {
      verdict: "continue",
      mark: markOf(PROXY),
      events: ["to-proxy established 1001@11 > 1002@12 -/-"],
    });
  });

  test("by the responder's policy does, too; by both, by the initiator's", () => {
    world.policy("b", [redirect("ingress", OTHER_PROXY)]);
    world.sends("a", SYN, {
      verdict: "continue",
      mark: markOf(OTHER_PROXY),
      events: ["to-proxy new 1001@11 > 1002@12 allowed/redirected"],
    });
    world.policy("a", [redirect("egress")]);
    world.sends("a", tcp("a:1001", "b:80"), {
      verdict: "continue",
      mark: markOf(PROXY),
      events: ["to-proxy new 1001@11 > 1002@12 redirected/redirected"],
    });
  });

  test("to the outside goes the same way", () => {
    world.policy("a", [redirect("egress")]);
    world.sends("a", tcp("a:1000", "x:80"), { verdict: "continue", mark: markOf(PROXY) });
  });

  test("has nowhere to go where nobody listens", () => {
    world.policy("a", [redirect("egress", 0)]);
    world.sends("a", SYN, {
      verdict: "drop no-proxy",
      events: ["from-endpoint new 1001@11 > 1002@12 denied/-"],
      flows: [],
    });
  });

  test("is where a change of policy says, from the next packet on", () => {
    world.sends("a", SYN, "redirect");
    world.policy("a", [redirect("egress")]);
    world.sends("a", tcp("a:1000", "b:80", "A"), {
      verdict: "continue",
      mark: markOf(PROXY),
      events: [],
    });
    world.policy("a", [redirect("egress", OTHER_PROXY)]);
    world.sends("b", ANSWER, "redirect");
    world.sends("a", tcp("a:1000", "b:80", "A"), {
      verdict: "continue",
      mark: markOf(OTHER_PROXY),
    });
    world.policy("a", [{ direction: "egress" }]);
    world.sends("a", tcp("a:1000", "b:80", "A"), { verdict: "redirect", mark: 0 });
    world.policy("a", [redirect("egress", 0)]);
    world.sends("b", ANSWER, "drop no-proxy");
  });

  test("to the pod is told and goes on to it", () => {
    world.policy("a", [redirect("ingress")]);
    world.receives(
      "a",
      tcp("x:1000", "a:80"),
      {
        verdict: "continue",
        mark: 0,
        events: ["to-endpoint new 2009@0 > 1001@11 -/redirected"],
      },
      { cameBy: UPLINK },
    );
    assert.equal(world.state.flows()[0]?.flow.proxyPort, PROXY);
  });

  test("is recovered in the middle of a connection, from either side's packet", () => {
    world.policy("a", [redirect("egress")]);
    world.policy("b", [{ direction: "ingress" }]);
    world.sends("b", tcp("b:80", "a:1000", "A"), {
      verdict: "redirect",
      mark: 0,
      events: ["to-endpoint new 1002@12 > 1001@11 redirected/allowed"],
    });
    world.sends("a", tcp("a:1000", "b:80", "A"), { verdict: "continue", mark: markOf(PROXY) });
  });
});
