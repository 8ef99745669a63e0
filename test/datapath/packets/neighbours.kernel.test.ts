import { describe, test } from "node:test";
import { fromHex } from "#base";
import { ArpOperation, packet, type PacketBuilder } from "#packet";
import { openWorld, PODS, type World } from "./world.ts";

const { a, b } = PODS;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const LATER = packet().ethernet({ source: a.mac, destination: BROADCAST });
const OTHER_MAC = "02:00:00:00:00:66";

interface ArpFields {
  from?: string;
  operation?: number;
  senderMac?: string;
  senderIp?: string;
  targetIp?: string;
}

function arp({
  from = a.mac,
  operation = ArpOperation.request,
  senderMac = a.mac,
  senderIp = a.ipv4,
  targetIp = b.ipv4,
}: ArpFields = {}): Uint8Array {
  const frame = packet().ethernet({ source: from, destination: BROADCAST });
  return frame.arp({ operation, senderMac, senderIp, targetIp }).build();
}

/** Whatever is asked for, the host's side of the cable has it. */
function arpAnswer(target: string): Uint8Array {
  return packet()
    .ethernet({ source: a.hostMac, destination: a.mac })
    .arp({
      operation: ArpOperation.reply,
      senderMac: a.hostMac,
      senderIp: target,
      targetMac: a.mac,
      targetIp: a.ipv4,
    })
    .build();
}

const FORBIDDEN = {
  verdict: "drop invalid-source-ip",
  events: ["from-endpoint unknown 1001@11 > 0@0 -/-"],
};
const IGNORED = { verdict: "ignore", events: [], flows: [] };

void describe("ARP of a pod", () => {
  const world = openWorld();

  for (const target of ["10.0.0.2", "10.0.0.254", "169.254.1.1", "8.8.8.8"]) {
    test(`a request for ${target} is answered with the host's side`, () => {
      const out = arpAnswer(target);
      world.sends("a", arp({ targetIp: target }), { verdict: "redirect", out, events: [] });
    });
  }

  test("what is behind the request stays behind the answer", () => {
    const padding = new Uint8Array(18);
    const out = Uint8Array.from([...arpAnswer(b.ipv4), ...padding]);
    world.sends("a", Uint8Array.from([...arp(), ...padding]), { verdict: "redirect", out });
  });

  const ignored: [name: string, request: Uint8Array][] = [
    ["for its own address", arp({ targetIp: a.ipv4 })],
    ["that is a probe", arp({ senderIp: "0.0.0.0" })],
    ["that is a probe of its own address", arp({ senderIp: "0.0.0.0", targetIp: a.ipv4 })],
    ["that is an answer", arp({ operation: ArpOperation.reply })],
    ["that is a reverse request", arp({ operation: 3 })],
  ];
  for (const [name, request] of ignored) {
    test(`a packet ${name} is for nobody`, () => void world.sends("a", request, IGNORED));
  }

  for (const [name, at, value] of [
    ["another hardware", 15, 6],
    ["another network", 17, 1],
    ["another length of hardware addresses", 18, 8],
    ["another length of network addresses", 19, 16],
  ] as const) {
    test(`a request with ${name} is for nobody`, () => {
      const request = arp();
      request[at] = value;
      world.sends("a", request, IGNORED);
    });
  }

  const forged: [name: string, request: Uint8Array][] = [
    ["in the frame's source", arp({ from: OTHER_MAC })],
    ["in the sender's MAC", arp({ senderMac: OTHER_MAC })],
    ["in the sender's address", arp({ senderIp: b.ipv4 })],
    ["in the sender's address, of an answer", arp({ senderIp: b.ipv4, operation: 2 })],
    ["in a gratuitous request", arp({ senderIp: b.ipv4, targetIp: b.ipv4 })],
  ];
  for (const [name, request] of forged) {
    test(`who is forged ${name} is refused`, () => void world.sends("a", request, FORBIDDEN));
  }

  test("cut at every length it is refused", () => {
    const whole = arp();
    for (let length = 15; length < whole.length; length++) {
      world.sends("a", whole.slice(0, length), FORBIDDEN);
    }
  });

  test("to the pod it is the host's own, and passes unseen, also before there is an endpoint", () => {
    world.receives("a", arp(), { verdict: "continue", events: [] });
    world.state.removeEndpoint(a.slot);
    world.receives("a", arp(), { verdict: "continue", events: [] });
    world.sends("a", arp(), {
      verdict: "drop endpoint-not-ready",
      events: ["from-endpoint unknown 0@11 > 0@0 -/-"],
    });
  });

  test("of a pod without IPv4 no address is its own", () => {
    world.state.setEndpoint({ ...a, ipv4: undefined });
    world.sends("a", arp(), FORBIDDEN);
    world.sends("a", arp({ senderIp: "0.0.0.0" }), IGNORED);
  });
});

const NODES_OF_B = "ff02::1:ff00:2";
const FORBIDDEN_V6 = {
  verdict: "drop forbidden-icmpv6",
  events: ["from-endpoint unknown 1001@11 > 0@0 -/-"],
};

function toNeighbours(source: string, destination = NODES_OF_B): PacketBuilder {
  return LATER.ipv6({ source, destination, hopLimit: 255 });
}

function solicitation(source: string, target: string, hasOption = true): Uint8Array {
  const options = hasOption ? [{ kind: "source-link-layer", address: a.mac } as const] : [];
  return toNeighbours(source)
    .icmpv6({ message: "neighbour-solicitation", target, options })
    .build();
}

