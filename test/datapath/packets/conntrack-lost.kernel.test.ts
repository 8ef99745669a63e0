import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MapType } from "#ebpf/spec";
import { openWorld, tcp, UPLINK } from "./world.ts";

const TCP_TIMEOUT = 8000 * 250;
const OPENING_TIMEOUT = 60 * 250;
const CLOSING_TIMEOUT = 10 * 250;

const EGRESS_80 = [{ direction: "egress", protocol: 6, port: 80 }] as const;
const INGRESS_80 = [{ direction: "ingress", protocol: 6, port: 80 }] as const;

void describe("recovery of a connection whose entry was lost", () => {
  const world = openWorld();
  const cases = [
    ["the initiator's packet", "PA", false, "tcp a:1000 > b:80"],
    ["the responder's packet", "PA", true, "tcp a:1000 > b:80 reply"],
    ["the responder's SYN+ACK", "SA", true, "tcp a:1000 > b:80 reply"],
    ["the initiator's FIN", "FA", false, "tcp a:1000 > b:80 closed-by-initiator"],
    ["the responder's FIN", "FA", true, "tcp a:1000 > b:80 reply closed-by-responder"],
  ] as const;
  for (const [name, flags, isAnswer, flow] of cases) {
    test(`from ${name}`, () => {
      world.policy("a", EGRESS_80);
      world.policy("b", INGRESS_80);
      if (isAnswer) {
        world.sends("b", tcp("b:80", "a:1000", flags), {
          verdict: "redirect",
          events: ["to-endpoint new 1002@12 > 1001@11 allowed/allowed"],
          flows: [flow],
        });
      } else {
        world.sends("a", tcp("a:1000", "b:80", flags), {
          verdict: "redirect",
          events: ["to-endpoint new 1001@11 > 1002@12 allowed/allowed"],
          flows: [flow],
        });
      }
      assert.deepEqual(world.rig.counts().tcp, { created: 1n, recovered: 1n, failed: 0n });
    });
  }

  test("what either orientation allows is the sender's connection", () => {
    world.sends("b", tcp("b:80", "a:1000", "A"), {
      verdict: "redirect",
      flows: ["tcp b:80 > a:1000"],
    });
  });

  test("of a connection with the outside, at either hook", () => {
    world.policy("a", INGRESS_80);
    world.sends("a", tcp("a:80", "x:5000", "A"), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 2009@0 -/allowed"],
      flows: ["tcp x:5000 > a:80 reply"],
    });
    world.receives("a", tcp("x:5001", "a:80", "A"), {
      verdict: "continue",
      events: ["to-endpoint new 2009@0 > 1001@11 -/allowed"],
    });
    world.policy("a", EGRESS_80);
    world.receives("a", tcp("x:80", "a:5002", "A"), {
      verdict: "continue",
      events: ["to-endpoint new 2009@0 > 1001@11 allowed/-"],
    });
    world.sends("a", tcp("a:5003", "x:80", "A"), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 2009@0 allowed/-"],
    });
  });

  test("where neither is allowed, the packet's own direction is what is told", () => {
    world.policy("a", [{ direction: "ingress", protocol: 6, port: 1000, effect: "deny" }]);
    world.receives("a", tcp("x:80", "a:1000", "A"), {
      verdict: "drop policy-deny",
      events: ["from-stack new 2009@0 > 1001@11 -/denied"],
    });
    world.receives("a", tcp("x:80", "a:1000", "SA"), {
      verdict: "drop policy-denied",
      events: ["from-stack new 2009@0 > 1001@11 denied/-"],
    });
  });

  test("RST that belongs to a lost connection passes and makes no entry", () => {
    world.policy("a", EGRESS_80);
    world.receives("a", tcp("x:80", "a:1000", "R"), { verdict: "continue", flows: [] });
    world.receives("a", tcp("x:81", "a:1000", "R"), { verdict: "drop policy-denied", flows: [] });
  });
});

