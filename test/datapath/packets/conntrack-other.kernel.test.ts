import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ALLOW_ALL, echo, type Family, openWorld, PODS, sctp, tcp, udp } from "./world.ts";

const OTHER_TIMEOUT = 60 * 250;
const KINDS = [
  ["udp", udp],
  ["sctp", sctp],
] as const;

void describe("flows that have no end", () => {
  const world = openWorld();

  for (const [name, make] of KINDS) {
    for (const family of [4, 6] satisfies Family[]) {
      test(`${name} over IPv${family}: the answer belongs to the question`, () => {
        world.policy("a", [{ direction: "egress" }]);
        world.policy("b", [{ direction: "ingress" }]);
        world.sends("a", make("a:1000", "b:53", family), {
          verdict: "redirect",
          events: ["to-endpoint new 1001@11 > 1002@12 allowed/allowed"],
          flows: [`${name} a:1000 > b:53`],
        });
        world.sends("b", make("b:53", "a:1000", family), {
          verdict: "redirect",
          events: [],
          flows: [`${name} a:1000 > b:53 reply`],
        });
        for (const other of [make("b:53", "a:1001", family), make("b:54", "a:1000", family)]) {
          world.sends("b", other, {
            verdict: "drop policy-denied",
            events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
          });
        }
      });
    }

    test(`${name} lasts its timeout from the last packet, answered or not`, () => {
      const ask = make("a:1000", "x:53");
      const answer = make("x:53", "a:1000");
      world.sends("a", ask, "continue");
      world.policy("a", [{ direction: "egress" }]);
      world.sends("a", ask, "continue");
      world.wait(OTHER_TIMEOUT);
      world.receives("a", answer, "continue");
      world.wait(OTHER_TIMEOUT);
      world.receives("a", answer, "continue");
      world.wait(OTHER_TIMEOUT + 1);
      world.receives("a", answer, "drop policy-denied");
    });
  }

  test("protocols, ports and families are kept apart", () => {
    world.sends("a", udp("a:1000", "b:80"), "redirect");
    world.sends("a", udp("a:1000", "b:80", 6), "redirect");
    world.sends("a", sctp("a:1000", "b:80"), "redirect");
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("b", udp("b:1000", "a:80"), "redirect");
    assert.equal(world.flows().length, 5);
    assert.deepEqual(world.rig.counts().other, { created: 4n, recovered: 0n, failed: 0n });
    assert.deepEqual(world.rig.counts().tcp, { created: 1n, recovered: 0n, failed: 0n });
  });

  test("ends are ordered by address and not by port, and who is high may begin", () => {
    world.receives("a", udp("early:60000", "a:1"), {
      verdict: "continue",
      flows: ["udp early:60000 > a:1"],
    });
    world.sends("a", udp("a:1", "early:60000"), {
      verdict: "continue",
      flows: ["udp early:60000 > a:1 reply"],
    });
    world.receives("a", udp("w:1", "a:60000"), {
      verdict: "continue",
      flows: ["udp early:60000 > a:1 reply", "udp w:1 > a:60000"],
    });
    const flags = world.state.flows().map(({ flow }) => flow.flags);
    assert.deepEqual(
      flags.toSorted((left, right) => left - right),
      [0b01, 0b10],
    );
  });

  test("a pod's packets to itself are its own affair", () => {
    world.policy("a", []);
    world.sends("a", udp("a:1000", "a:1000"), {
      verdict: "redirect",
      events: ["to-endpoint new 1001@11 > 1001@11 -/-"],
      flows: ["udp a:1000 > a:1000"],
    });
    world.sends("a", udp("a:1000", "a:53"), "redirect");
    world.sends("a", udp("a:53", "a:1000"), "redirect");
  });
});

