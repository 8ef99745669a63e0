import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { packet, type PacketBuilder } from "#packet";
import { echo, type Family, openWorld, PODS, tcp, udp, UPLINK } from "./world.ts";

const { a, b } = PODS;
const FAMILIES: readonly Family[] = [4, 6];
const UNKNOWN_SOURCE = ["from-endpoint unknown 1001@11 > 0@0 -/-"];

function frame(source = a.mac): PacketBuilder {
  return packet().ethernet({ source, destination: a.hostMac });
}

const toPort = { sourcePort: 1000, destinationPort: 80 };

void describe("a pod's source", () => {
  const world = openWorld();
  const refuses = (built: PacketBuilder): void => {
    for (const bytes of [
      built.tcp({ ...toPort, flags: ["SYN"] }).build(),
      built.udp(toPort).build(),
    ]) {
      const verdict = "drop invalid-source-ip";
      world.sends("a", bytes, { verdict, events: UNKNOWN_SOURCE, flows: [] });
    }
  };

  for (const source of ["10.0.0.2", "10.0.0.254", "0.0.0.0", "127.0.0.1", "255.255.255.255"]) {
    test(`${source} is not its own`, () =>
      refuses(frame().ipv4({ source, destination: "192.0.2.9" })));
  }
  for (const source of ["fd00::2", "::", "::1", "fe80::a", "ff02::1", "fd00::1:1"]) {
    test(`${source} is not its own`, () =>
      refuses(frame().ipv6({ source, destination: "fd99::9" })));
  }

  test("another MAC is not its own, whatever the address", () => {
    for (const mac of [b.mac, a.hostMac, "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"]) {
      refuses(frame(mac).ipv4({ source: a.ipv4, destination: b.ipv4 }));
      refuses(frame(mac).ipv6({ source: a.ipv6, destination: b.ipv6 }));
    }
  });

  test("the frame's destination does not matter", () => {
    const any = packet().ethernet({ source: a.mac, destination: "02:00:00:00:00:77" });
    const bytes = any.ipv4({ source: a.ipv4, destination: b.ipv4 }).udp(toPort).build();
    world.sends("a", bytes, "redirect");
  });

  test("a family that it does not have has no address, not even the unspecified", () => {
    world.state.setEndpoint({ ...a, ipv6: undefined });
    refuses(frame().ipv6({ source: a.ipv6, destination: b.ipv6 }));
    world.state.setEndpoint({ ...a, ipv4: undefined });
    refuses(frame().ipv4({ source: a.ipv4, destination: b.ipv4 }));
    refuses(frame().ipv4({ source: "0.0.0.0", destination: b.ipv4 }));
  });

  test("an IPv6 source of zeros is refused to a pod without IPv6", () => {
    world.state.setEndpoint({ ...a, ipv6: undefined });
    refuses(frame().ipv6({ source: "::", destination: b.ipv6 }));
  });

  test("a reply with another's source does not join the other's flow", () => {
    world.sends("b", tcp("b:1000", "x:80"), "continue");
    const forged = frame()
      .ipv4({ source: "10.0.0.2", destination: "192.0.2.9" })
      .tcp({ ...toPort, flags: ["RST"] });
    world.sends("a", forged.build(), {
      verdict: "drop invalid-source-ip",
      flows: ["tcp b:1000 > x:80"],
    });
  });

  test("in an empty slot none is", () => {
    world.state.removeEndpoint(a.slot);
    world.sends("a", tcp("a:1000", "b:80"), {
      verdict: "drop endpoint-not-ready",
      events: ["from-endpoint unknown 0@11 > 0@0 -/-"],
      flows: [],
    });
    world.receives("a", tcp("x:1000", "a:80"), {
      verdict: "drop endpoint-not-ready",
      events: ["from-stack unknown 0@0 > 0@11 -/-"],
    });
  });
});

void describe("a pod's destination", () => {
  const world = openWorld();
  const refuses = (built: PacketBuilder): void => {
    const verdict = "drop unknown-target";
    world.sends("a", built.udp(toPort).build(), { verdict, events: UNKNOWN_SOURCE, flows: [] });
  };
  for (const destination of [
    "0.0.0.0",
    "0.1.2.3",
    "127.0.0.1",
    "127.255.255.255",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
  ]) {
    test(`${destination} is nobody's`, () =>
      refuses(frame().ipv4({ source: a.ipv4, destination })));
  }
  for (const destination of ["::", "::1", "ff00::", "ff02::1", "ff0e::1", "ffff::1"]) {
    test(`${destination} is nobody's`, () =>
      refuses(frame().ipv6({ source: a.ipv6, destination })));
  }
  for (const destination of ["1.0.0.1", "126.0.0.1", "128.0.0.1", "223.255.255.255"]) {
    test(`${destination} may be somebody's`, () => {
      const bytes = frame().ipv4({ source: a.ipv4, destination }).udp(toPort).build();
      world.sends("a", bytes, "continue");
    });
  }
  for (const destination of ["::2", "::100", "fe80::1", "feff::1"]) {
    test(`${destination} may be somebody's`, () => {
      const bytes = frame().ipv6({ source: a.ipv6, destination }).udp(toPort).build();
      world.sends("a", bytes, "continue");
    });
  }
});

