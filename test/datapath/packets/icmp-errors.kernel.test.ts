import { describe, test } from "node:test";
import { packet, type PacketBuilder } from "#packet";
import { echo, type Family, ip, openWorld, partyOf, sctp, tcp, udp, type World } from "./world.ts";

const FAMILIES: readonly Family[] = [4, 6];
const ETHERNET_BYTES = 14;
const OTHER_TIMEOUT = 60 * 250;
const protocolOf = (family: Family): number => (family === 4 ? 1 : 58);

/** What a router, or the one who got it, says of a packet. */
function report(from: string, to: string, about: Uint8Array, family: Family): PacketBuilder {
  const embedded = about.subarray(ETHERNET_BYTES);
  const builder = ip(from, to, family);
  if (family === 4) return builder.icmp({ message: "unreachable", code: 3, embedded });
  return builder.icmpv6({ message: "unreachable", code: 4, embedded });
}

const MAKERS = [
  ["TCP", (from: string, to: string, family: Family) => tcp(from, to, "S", family)],
  ["UDP", udp],
  ["SCTP", sctp],
  [
    "an echo",
    (from: string, to: string, family: Family) => {
      const [source = "", destination = ""] = [from, to].map((end) => end.split(":")[0]);
      return echo("echo-request", source, destination, 7, family);
    },
  ],
] as const;

function onlyAsks(world: World): void {
  world.policy("a", [{ direction: "egress" }]);
  world.policy("b", [{ direction: "ingress" }]);
}

