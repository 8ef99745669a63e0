import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Rule } from "../rules.ts";
import { echo, type Family, ip, openWorld } from "./world.ts";

const FAMILIES: readonly Family[] = [4, 6];
const OTHER_TIMEOUT = 60 * 250;
const nameOf = (family: Family): string => (family === 4 ? "icmp" : "icmpv6");
const protocolOf = (family: Family): number => (family === 4 ? 1 : 58);
const requestType = (family: Family): number => (family === 4 ? 8 : 128);
const pings = (direction: Rule["direction"], family: Family): Rule[] => [
  { direction, protocol: protocolOf(family), port: requestType(family) },
];

void describe("echoes", () => {
  const world = openWorld();

  for (const family of FAMILIES) {
    test(`the answer belongs to the request, IPv${family}`, () => {
      world.policy("a", pings("egress", family));
      world.policy("b", pings("ingress", family));
      world.sends("a", echo("echo-request", "a", "b", 7, family), {
        verdict: "redirect",
        events: ["to-endpoint new 1001@11 > 1002@12 allowed/allowed"],
        flows: [`${nameOf(family)} a:7 > b:0`],
      });
      world.sends("b", echo("echo-reply", "b", "a", 7, family), {
        verdict: "redirect",
        events: [],
        flows: [`${nameOf(family)} a:7 > b:0 reply`],
      });
      world.sends("b", echo("echo-reply", "b", "a", 8, family), {
        verdict: "drop policy-denied",
        events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
      });
    });

    test(`both may ask with the same id, and each is judged, IPv${family}`, () => {
      world.policy("a", pings("egress", family));
      world.policy("b", pings("ingress", family));
      // With 0, both directions have one key.
      for (const id of [7, 0xffff, 0]) {
        world.sends("a", echo("echo-request", "a", "b", id, family), "redirect");
        world.sends("b", echo("echo-request", "b", "a", id, family), {
          verdict: "drop policy-denied",
          events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
        });
        world.sends("a", echo("echo-reply", "a", "b", id, family), {
          verdict: "drop policy-denied",
          events: ["from-endpoint new 1001@11 > 1002@12 denied/-"],
        });
      }
      world.state.clearFlows();
      world.policy("a", [...pings("egress", family), ...pings("ingress", family)]);
      world.policy("b", [...pings("egress", family), ...pings("ingress", family)]);
      for (const [from, to] of [
        ["a", "b"],
        ["b", "a"],
      ] as const) {
        world.sends(from, echo("echo-request", from, to, 7, family), "redirect");
        world.sends(to, echo("echo-reply", to, from, 7, family), "redirect");
      }
      const name = nameOf(family);
      assert.deepEqual(world.flows(), [`${name} a:7 > b:0 reply`, `${name} b:7 > a:0 reply`]);
    });

    test(`with the outside, IPv${family}`, () => {
      world.policy("a", pings("egress", family));
      world.sends("a", echo("echo-request", "a", "x", 7, family), "continue");
      world.receives("a", echo("echo-reply", "x", "a", 7, family), "continue");
      world.receives("a", echo("echo-reply", "x", "a", 8, family), "drop policy-denied");
      world.receives("a", echo("echo-request", "x", "a", 7, family), "drop policy-denied");
      world.wait(OTHER_TIMEOUT + 1);
      world.receives("a", echo("echo-reply", "x", "a", 7, family), "drop policy-denied");
    });
  }

  test("an answer that nobody asked for may be allowed by its type, and begins no flow", () => {
    world.policy("a", [{ direction: "ingress", protocol: 1, port: 0 }]);
    world.receives("a", echo("echo-reply", "x", "a"), {
      verdict: "continue",
      events: ["to-endpoint new 2009@0 > 1001@11 -/allowed"],
      flows: [],
    });
  });
});

void describe("ICMP of other types", () => {
  const world = openWorld();
  const cases: [family: Family, type: number][] = [
    [4, 5],
    [4, 13],
    [4, 14],
    [4, 255],
    [6, 138],
    [6, 144],
    [6, 255],
  ];
  for (const [family, type] of cases) {
    test(`type ${type} over IPv${family} is judged by its type each time, and not remembered`, () => {
      const make = (from: string, to: string): Uint8Array => {
        const fields = { message: "other", type, code: 3, body: new Uint8Array(20) } as const;
        const builder = ip(from, to, family);
        return (family === 4 ? builder.icmp(fields) : builder.icmpv6(fields)).build();
      };
      world.policy("a", [{ direction: "egress", protocol: protocolOf(family), port: type }]);
      for (let round = 0; round < 2; round++) {
        const { events } = world.sends("a", make("a", "b"), {
          verdict: "redirect",
          events: ["to-endpoint new 1001@11 > 1002@12 allowed/allowed"],
          flows: [],
        });
        assert.deepEqual([events[0]?.sourcePort, events[0]?.destinationPort], [type, 3]);
      }
      world.sends("b", make("b", "a"), {
        verdict: "drop policy-denied",
        events: ["from-endpoint new 1002@12 > 1001@11 allowed/denied"],
      });
    });
  }
});
