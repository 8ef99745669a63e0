import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionError, IpAddress, toHex } from "#base";
import {
  decodePacket,
  encodeLayers,
  type LayerDraft,
  packet,
  RoutingType,
  verifyChecksums,
} from "#packet";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const addresses6 = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1234, destinationPort: 80 };
const ip = packet().ipv4(addresses);
const ip6 = packet().ipv6(addresses6);

test("any field can be given a value that is not true", () => {
  const bytes = packet()
    .ipv4({
      ...addresses,
      version: 5,
      headerLength: 60,
      totalLength: 3,
      checksum: 0xdead,
      protocol: 99,
    })
    .udp({ ...ports, length: 1, checksum: 0xbeef })
    .payload("x")
    .build();
  assert.equal(toHex(bytes), "5f000003000000004063dead0a0000010a00000204d200500001beef78");
  const six = packet()
    .ipv6({ ...addresses6, version: 4, payloadLength: 9, nextHeader: 77 })
    .build();
  assert.equal(toHex(six.subarray(0, 8)), "4000000000094d40");
  const tcp = ip.tcp({ ...ports, headerLength: 60, reserved: 7, checksum: 1, flags: [] }).build();
  assert.equal(toHex(tcp.subarray(32)), "fe00faf000010000");
  const header = ip6.hopByHop({ headerLength: 2048 }).build();
  assert.equal(toHex(header.subarray(40)), "3bff010400000000");
  const icmp = ip.icmp({ message: "echo-request", type: 99, code: 7, checksum: 0 }).build();
  assert.equal(toHex(icmp.subarray(20)), "6307000000000000");
});

test("with a wrong length, the checksum is that of what is there", () => {
  const right = ip.tcp(ports).payload("abc").build();
  const wrong = packet()
    .ipv4({ ...addresses, totalLength: 9 })
    .tcp(ports)
    .payload("abc")
    .build();
  assert.deepEqual(wrong.subarray(20), right.subarray(20));
});

test("a UDP checksum that comes out as zero is written as its other form", () => {
  // The sum of everything else but these two bytes of payload, so that the whole is ffff.
  const first = decodePacket(ip.udp(ports).payload(new Uint8Array(2)).build(), { from: "ip" });
  assert.ok(first.transport?.kind === "udp");
  const { checksum } = first.transport;
  const bytes = ip
    .udp(ports)
    .payload(Uint8Array.of(checksum >> 8, checksum & 0xff))
    .build();
  assert.equal(toHex(bytes.subarray(26, 28)), "ffff");
  assert.deepEqual(verifyChecksums(bytes, { from: "ip" }), []);
});

test("a routing header with segments left says whose address the checksum is for", () => {
  const via = IpAddress.parse("fd00::9");
  const direct = packet().ipv6({ source: "fd00::1", destination: via }).tcp(ports).build();
  const checksum = toHex(direct.subarray(56, 58));
  const data = (before: number, after: number): Uint8Array =>
    Uint8Array.from([...new Uint8Array(before), ...via.bytes, ...new Uint8Array(after)]);
  const cases: [number, number, Uint8Array, boolean][] = [
    [RoutingType.source, 1, data(20, 0), true],
    [RoutingType.mobile, 1, data(4, 0), true],
    [RoutingType.segment, 1, data(4, 16), true],
    [RoutingType.segment, 0, data(4, 16), false],
    [RoutingType.source, 1, new Uint8Array(4), false],
    [99, 1, data(4, 0), false],
  ];
  for (const [routingType, segmentsLeft, route, isForVia] of cases) {
    const bytes = ip6.routing({ routingType, segmentsLeft, data: route }).tcp(ports).build();
    const isSame = toHex(bytes.subarray(-4, -2)) === checksum;
    assert.equal(isSame, isForVia, `type ${routingType}, ${route.length} bytes`);
  }
});

test("slips are refused", () => {
  const slips: (() => unknown)[] = [
    () => packet().ipv4({ source: "fd00::1", destination: "10.0.0.2" }).build(),
    () => packet().ipv6({ source: "10.0.0.1", destination: "fd00::2" }).build(),
    () => packet().ipv6({ source: IpAddress.parse("10.0.0.1"), destination: "fd00::2" }),
    () => ip.tcp({ sourcePort: 65_536, destinationPort: 80 }).build(),
    () => ip.tcp({ ...ports, headerLength: 21 }).build(),
    () =>
      packet()
        .ipv4({ ...addresses, fragmentOffset: 4 })
        .build(),
    () =>
      packet()
        .ipv4({ ...addresses, dscp: 64 })
        .build(),
    () => packet().vlan({ id: 4096 }).build(),
    () =>
      packet()
        .vxlan({ vni: 2 ** 24 })
        .build(),
    () => packet().tcp(ports).build(),
    () => ip.udp(ports).payload(new Uint8Array(70_000)).build(),
    () =>
      ip.tcp({ ...ports, options: [{ kind: "raw", type: 9, data: new Uint8Array(50) }] }).build(),
  ];
  for (const slip of slips) assert.throws(slip, AssertionError, String(slip));
});