void describe("judging again", () => {
  const world = openWorld();
  const only = (direction: "egress" | "ingress", port: number, protocol = 17) =>
    [{ direction, port, protocol }] as const;

  const epochs = (): number[] => world.state.flows().map(({ flow }) => flow.epoch);

  // Who began, seen from whose packet, at which hook: each must be judged as the request was.
  test("from the initiator's packet and from the responder's, between pods", () => {
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.policy("a", only("egress", 53));
    world.policy("b", only("ingress", 53));
    const epoch = world.state.epoch;
    world.sends("b", udp("b:53", "a:1000"), { verdict: "redirect", events: [] });
    assert.deepEqual(epochs(), [epoch]);
    world.state.raiseEpoch();
    world.sends("a", udp("a:1000", "b:53"), { verdict: "redirect", events: [] });
    assert.deepEqual(epochs(), [epoch + 1]);
  });

  for (const [name, pod] of [
    ["egress of who began", "a"],
    ["ingress of who was asked", "b"],
  ] as const) {
    test(`a change of ${name} ends the flow, from either side's packet, and comes back`, () => {
      world.sends("a", udp("a:1000", "b:53"), "redirect");
      const before = world.state.flows();
      world.policy(pod, []);
      const verdicts = pod === "a" ? "denied/-" : "allowed/denied";
      for (let round = 0; round < 2; round++) {
        world.sends("b", udp("b:53", "a:1000"), {
          verdict: "drop policy-denied",
          events: [`from-endpoint unknown 1002@12 > 1001@11 ${verdicts}`],
        });
        world.sends("a", udp("a:1000", "b:53"), {
          verdict: "drop policy-denied",
          events: [`from-endpoint unknown 1001@11 > 1002@12 ${verdicts}`],
        });
      }
      assert.deepEqual(world.state.flows(), before);
      world.policy(pod, ALLOW_ALL);
      world.sends("b", udp("b:53", "a:1000"), { verdict: "redirect", events: [] });
    });
  }

  const outside = [
    ["the pod began", "a:1000", "x:53", only("egress", 53), only("ingress", 1000)],
    ["the outside began", "x:1000", "a:53", only("ingress", 53), only("egress", 1000)],
    [
      "the outside began, and is first in order",
      "early:1000",
      "a:53",
      only("ingress", 53),
      only("egress", 1000),
    ],
  ] as const;
  for (const [name, initiator, responder, allows, denies] of outside) {
    for (const isFirstsPacket of [true, false]) {
      const whose = isFirstsPacket ? "initiator" : "responder";
      test(`with the outside, where ${name}, from the ${whose}'s packet`, () => {
        const pass = (from: string, to: string, verdict: string): void => {
          if (from.startsWith("a")) world.sends("a", udp(from, to), verdict);
          else world.receives("a", udp(from, to), verdict);
        };
        pass(initiator, responder, "continue");
        const [from, to] = isFirstsPacket ? [initiator, responder] : [responder, initiator];
        world.policy("a", allows);
        pass(from, to, "continue");
        assert.deepEqual(epochs(), [world.state.epoch]);
        world.policy("a", denies);
        pass(from, to, "drop policy-denied");
        assert.notDeepEqual(epochs(), [world.state.epoch]);
      });
    }
  }

  test("identities and slots are found anew", () => {
    world.sends("a", udp("a:1000", "x:53"), "continue");
    world.state.setPeer("192.0.2.9/32", 3003);
    world.state.changeEndpoint(PODS.a.slot, { identity: 1111 });
    world.state.raiseEpoch();
    world.receives("a", udp("x:53", "a:1000"), "continue");
    const [entry] = world.state.flows();
    assert.deepEqual(entry?.flow.identity, [1111, 3003]);
    assert.deepEqual(entry.flow.slot, [PODS.a.slot, 0]);
  });

  test("a peer that leaves the node is no slot any more", () => {
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.state.removeEndpoint(PODS.b.slot);
    world.state.raiseEpoch();
    world.sends("a", udp("a:1000", "b:53"), "continue");
    assert.deepEqual(world.state.flows()[0]?.flow.slot, [PODS.a.slot, 0]);
  });

  test("without a new epoch nothing is judged again", () => {
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.state.setPolicy(PODS.a.slot, []);
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.sends("b", udp("b:53", "a:1000"), "redirect");
  });

  test("TCP and echoes are judged again by what they began with", () => {
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.sends("a", echo("echo-request", "a", "b"), "redirect");
    world.policy("a", [...only("egress", 80, 6), ...only("egress", 8, 1)]);
    world.policy("b", [...only("ingress", 80, 6), ...only("ingress", 8, 1)]);
    world.sends("b", tcp("b:80", "a:1000", "A"), "redirect");
    world.sends("b", echo("echo-reply", "b", "a"), "redirect");
    world.policy("b", []);
    world.sends("b", tcp("b:80", "a:1000", "A"), "drop policy-denied");
    world.sends("b", echo("echo-reply", "b", "a"), "drop policy-denied");
  });

  test("a stale flow in which a SYN comes from the other side is another connection", () => {
    world.sends("a", tcp("a:1000", "b:80"), "redirect");
    world.policy("b", [{ direction: "egress" }]);
    world.sends("b", tcp("b:80", "a:1000", "S"), {
      verdict: "redirect",
      flows: ["tcp b:80 > a:1000"],
    });
  });

  test("the epoch may pass the end of its 32 bits", () => {
    world.state.setEpoch(0xffff_ffff);
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.state.changeEndpoint(PODS.a.slot, { since: 0xffff_fff0 });
    world.state.changeEndpoint(PODS.b.slot, { since: 0xffff_fff0 });
    world.state.setEpoch(1);
    world.sends("b", udp("b:53", "a:1000"), { verdict: "redirect", events: [] });
    assert.deepEqual(world.flows(), ["udp a:1000 > b:53 reply"]);
  });
});

