import { describe, test } from "node:test";
import { fromHex } from "#base";
import { packet, type PacketBuilder } from "#packet";
import { echo, type Family, ip, openWorld, PODS, tcp, udp, type World } from "./world.ts";

const ETHERNET_BYTES = 14;
/** The kernel runs no test on less than an IP header. */
const IP_BYTES = { 4: 20, 6: 40 } as const;
const FAMILIES: readonly Family[] = [4, 6];
const SYN = { sourcePort: 1000, destinationPort: 80, flags: ["SYN"] } as const;
const PORTS = { sourcePort: 1000, destinationPort: 80 };

/** At both hooks: from a, and to b. */
function drops(world: World, bytes: Uint8Array, verdict: string): void {
  world.sends("a", bytes, {
    verdict,
    events: ["from-endpoint unknown 1001@11 > 0@0 -/-"],
    flows: [],
  });
  world.receives(
    "b",
    bytes,
    { verdict, events: ["from-stack unknown 0@0 > 1002@12 -/-"], flows: [] },
    { cameBy: PODS.a.slot },
  );
}

function passes(world: World, bytes: Uint8Array, flows?: readonly string[]): void {
  const kept = flows === undefined ? {} : { flows };
  world.sends("a", bytes, { verdict: "redirect", ...kept });
  world.state.clearFlows();
  world.receives("b", bytes, { verdict: "continue", ...kept }, { cameBy: PODS.a.slot });
  world.state.clearFlows();
}

void describe("packets cut at every length", () => {
  const world = openWorld();
  const kinds: [name: string, bytes: (family: Family) => Uint8Array, headerBytes: number][] = [
    ["TCP", (family) => tcp("a:1000", "b:80", "S", family), 20],
    [
      "TCP with options",
      (family) =>
        ip("a", "b", family)
          .tcp({ ...SYN, options: [{ kind: "mss", value: 1460 }] })
          .build(),
      20,
    ],
    ["UDP", (family) => udp("a:1000", "b:80", family), 8],
    ["SCTP", (family) => ip("a", "b", family).sctp(PORTS).payload("xxxx").build(), 12],
    ["an echo", (family) => echo("echo-request", "a", "b", 7, family), 8],
  ];
  for (const family of FAMILIES) {
    for (const [name, make, headerBytes] of kinds) {
      test(`${name} over IPv${family} needs its header and no more`, () => {
        const whole = make(family);
        const needed = ETHERNET_BYTES + IP_BYTES[family] + headerBytes;
        world.rig.inside(() => {
          for (let length = ETHERNET_BYTES + IP_BYTES[family]; length <= whole.length; length++) {
            const cut = whole.slice(0, length);
            if (length < needed) drops(world, cut, "drop truncated-header");
            else passes(world, cut);
          }
        });
      });
    }
  }

  test("IPv4 options need to be there whole", () => {
    const whole = ipv4With(40).udp(PORTS).build();
    world.rig.inside(() => {
      for (let length = ETHERNET_BYTES + 20; length < whole.length; length++) {
        drops(world, whole.slice(0, length), "drop truncated-header");
      }
    });
    passes(world, whole);
  });

  test("IPv6 extension headers need to be there whole", () => {
    const whole = ip("a", "b", 6)
      .hopByHop()
      .destinationOptions({ options: [{ kind: "raw", type: 1, data: new Uint8Array(20) }] })
      .routing({})
      .fragmentHeader()
      .udp(PORTS)
      .build();
    world.rig.inside(() => {
      for (let length = ETHERNET_BYTES + 40; length < whole.length; length++) {
        drops(world, whole.slice(0, length), "drop truncated-header");
      }
    });
    passes(world, whole);
  });

  test("an extension header that says it is longer than the packet is cut, too", () => {
    const bytes = ip("a", "b", 6).hopByHop().udp(PORTS).build();
    for (const length of [2, 0x7f, 0xff]) {
      bytes[ETHERNET_BYTES + 40 + 1] = length;
      drops(world, bytes, "drop truncated-header");
    }
  });
});

function ipv4With(optionBytes: number, source = PODS.a): PacketBuilder {
  const options = Array.from({ length: optionBytes }, () => ({ kind: "nop" }) as const);
  const addresses = { source: source.ipv4, destination: PODS.b.ipv4 };
  return packet()
    .ethernet({ source: source.mac, destination: source.hostMac })
    .ipv4({ ...addresses, options });
}

