import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { datagramsMap } from "#abi";
import type { PacketBuilder } from "#packet";
import { type Family, ip, openWorld, PODS, UPLINK } from "./world.ts";

const MTU = 600;
const BODY = new Uint8Array(1500);
const PORTS = { sourcePort: 1000, destinationPort: 80 };
const EGRESS_80 = [{ direction: "egress", port: 80, protocol: 17 }] as const;

const KINDS: [name: string, make: (from: string, to: string, family: Family) => PacketBuilder][] = [
  ["udp", (from, to, family) => ip(from, to, family).udp(PORTS)],
  ["tcp", (from, to, family) => ip(from, to, family).tcp({ ...PORTS, flags: ["SYN"] })],
  [
    "echo",
    (from, to, family) => {
      const ping = { message: "echo-request", identifier: 7 } as const;
      return family === 4 ? ip(from, to).icmp(ping) : ip(from, to, 6).icmpv6(ping);
    },
  ],
];

function pieces(builder: PacketBuilder, identification = 77): [Uint8Array, Uint8Array, Uint8Array] {
  const [first, second, third] = builder.payload(BODY).fragments({ mtu: MTU, identification });
  assert.ok(first && second && third);
  return [first, second, third];
}

void describe("fragments", () => {
  const world = openWorld();
  const flowOf = (name: string, family: Family): string =>
    name === "echo" ? `${family === 4 ? "icmp" : "icmpv6"} a:7 > b:0` : `${name} a:1000 > b:80`;

  test("an extension header after the fragment header is the first's to know", () => {
    const [first, second, third] = pieces(ip("a", "b", 6).destinationOptions().udp(PORTS));
    world.sends("a", first, { verdict: "redirect", flows: ["udp a:1000 > b:80"] });
    for (const piece of [second, third]) world.sends("a", piece, "redirect");
  });

  for (const family of [4, 6] satisfies Family[]) {
    for (const [name, make] of KINDS) {
      test(`later ones of ${name} over IPv${family} go where the first went`, () => {
        const [first, second, third] = pieces(make("a", "b", family));
        const flows = [flowOf(name, family)];
        world.sends("a", first, { verdict: "redirect", flows });
        for (const piece of [third, second, first]) {
          world.sends("a", piece, { verdict: "redirect", events: [], flows });
        }
      });

      test(`one of ${name} over IPv${family} without its first is refused, at both hooks`, () => {
        const [first, second, third] = pieces(make("a", "b", family));
        for (const piece of [second, third]) {
          world.sends("a", piece, {
            verdict: "drop first-fragment-missing",
            events: ["from-endpoint unknown 1001@11 > 0@0 -/-"],
            flows: [],
          });
          world.receives("b", piece, {
            verdict: "drop first-fragment-missing",
            events: ["from-stack unknown 0@0 > 1002@12 -/-"],
          });
        }
        world.receives("b", first, "continue", { cameBy: PODS.a.slot });
        world.receives("b", second, "continue", { cameBy: PODS.a.slot });
      });
    }

    test(`later ones are of one datagram only: by id and by addresses, IPv${family}`, () => {
      const udp = ip("a", "b", family).udp(PORTS);
      const [first] = pieces(udp, 77);
      world.sends("a", first, "redirect");
      world.sends("a", pieces(udp, 78)[1], "drop first-fragment-missing");
      const other = ip("a", "x", family).udp(PORTS);
      world.sends("a", pieces(other, 77)[1], "drop first-fragment-missing");
      const back = ip("b", "a", family).udp(PORTS);
      world.sends("b", pieces(back, 77)[1], "drop first-fragment-missing");
      const tcp = ip("a", "b", family).tcp(PORTS);
      world.sends("a", pieces(tcp, 77)[1], "drop first-fragment-missing");
    });

    test(`a denied first denies those that follow, IPv${family}`, () => {
      world.policy("a", EGRESS_80);
      const denied = ip("a", "x", family).udp({ ...PORTS, destinationPort: 81 });
      for (const piece of pieces(denied)) {
        world.sends("a", piece, {
          verdict: "drop policy-denied",
          events: ["from-endpoint new 1001@11 > 2009@0 denied/-"],
          flows: [],
        });
      }
      const allowed = ip("a", "x", family).udp(PORTS);
      for (const piece of pieces(allowed, 78)) world.sends("a", piece, "continue");
    });

    test(`a first that is sent again says anew what it is, IPv${family}`, () => {
      world.policy("a", EGRESS_80);
      world.sends("a", pieces(ip("a", "x", family).udp(PORTS))[0], "continue");
      const other = pieces(ip("a", "x", family).udp({ ...PORTS, destinationPort: 81 }));
      for (const piece of other) world.sends("a", piece, "drop policy-denied");
    });

    test(`from outside, of an answer, IPv${family}`, () => {
      world.policy("a", EGRESS_80);
      world.sends("a", ip("a", "x", family).udp(PORTS).build(), "continue");
      const answer = { sourcePort: 80, destinationPort: 1000 };
      for (const piece of pieces(ip("x", "a", family).udp(answer))) {
        world.receives("a", piece, "continue", { cameBy: UPLINK });
      }
    });

    test(`a source is checked on each, IPv${family}`, () => {
      const forged = pieces(ip("b", "x", family).udp(PORTS));
      for (const piece of forged) {
        piece.set(pieces(ip("a", "x", family).udp(PORTS))[0].subarray(0, 12));
        world.sends("a", piece, "drop invalid-source-ip");
      }
    });
  }

  test("IPv6 ids have 32 bits", () => {
    const udp = ip("a", "b", 6).udp(PORTS);
    world.sends("a", pieces(udp, 0x1_0001)[0], "redirect");
    world.sends("a", pieces(udp, 0x0001)[1], "drop first-fragment-missing");
    world.sends("a", pieces(udp, 0x1_0001)[1], "redirect");
  });

  test("a packet with a fragment header that is whole needs no other", () => {
    const whole = ip("a", "b", 6).fragmentHeader({ identification: 5 }).udp(PORTS).payload("x");
    world.sends("a", whole.build(), { verdict: "redirect", flows: ["udp a:1000 > b:80"] });
    assert.deepEqual([...world.rig.stores.datagrams.entries()], []);
  });

  test("a first that does not hold its whole header is refused, and those after it", () => {
    const tiny = ip("a", "b").tcp({ ...PORTS, flags: ["SYN"] });
    const [first, second] = tiny.payload(BODY).fragments({ mtu: 36, identification: 9 });
    assert.ok(first && second);
    world.sends("a", first, "drop truncated-header");
    world.sends("a", second, "drop first-fragment-missing");
  });

  test("a later fragment of a SYN is no other SYN: no flags that are unsound pass by one", () => {
    const [first, second] = pieces(ip("a", "b").tcp({ ...PORTS, flags: ["SYN", "FIN"] }));
    world.sends("a", first, "drop invalid-packet");
    world.sends("a", second, "drop invalid-packet");
  });

  test("many datagrams push the oldest out of their table, and nothing else breaks", () => {
    const udp = ip("a", "b").udp(PORTS);
    world.rig.inside(() => {
      for (let id = 0; id < 3000; id++) world.sends("a", pieces(udp, id)[0], "redirect");
    });
    // Which of the old ones go first is for the kernel to say: it does not keep their exact order.
    const known = [...world.rig.stores.datagrams.entries()];
    const kept = new Set(known.map(([key]) => datagramsMap.key.decode(key).id));
    const lost = Array.from({ length: 3000 }, (_, id) => id).find((id) => !kept.has(id));
    assert.ok(lost !== undefined && kept.has(2999), `${kept.size} are kept`);
    world.sends("a", pieces(udp, lost)[1], "drop first-fragment-missing");
    world.sends("a", pieces(udp, 2999)[1], "redirect");
  });
});