function advertisement(target: string, destination = a.ipv6): Uint8Array {
  return packet()
    .ethernet({ source: a.hostMac, destination: a.mac })
    .ipv6({ source: target, destination, hopLimit: 255 })
    .icmpv6({
      message: "neighbour-advertisement",
      target,
      solicited: true,
      override: true,
      options: [{ kind: "target-link-layer", address: a.hostMac }],
    })
    .build();
}

void describe("neighbour discovery of a pod", () => {
  const world = openWorld();

  for (const target of ["fd00::2", "fd00::fe", "fe80::1", "2001:db8::1"]) {
    for (const hasOption of [true, false]) {
      const how = hasOption ? "with" : "without";
      test(`a solicitation of ${target} ${how} its option is answered with the host's side`, () => {
        const out = advertisement(target);
        world.sends("a", solicitation(a.ipv6, target, hasOption), {
          verdict: "redirect",
          out,
          events: [],
          flows: [],
        });
      });
    }
  }

  test("the answer to one that is longer has the usual length", () => {
    const request = Uint8Array.from([...solicitation(a.ipv6, "fd00::2"), ...new Uint8Array(100)]);
    world.sends("a", request, { verdict: "redirect", out: advertisement("fd00::2") });
  });

  test("a link-local asker is answered too", () => {
    world.sends("a", solicitation("fe80::a", "fd00::2"), {
      verdict: "redirect",
      out: advertisement("fd00::2", "fe80::a"),
    });
  });

  test("cut at every length it is refused", () => {
    const whole = solicitation(a.ipv6, "fd00::2", false);
    // The kernel runs no test on less than an IP header.
    for (let length = 54; length < whole.length; length++) {
      const verdict = length < 62 ? "drop truncated-header" : "drop forbidden-icmpv6";
      world.sends("a", whole.slice(0, length), verdict);
    }
  });

  test("a solicitation that is not plain is refused", () => {
    const fields = { message: "neighbour-solicitation", target: "fd00::2" } as const;
    world.sends("a", toNeighbours(a.ipv6).hopByHop().icmpv6(fields).build(), FORBIDDEN_V6);
    world.sends("a", toNeighbours(a.ipv6).fragmentHeader().icmpv6(fields).build(), FORBIDDEN_V6);
    world.sends(
      "a",
      toNeighbours(a.ipv6)
        .icmpv6({ ...fields, code: 1 })
        .build(),
      FORBIDDEN_V6,
    );
  });

  test("one that looks for its own address, or from none, is for nobody", () => {
    world.sends("a", solicitation(a.ipv6, a.ipv6), IGNORED);
    world.sends("a", solicitation("::", a.ipv6), IGNORED);
    world.sends("a", solicitation("::", "fd00::2"), IGNORED);
  });

  test("one from another MAC is refused", () => {
    const forged = solicitation(a.ipv6, "fd00::2");
    forged.set(fromHex("020000000066"), 6);
    world.sends("a", forged, FORBIDDEN);
  });

  for (const type of [130, 131, 132, 133, 136, 143]) {
    test(`ICMPv6 of type ${type} is for nobody, from any address`, () => {
      for (const source of [a.ipv6, "fe80::a", "::"]) {
        const body = new Uint8Array(24);
        const message = toNeighbours(source, "ff02::2").icmpv6({ message: "other", type, body });
        world.sends("a", message.build(), IGNORED);
        const behindOptions = toNeighbours(source, "ff02::16").hopByHop();
        world.sends("a", behindOptions.icmpv6({ message: "other", type, body }).build(), IGNORED);
      }
    });
  }

  for (const type of [134, 137]) {
    test(`ICMPv6 of type ${type}, which only routers send, is refused`, () => {
      const body = new Uint8Array(40);
      const message = toNeighbours(a.ipv6, b.ipv6).icmpv6({ message: "other", type, body });
      world.sends("a", message.build(), FORBIDDEN_V6);
    });
  }
});

void describe("neighbour discovery to a pod", () => {
  const world = openWorld();
  const message = (type: number): Uint8Array =>
    packet()
      .ethernet({ source: a.hostMac, destination: a.mac })
      .ipv6({ source: "fd00::fe", destination: "ff02::1", hopLimit: 255 })
      .icmpv6({ message: "other", type, body: new Uint8Array(40) })
      .build();

  for (const type of [130, 131, 132, 133, 134, 135, 136, 137, 143]) {
    test(`of type ${type}: the host's own passes, what was forwarded does not`, () => {
      receivesOnlyOwn(world, message(type));
    });
  }

  test("of other types it is not", () => {
    for (const type of [129, 138, 142, 144]) {
      world.receives("a", message(type), {
        verdict: "drop unknown-target",
        events: ["from-stack unknown 0@0 > 1001@11 -/-"],
      });
    }
  });

  test("is not carried by IPv4", () => {
    for (const type of [133, 135, 137]) {
      const disguised = packet()
        .ethernet({ source: a.hostMac, destination: a.mac })
        .ipv4({ source: "10.0.0.254", destination: a.ipv4, protocol: 58 })
        .payload(Uint8Array.of(type, ...new Uint8Array(31)))
        .build();
      world.receives("a", disguised, "drop unknown-transport", { cameBy: 0 });
    }
  });
});

function receivesOnlyOwn(world: World, message: Uint8Array): void {
  world.receives("a", message, { verdict: "continue", events: [], flows: [] }, { cameBy: 0 });
  world.receives("a", message, {
    verdict: "drop forbidden-icmpv6",
    events: ["from-stack unknown 0@0 > 1001@11 -/-"],
  });
}