test("numbers that do not fit their fields are slips", () => {
  const tooLarge: LayerDraft[] = [
    { kind: "vlan", id: 2 ** 12 },
    { kind: "vlan", priority: 2 ** 3 },
    { kind: "ipv4", version: 2 ** 4 },
    { kind: "ipv4", dscp: 2 ** 6 },
    { kind: "ipv4", ecn: 2 ** 2 },
    { kind: "ipv4", headerLength: 64 },
    { kind: "ipv4", fragmentOffset: 2 ** 16 },
    { kind: "ipv6", version: 2 ** 4 },
    { kind: "ipv6", dscp: 2 ** 6 },
    { kind: "ipv6", ecn: 2 ** 2 },
    { kind: "ipv6", flowLabel: 2 ** 20 },
    { kind: "hop-by-hop", headerLength: 2056 },
    { kind: "fragment", fragmentOffset: 2 ** 16 },
    { kind: "fragment", reservedBits: 2 ** 2 },
    { kind: "tcp", checksum: 0, reserved: 2 ** 3 },
    { kind: "tcp", checksum: 0, headerLength: 64 },
    { kind: "icmpv4", message: "parameter-problem", reserved: 2 ** 24 },
    { kind: "icmpv6", message: "router-advertisement", checksum: 0, reserved: 2 ** 6 },
    { kind: "icmpv6", message: "neighbour-advertisement", checksum: 0, reserved: 2 ** 29 },
    { kind: "vxlan", flags: 2 ** 8 },
    { kind: "vxlan", vni: 2 ** 24 },
    { kind: "vxlan", reserved: 2 ** 24 },
    { kind: "vxlan", reservedEnd: 2 ** 8 },
    { kind: "dns", opcode: 2 ** 4 },
    { kind: "dns", reserved: 2 },
    { kind: "dns", responseCode: 2 ** 4 },
    { kind: "vlan", id: -1 },
    { kind: "vlan", id: 0.5 },
  ];
  for (const draft of tooLarge) {
    assert.throws(() => encodeLayers([draft]), AssertionError, JSON.stringify(draft));
  }
});

test("every field has a default", () => {
  const zeros = (count: number): string => "00".repeat(count);
  const defaults: [LayerDraft, string][] = [
    [{ kind: "ethernet" }, "02000000000202000000000188b5"],
    [{ kind: "vlan" }, "000088b5"],
    [{ kind: "arp" }, `0001080006040001${zeros(20)}`],
    [{ kind: "ipv4" }, `4500001400000000403b7ab0${zeros(8)}`],
    [{ kind: "ipv6" }, `6000000000003b40${zeros(32)}`],
    [{ kind: "hop-by-hop" }, "3b00010400000000"],
    [{ kind: "destination-options" }, "3b00010400000000"],
    [{ kind: "routing" }, "3b00000000000000"],
    [{ kind: "fragment" }, "3b00000000000000"],
    [{ kind: "tcp", checksum: 0 }, `${zeros(12)}5010faf0${zeros(4)}`],
    [{ kind: "udp", checksum: 0 }, "0000000000080000"],
    [{ kind: "sctp", checksum: 0 }, zeros(12)],
    [{ kind: "icmpv4", message: "echo-request", checksum: 0 }, "0800000000000000"],
    [{ kind: "icmpv4", message: "unreachable", checksum: 0 }, "0300000000000000"],
    [{ kind: "icmpv4", message: "time-exceeded", checksum: 0 }, "0b00000000000000"],
    [{ kind: "icmpv4", message: "parameter-problem", checksum: 0 }, "0c00000000000000"],
    [{ kind: "icmpv4", message: "redirect", checksum: 0 }, "0500000000000000"],
    [{ kind: "icmpv4", message: "other", checksum: 0 }, "00000000"],
    [{ kind: "icmpv6", message: "echo-reply", checksum: 0 }, "8100000000000000"],
    [{ kind: "icmpv6", message: "unreachable", checksum: 0 }, "0100000000000000"],
    [{ kind: "icmpv6", message: "packet-too-big", checksum: 0 }, "0200000000000000"],
    [{ kind: "icmpv6", message: "parameter-problem", checksum: 0 }, "0400000000000000"],
    [{ kind: "icmpv6", message: "router-solicitation", checksum: 0 }, "8500000000000000"],
    [{ kind: "icmpv6", message: "router-advertisement", checksum: 0 }, `86${zeros(15)}`],
    [{ kind: "icmpv6", message: "neighbour-solicitation", checksum: 0 }, `87${zeros(23)}`],
    [{ kind: "icmpv6", message: "neighbour-advertisement", checksum: 0 }, `88${zeros(23)}`],
    [{ kind: "icmpv6", message: "redirect", checksum: 0 }, `89${zeros(39)}`],
    [{ kind: "icmpv6", message: "other", checksum: 0 }, "00000000"],
    [{ kind: "ports" }, "00000000"],
    [{ kind: "vxlan" }, "0800000000000000"],
    [{ kind: "dns" }, "000001000000000000000000"],
    [{ kind: "payload" }, ""],
    [{ kind: "trailer" }, ""],
  ];
  for (const [draft, hex] of defaults) {
    assert.equal(toHex(encodeLayers([draft])), hex, JSON.stringify(draft));
  }
});

test("the layers of a packet can be changed and encoded again", () => {
  const { layers } = decodePacket(ip.tcp(ports).payload("x").build(), { from: "ip" });
  const changed = layers.map((layer) => {
    if (layer.kind !== "ipv4") return layer;
    const { checksum: _, ...rest } = layer;
    return { ...rest, ttl: 1 };
  });
  const expected = packet()
    .ipv4({ ...addresses, ttl: 1 })
    .tcp(ports)
    .payload("x");
  assert.deepEqual(encodeLayers(changed), expected.build());
});