void describe("a pod that comes where another was", () => {
  const world = openWorld();
  const comes = (): void => {
    const since = world.state.raiseEpoch();
    world.state.changeEndpoint(PODS.a.slot, { since });
  };

  test("has no part in the other's flows: an answer to it is a question", () => {
    world.policy("a", [{ direction: "egress" }]);
    world.sends("a", udp("a:1000", "x:53"), "continue");
    comes();
    world.receives("a", udp("x:53", "a:1000"), {
      verdict: "drop policy-denied",
      events: ["from-stack new 2009@0 > 1001@11 -/denied"],
      flows: ["udp a:1000 > x:53"],
    });
    world.sends("a", udp("a:1000", "x:53"), {
      verdict: "continue",
      events: ["to-stack new 1001@11 > 2009@0 allowed/-"],
    });
    world.receives("a", udp("x:53", "a:1000"), { verdict: "continue", events: [] });
  });

  test("has no part in what pods of the node would answer the other", () => {
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    comes();
    // It might have asked itself; b may begin nothing.
    world.policy("b", [{ direction: "ingress" }]);
    world.sends("b", udp("b:53", "a:1000"), {
      verdict: "drop policy-denied",
      events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
    });
    world.sends("a", udp("a:1000", "b:53"), "redirect");
    world.sends("b", udp("b:53", "a:1000"), { verdict: "redirect", events: [] });
  });

  test("answers nobody in the other's name", () => {
    world.policy("a", [{ direction: "ingress" }]);
    world.receives("a", udp("x:1000", "a:53"), "continue");
    comes();
    world.sends("a", udp("a:53", "x:1000"), {
      verdict: "drop policy-denied",
      events: ["from-endpoint new 1001@11 > 2009@0 denied/-"],
    });
  });

  test("keeps its own flows, also judged at the epoch when it came", () => {
    comes();
    world.policy("a", [{ direction: "egress" }]);
    world.sends("a", udp("a:1000", "x:53"), "continue");
    world.state.raiseEpoch();
    world.receives("a", udp("x:53", "a:1000"), { verdict: "continue", events: [] });
    world.state.changeEndpoint(PODS.a.slot, { since: world.state.epoch - 1 });
    world.state.raiseEpoch();
    world.receives("a", udp("x:53", "a:1000"), { verdict: "continue", events: [] });
  });

  test("a connection of the other's is not recovered as its own", () => {
    world.policy("a", [{ direction: "egress", protocol: 6, port: 443 }]);
    world.sends("a", tcp("a:1000", "x:443"), "continue");
    comes();
    world.policy("a", [{ direction: "egress", protocol: 6, port: 80 }]);
    world.receives("a", tcp("x:443", "a:1000", "A"), "drop policy-denied");
  });
});