void describe("ICMP errors", () => {
  const world = openWorld();

  for (const family of FAMILIES) {
    for (const [name, make] of MAKERS) {
      test(`about ${name}, from the pod that got it, IPv${family}`, () => {
        onlyAsks(world);
        const asked = make("a:1000", "b:53", family);
        world.sends("a", asked, "redirect");
        const flows = world.flows();
        world.sends("b", report("b", "a", asked, family).build(), {
          verdict: "redirect",
          events: ["to-endpoint related 1002@12 > 1001@11 -/-"],
          flows,
        });
      });

      test(`about ${name}, from a router on the way, IPv${family}`, () => {
        onlyAsks(world);
        const asked = make("a:1000", "x:53", family);
        world.sends("a", asked, "continue");
        for (const router of ["x", "y", "w"]) {
          world.receives("a", report(router, "a", asked, family).build(), {
            verdict: "continue",
            events: ["to-endpoint related 2009@0 > 1001@11 -/-"],
          });
        }
      });

      test(`about an answer of ${name}, from who began, IPv${family}`, () => {
        onlyAsks(world);
        world.sends("a", make("a:1000", "x:53", family), "continue");
        const answer =
          name === "an echo"
            ? echo("echo-reply", "x", "a", 7, family)
            : make("x:53", "a:1000", family);
        // A SYN from there would be another connection.
        const about = name === "TCP" ? tcp("x:53", "a:1000", "SA", family) : answer;
        world.sends("a", report("a", "x", about, family).build(), {
          verdict: "continue",
          events: ["to-stack related 1001@11 > 2009@0 -/-"],
        });
      });

      test(`about ${name} that was never sent are judged by their own type, IPv${family}`, () => {
        onlyAsks(world);
        const never = make("a:1000", "x:53", family);
        world.receives("a", report("x", "a", never, family).build(), {
          verdict: "drop policy-denied",
          events: ["from-stack new 2009@0 > 1001@11 -/denied"],
          flows: [],
        });
        world.sends("b", report("b", "a", make("a:1000", "b:53", family), family).build(), {
          verdict: "drop policy-denied",
          events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
        });
        const type = family === 4 ? 3 : 1;
        world.policy("a", [{ direction: "ingress", protocol: protocolOf(family), port: type }]);
        world.receives("a", report("x", "a", never, family).build(), {
          verdict: "continue",
          flows: [],
        });
      });
    }

    test(`that a pod forges about others' packets are none of any flow, IPv${family}`, () => {
      onlyAsks(world);
      const others = udp("a:1000", "x:53", family);
      world.sends("a", others, "continue");
      // b was neither the one who got it, nor on the way.
      world.sends("b", report("b", "a", others, family).build(), {
        verdict: "drop policy-denied",
        events: ["from-endpoint new 1002@12 > 1001@11 denied/-"],
      });
    });

    test(`that report a packet of another than whom they go to, IPv${family}`, () => {
      onlyAsks(world);
      const asked = udp("a:1000", "x:53", family);
      world.sends("a", asked, "continue");
      world.receives("b", report("x", "b", asked, family).build(), {
        verdict: "continue",
        events: ["to-endpoint new 2009@0 > 1002@12 -/allowed"],
      });
      world.receives("a", report("x", "a", udp("x:53", "a:1000", family), family).build(), {
        verdict: "drop policy-denied",
      });
    });

    test(`that come from outside about a flow between pods are forged, IPv${family}`, () => {
      onlyAsks(world);
      const asked = udp("a:1000", "b:53", family);
      world.sends("a", asked, "redirect");
      world.receives("a", report("x", "a", asked, family).build(), {
        verdict: "drop invalid-source-ip",
        events: ["from-stack related 1002@12 > 1001@11 -/-"],
      });
      world.receives("a", report("host", "a", asked, family).build(), "continue", { cameBy: 0 });
    });

    test(`need the first eight bytes of what they report, IPv${family}`, () => {
      onlyAsks(world);
      const asked = tcp("a:1000", "x:80", "S", family);
      world.sends("a", asked, "continue");
      const needed = ETHERNET_BYTES + (family === 4 ? 20 : 40) + 8;
      for (let length = ETHERNET_BYTES; length <= needed; length++) {
        const bytes = report("x", "a", asked.subarray(0, length), family).build();
        const isWhole = length === needed;
        world.receives("a", bytes, isWhole ? "continue" : "drop policy-denied");
      }
    });

    test(`are judged again with their flow, and keep it from no timeout, IPv${family}`, () => {
      const asked = udp("a:1000", "x:53", family);
      const error = report("x", "a", asked, family).build();
      world.sends("a", asked, "continue");
      onlyAsks(world);
      world.receives("a", error, "continue");
      world.wait(OTHER_TIMEOUT);
      world.receives("a", error, "continue");
      world.wait(1);
      world.receives("a", error, "drop policy-denied");
      world.sends("a", asked, "continue");
      world.policy("a", []);
      world.receives("a", error, {
        verdict: "drop policy-denied",
        events: ["from-stack unknown 2009@0 > 1001@11 denied/-"],
      });
    });

    test(`do not make a connection out of a SYN that they report, IPv${family}`, () => {
      onlyAsks(world);
      world.sends("a", tcp("a:1000", "b:80", "S", family), "redirect");
      const answer = tcp("b:80", "a:1000", "S", family);
      world.sends("a", report("a", "b", answer, family).build(), {
        verdict: "redirect",
        events: ["to-endpoint related 1001@11 > 1002@12 -/-"],
        flows: ["tcp a:1000 > b:80"],
      });
    });
  }

  const types: [family: Family, type: number, isError: boolean][] = [
    [4, 3, true],
    [4, 4, false],
    [4, 5, false],
    [4, 11, true],
    [4, 12, true],
    [6, 1, true],
    [6, 2, true],
    [6, 3, true],
    [6, 4, true],
    [6, 100, true],
    [6, 127, true],
    [6, 200, false],
  ];
  for (const [family, type, isError] of types) {
    test(`type ${type} of IPv${family} ${isError ? "is" : "is not"} one`, () => {
      onlyAsks(world);
      const asked = udp("a:1000", "x:53", family);
      world.sends("a", asked, "continue");
      const bytes = report("x", "a", asked, family).build();
      bytes[ETHERNET_BYTES + (family === 4 ? 20 : 40)] = type;
      world.receives("a", bytes, isError ? "continue" : "drop policy-denied");
    });
  }

  test("an inner IPv4 header may have options, and is no later fragment", () => {
    onlyAsks(world);
    world.sends("a", udp("a:1000", "x:53"), "continue");
    const addresses = { source: partyOf("a")[4], destination: partyOf("x")[4] };
    const ports = { sourcePort: 1000, destinationPort: 53 };
    const nops = Array.from({ length: 40 }, () => ({ kind: "nop" }) as const);
    const inner = (fields: object): Uint8Array => {
      const bytes = packet()
        .ipv4({ ...addresses, ...fields })
        .udp(ports)
        .build();
      return ip("x", "a").icmp({ message: "unreachable", embedded: bytes }).build();
    };
    world.receives("a", inner({ options: nops }), "continue");
    world.receives("a", inner({ moreFragments: true }), "continue");
    world.receives("a", inner({ fragmentOffset: 8 }), "drop policy-denied");
    for (const version of [0, 6]) world.receives("a", inner({ version }), "drop policy-denied");
  });

  test("an inner IPv6 header has no extensions", () => {
    onlyAsks(world);
    world.sends("a", udp("a:1000", "x:53", 6), "continue");
    const inner = packet()
      .ipv6({ source: partyOf("a")[6], destination: partyOf("x")[6] })
      .destinationOptions()
      .udp({ sourcePort: 1000, destinationPort: 53 })
      .build();
    const error = ip("x", "a", 6).icmpv6({ message: "unreachable", embedded: inner }).build();
    world.receives("a", error, "drop policy-denied");
  });

  test("an error about an error is about no flow", () => {
    onlyAsks(world);
    const asked = udp("a:1000", "x:53");
    world.sends("a", asked, "continue");
    const nested = report("a", "x", asked, 4).build();
    world.receives("a", report("x", "a", nested, 4).build(), "drop policy-denied");
  });

  test("to a proxy goes no error, though the flow does", () => {
    world.policy("a", [{ direction: "egress", effect: "redirect", proxyPort: 15001 }]);
    const asked = udp("a:1000", "x:53");
    world.sends("a", asked, { verdict: "continue", mark: 0x3a99_0200 });
    const answer = udp("x:53", "a:1000");
    world.sends("a", report("a", "x", answer, 4).build(), {
      verdict: "continue",
      mark: 0,
      events: ["to-stack related 1001@11 > 2009@0 -/-"],
    });
  });

  test("those of the pod's own address only", () => {
    const asked = udp("a:1000", "x:53");
    world.sends("a", asked, "continue");
    world.receives("b", report("x", "a", asked, 4).build(), "drop unknown-target");
    world.sends("b", report("a", "x", udp("x:53", "a:1000"), 4).build(), "drop invalid-source-ip");
  });
});