void describe("headers that are none", () => {
  const world = openWorld();

  for (const [family, versions] of [
    [4, [0, 5, 6, 15]],
    [6, [0, 4, 5, 7, 15]],
  ] as const) {
    for (const version of versions) {
      test(`IPv${family} of version ${version}`, () => {
        const bytes = udp("a:1000", "b:80", family);
        const first = bytes[ETHERNET_BYTES] ?? 0;
        bytes[ETHERNET_BYTES] = (version << 4) | (first & 0x0f);
        drops(world, bytes, "drop truncated-header");
      });
    }
  }

  for (const words of [0, 1, 4]) {
    test(`IPv4 of ${words} words`, () => {
      const bytes = udp("a:1000", "b:80");
      bytes[ETHERNET_BYTES] = 0x40 | words;
      drops(world, bytes, "drop truncated-header");
    });
  }

  for (const type of [0x8035, 0x8847, 0x88cc, 0x0600, 0x05dc, 0x0000, 0xffff]) {
    test(`Ethernet's type ${type.toString(16)} is not IP`, () => {
      const bytes = udp("a:1000", "b:80");
      new DataView(bytes.buffer, bytes.byteOffset).setUint16(12, type);
      drops(world, bytes, "drop unsupported-l3");
    });
  }

  for (const type of ["8100", "88a8"]) {
    test(`a VLAN tag of type ${type} is refused, whatever is in it`, () => {
      const plain = udp("a:1000", "b:80");
      for (const inner of [plain.slice(12), fromHex("81000001080045"), new Uint8Array(2)]) {
        const bytes = Uint8Array.from([...plain.slice(0, 12), ...fromHex(`${type}0001`), ...inner]);
        world.sends("a", bytes, {
          verdict: "drop vlan",
          events: ["from-endpoint unknown 1001@11 > 0@0 -/-"],
        });
        world.receives("b", bytes, "drop unsupported-l3");
      }
    });
  }

  test("ICMP of the other family's is followed in neither", () => {
    const frame = packet().ethernet({ source: PODS.a.mac, destination: PODS.a.hostMac });
    const [v4, v6] = [
      { source: PODS.a.ipv4, destination: PODS.b.ipv4, protocol: 58 },
      { source: PODS.a.ipv6, destination: PODS.b.ipv6, nextHeader: 1 },
    ];
    for (const type of [0, 3, 8, 11, 128, 129, 134, 135]) {
      const message = Uint8Array.of(type, ...new Uint8Array(63));
      drops(world, frame.ipv4(v4).payload(message).build(), "drop unknown-transport");
      drops(world, frame.ipv6(v6).payload(message).build(), "drop unknown-transport");
    }
  });

  test("a tag hides no ARP", () => {
    const frame = packet().ethernet({ source: PODS.a.mac, destination: PODS.a.hostMac });
    world.sends("a", frame.vlan({ id: 1 }).arp({}).build(), "drop vlan");
  });

  for (const protocol of [0, 2, 4, 41, 47, 50, 51, 59, 89, 115, 135, 136, 253, 255]) {
    test(`protocol ${protocol} is followed in neither family`, () => {
      const payload = new Uint8Array(64);
      const addresses4 = { source: PODS.a.ipv4, destination: PODS.b.ipv4, protocol };
      const frame = packet().ethernet({ source: PODS.a.mac, destination: PODS.a.hostMac });
      drops(world, frame.ipv4(addresses4).payload(payload).build(), "drop unknown-transport");
      if (protocol === 0) return;
      const addresses6 = { source: PODS.a.ipv6, destination: PODS.b.ipv6, nextHeader: protocol };
      drops(world, frame.ipv6(addresses6).payload(payload).build(), "drop unknown-transport");
    });
  }
});

void describe("options and extension headers", () => {
  const world = openWorld();

  for (let optionBytes = 4; optionBytes <= 40; optionBytes += 4) {
    test(`${optionBytes} bytes of IPv4 options`, () => {
      passes(world, ipv4With(optionBytes).tcp(SYN).build(), ["tcp a:1000 > b:80"]);
      passes(world, ipv4With(optionBytes).udp(PORTS).build(), ["udp a:1000 > b:80"]);
    });
  }

  test("options do not hide whose address it is", () => {
    const forged = ipv4With(40, { ...PODS.a, ipv4: PODS.b.ipv4 })
      .udp(PORTS)
      .build();
    world.sends("a", forged, "drop invalid-source-ip");
  });

  const chains: [name: string, chain: (builder: PacketBuilder) => PacketBuilder][] = [
    ["hop-by-hop options", (builder) => builder.hopByHop()],
    ["destination options", (builder) => builder.destinationOptions()],
    ["a routing header", (builder) => builder.routing({})],
    ["an atomic fragment", (builder) => builder.fragmentHeader()],
    ["two of them", (builder) => builder.hopByHop().destinationOptions()],
    [
      "four of them",
      (builder) => builder.hopByHop().destinationOptions().routing({}).destinationOptions(),
    ],
    [
      "one of 264 bytes",
      (builder) =>
        builder.destinationOptions({
          options: [{ kind: "raw", type: 1, data: new Uint8Array(250) }],
        }),
    ],
  ];
  for (const [name, chain] of chains) {
    test(`IPv6 with ${name}: the ports are found`, () => {
      passes(
        world,
        chain(ip("a", "b", 6))
          .tcp(SYN)
          .build(),
        ["tcp a:1000 > b:80"],
      );
      passes(
        world,
        chain(ip("a", "b", 6))
          .udp(PORTS)
          .build(),
        ["udp a:1000 > b:80"],
      );
      const ping = { message: "echo-request", identifier: 7 } as const;
      passes(
        world,
        chain(ip("a", "b", 6))
          .icmpv6(ping)
          .build(),
        ["icmpv6 a:7 > b:0"],
      );
    });
  }

  test("five extension headers are too many", () => {
    const four = ip("a", "b", 6).hopByHop().destinationOptions().routing({}).destinationOptions();
    drops(world, four.destinationOptions().tcp(SYN).build(), "drop invalid-ipv6-extension");
    drops(world, four.fragmentHeader().tcp(SYN).build(), "drop invalid-ipv6-extension");
  });

  test("what is behind the packet in its frame does not matter", () => {
    passes(world, ip("a", "b").udp(PORTS).trailer(new Uint8Array(40)).build());
  });

  test("wrong checksums and lengths are for the receiver to see", () => {
    const wrong = ip("a", "b")
      .udp({ ...PORTS, checksum: 1 })
      .payload("x")
      .build();
    passes(world, wrong);
    new DataView(wrong.buffer, wrong.byteOffset).setUint16(ETHERNET_BYTES + 2, 0xffff);
    passes(world, wrong);
  });
});