void describe("time", () => {
  const world = openWorld();
  // Gone: what comes then is judged anew, which policy no longer allows without raising the epoch.
  const expects = (timeout: number, age: number, isThere: boolean, packets: () => void): void => {
    packets();
    world.state.setPolicy(11, []);
    world.wait(timeout + age);
    world.sends("a", tcp("a:1000", "x:80", "A"), isThere ? "continue" : "drop policy-denied");
  };
  const opening = (): void => void world.sends("a", tcp("a:1000", "x:80"), "continue");
  const open = (): void => {
    opening();
    world.receives("a", tcp("x:80", "a:1000", "SA"), "continue");
  };
  const halfClosed = (): void => {
    open();
    world.receives("a", tcp("x:80", "a:1000", "FA"), "continue");
  };
  const closed = (): void => {
    halfClosed();
    world.sends("a", tcp("a:1000", "x:80", "FA"), "continue");
  };
  const reset = (): void => {
    opening();
    world.receives("a", tcp("x:80", "a:1000", "RA"), "continue");
  };
  const cases = [
    ["without an answer", OPENING_TIMEOUT, opening],
    ["open", TCP_TIMEOUT, open],
    ["half closed", TCP_TIMEOUT, halfClosed],
    ["closed", CLOSING_TIMEOUT, closed],
    ["reset", CLOSING_TIMEOUT, reset],
  ] as const;
  for (const [name, timeout, packets] of cases) {
    test(`a connection that is ${name} lasts its timeout`, () =>
      expects(timeout, 0, true, packets));
    test(`a connection that is ${name} lasts no longer`, () => expects(timeout, 1, false, packets));
  }

  test("each packet begins the timeout again", () => {
    open();
    for (let round = 0; round < 3; round++) {
      world.wait(TCP_TIMEOUT);
      world.receives("a", tcp("x:80", "a:1000", "A"), "continue");
    }
    assert.deepEqual(world.rig.counts().tcp, { created: 1n, recovered: 0n, failed: 0n });
  });

  test("an expired entry makes room for another of the same ports, the other way too", () => {
    opening();
    world.wait(OPENING_TIMEOUT + 1);
    world.receives("a", tcp("x:80", "a:1000", "A"), {
      verdict: "continue",
      events: ["to-endpoint new 2009@0 > 1001@11 -/allowed"],
      flows: ["tcp x:80 > a:1000"],
    });
  });

  test("the clock may pass the end of its 32 bits, and another CPU's may be ahead", () => {
    world.rig.setTime(2n ** 32n - 10n, 1n);
    open();
    world.state.setPolicy(11, []);
    world.rig.setTime(2n ** 32n + 10n, 1n);
    world.sends("a", tcp("a:1000", "x:80", "A"), "continue");
    world.rig.setTime(2n ** 32n + 5n, 1n);
    world.sends("a", tcp("a:1000", "x:80", "A"), "continue");
    world.rig.setTime(2n ** 32n + BigInt(TCP_TIMEOUT) + 6n, 1n);
    world.sends("a", tcp("a:1000", "x:80", "A"), "drop policy-denied");
  });
});

void describe("a table of TCP connections that is full", () => {
  void describe("by what was seen longest ago", () => {
    const size = 256;
    const world = openWorld({ maps: { tcp_flows: { maxEntries: size } } });
    test("takes in new ones, and those that had to go recover", () => {
      const count = 4 * size;
      world.rig.inside(() => {
        for (let port = 1; port <= count; port++)
          world.sends("a", tcp(`a:${port}`, "b:80"), "redirect");
      });
      assert.ok(world.flows().length <= size, `${world.flows().length} flows`);
      assert.deepEqual(world.rig.counts().tcp, {
        created: BigInt(count),
        recovered: 0n,
        failed: 0n,
      });
      // Which of them had to go is the kernel's choice: it keeps some of the first, by CPU.
      const kept = new Set(world.flows());
      let gone = 1;
      while (kept.has(`tcp a:${gone} > b:80`)) gone++;
      world.sends("b", tcp("b:80", `a:${gone}`, "PA"), {
        verdict: "redirect",
        events: ["to-endpoint new 1002@12 > 1001@11 allowed/allowed"],
      });
      assert.equal(world.rig.counts().tcp.recovered, 1n);
    });
  });

  void describe("and cannot make room", () => {
    const world = openWorld({
      maps: { tcp_flows: { maxEntries: 1, type: MapType.hash, flags: 0 } },
    });
    test("a connection that cannot be kept is not let through, and the known one goes on", () => {
      world.sends("a", tcp("a:1000", "b:80"), "redirect");
      world.sends("a", tcp("a:1001", "b:80"), {
        verdict: "drop conntrack-insert-failed",
        events: ["from-endpoint new 1001@11 > 1002@12 allowed/allowed"],
        flows: ["tcp a:1000 > b:80"],
      });
      world.receives("a", tcp("x:80", "a:1001", "A"), "drop conntrack-insert-failed", {
        cameBy: UPLINK,
      });
      world.sends("a", tcp("a:1000", "b:80", "A"), "redirect");
      assert.deepEqual(world.rig.counts().tcp, { created: 1n, recovered: 0n, failed: 2n });
    });
  });
});