void describe("mapped addresses over IPv6", () => {
  const world = openWorld();
  const mapped: [source: string, destination: string][] = [
    [`::ffff:${a.ipv4}`, `::ffff:${b.ipv4}`],
    [a.ipv6, `::ffff:${b.ipv4}`],
    [`::ffff:${a.ipv4}`, b.ipv6],
    [a.ipv6, "::ffff:0.0.0.0"],
  ];
  for (const [source, destination] of mapped) {
    test(`${source} to ${destination} is refused at both hooks`, () => {
      const bytes = frame().ipv6({ source, destination }).udp(toPort).build();
      world.sends("a", bytes, { verdict: "drop invalid-packet", events: UNKNOWN_SOURCE });
      world.receives("b", bytes, {
        verdict: "drop invalid-packet",
        events: ["from-stack unknown 0@0 > 1002@12 -/-"],
      });
    });
  }
});

void describe("what comes to a pod", () => {
  const world = openWorld();

  for (const family of FAMILIES) {
    test(`is for its own address only, IPv${family}`, () => {
      const verdict = "drop unknown-target";
      const events = ["from-stack unknown 0@0 > 1001@11 -/-"];
      for (const [from, to] of [
        ["x", "b"],
        ["x", "w"],
        ["b", "x"],
      ] as const) {
        const bytes = udp(`${from}:1000`, `${to}:80`, family);
        world.receives("a", bytes, { verdict, events, flows: [] });
        world.receives("a", bytes, { verdict, events, flows: [] }, { cameBy: 0 });
      }
    });

    test(`by another device has no pod's and not the host's address, IPv${family}`, () => {
      const verdict = "drop invalid-source-ip";
      for (const bytes of [
        udp("b:1000", "a:80", family),
        tcp("b:1000", "a:80", "S", family),
        tcp("b:1000", "a:80", "A", family),
        echo("echo-request", "b", "a", 7, family),
        echo("echo-reply", "b", "a", 7, family),
      ]) {
        world.receives("a", bytes, {
          verdict,
          events: ["from-stack new 1002@12 > 1001@11 allowed/allowed"],
          flows: [],
        });
      }
      world.receives("a", udp("host:1000", "a:80", family), {
        verdict,
        events: ["from-stack new 1@0 > 1001@11 -/allowed"],
        flows: [],
      });
    });

    test(`by the sender's own device, or from the host itself, it may, IPv${family}`, () => {
      world.receives("a", udp("b:1000", "a:80", family), "continue", { cameBy: b.slot });
      world.receives("a", udp("b:1001", "a:80", family), "continue", { cameBy: 0 });
      world.receives("a", udp("host:1000", "a:80", family), "continue", { cameBy: 0 });
      world.receives("a", udp("x:1000", "a:80", family), "continue", { cameBy: UPLINK });
    });

    test(`forged packets of a known flow are refused, IPv${family}`, () => {
      world.sends("a", tcp("a:1000", "b:80", "S", family), "redirect");
      world.receives("a", tcp("b:80", "a:1000", "A", family), {
        verdict: "drop invalid-source-ip",
        events: ["from-stack reply 1002@12 > 1001@11 -/-"],
      });
      // Not even its end is taken from one.
      world.receives("a", tcp("b:80", "a:1000", "R", family), {
        verdict: "drop invalid-source-ip",
        flows: ["tcp a:1000 > b:80"],
      });
      world.receives("a", tcp("host:80", "a:1001", "A", family), "continue", { cameBy: 0 });
      world.receives("a", tcp("host:80", "a:1001", "A", family), "drop invalid-source-ip");
    });
  }

  test("that a source is forged counts for more than what policy says", () => {
    world.state.setPolicy(a.slot, [{ direction: "ingress", effect: "deny" }]);
    world.receives("a", udp("b:1000", "a:80"), {
      verdict: "drop invalid-source-ip",
      events: ["from-stack new 1002@12 > 1001@11 allowed/denied"],
    });
    assert.equal(world.rig.counts().ingress.get(132)?.packets, 1n);
  });

  test("an address that pods do not have is told apart from one that they have", () => {
    world.state.removeEndpoint(b.slot);
    world.receives("a", udp("b:1000", "a:80"), {
      verdict: "continue",
      events: ["to-endpoint new 2@0 > 1001@11 -/allowed"],
    });
  });
});
