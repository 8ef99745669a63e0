import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex } from "#base";
import { type DecodeOptions, decodePacket, IpProtocol, packet } from "#packet";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const addresses6 = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1234, destinationPort: 80 };
const frame = packet().ethernet();
const ip = packet().ipv4(addresses);
const ip6 = packet().ipv6(addresses6);

function kindsOf(bytes: Uint8Array, options: DecodeOptions = {}): string {
  return decodePacket(bytes, options)
    .layers.map(({ kind }) => kind)
    .join(" ");
}

test("of a fragment but the first only the IP header is read", () => {
  const later = { ...addresses, fragmentOffset: 8, protocol: IpProtocol.tcp };
  assert.equal(kindsOf(frame.ipv4(later).payload("x").build()), "ethernet ipv4 payload");
  const piece = ip6.fragmentHeader({ fragmentOffset: 8, nextHeader: IpProtocol.tcp }).payload("x");
  assert.equal(kindsOf(piece.build(), { from: "ip" }), "ipv6 fragment payload");
});

test("a first fragment need not be all that its headers say", () => {
  const udp = { ...ports, length: 2000 };
  const first = { ...addresses, moreFragments: true };
  assert.equal(
    kindsOf(frame.ipv4(first).udp(udp).payload("x").build()),
    "ethernet ipv4 udp payload",
  );
  const piece = ip6.fragmentHeader({ moreFragments: true }).udp(udp).payload("x").build();
  assert.equal(kindsOf(piece, { from: "ip" }), "ipv6 fragment udp payload");
  const tiny = frame
    .ipv4({ ...first, protocol: IpProtocol.tcp })
    .payload(fromHex("04d2005000000001"));
  const { transport } = decodePacket(tiny.build());
  assert.deepEqual(transport, { kind: "ports", ...ports });
});

test("a prefix is read to its end, however short", () => {
  const options = { from: "ip", isPrefix: true } as const;
  const layers: [number, string][] = [
    [40, "ipv4 tcp payload"],
    [39, "ipv4 ports payload"],
    [25, "ipv4 ports payload"],
    [24, "ipv4 ports"],
    [23, "ipv4 payload"],
    [20, "ipv4"],
  ];
  const tcp = ip
    .tcp({ ...ports, options: [] })
    .payload("some data")
    .build();
  for (const [length, kinds] of layers) {
    const bytes = tcp.subarray(0, length === 40 ? 41 : length);
    assert.equal(kindsOf(bytes, options), kinds, `${length} bytes`);
  }
  const withOptions = ip.tcp({ ...ports, options: [{ kind: "mss", value: 1 }] }).build();
  assert.equal(kindsOf(withOptions.subarray(0, 43), options), "ipv4 ports payload");
  const udp = ip.udp(ports).payload("data").build();
  assert.equal(kindsOf(udp.subarray(0, 30), options), "ipv4 udp payload");
  assert.equal(kindsOf(udp.subarray(0, 27), options), "ipv4 ports payload");
  const ping = ip.icmp({ message: "echo-request" }).payload("data").build();
  assert.equal(kindsOf(ping.subarray(0, 29), options), "ipv4 icmpv4 payload");
  assert.equal(kindsOf(ping.subarray(0, 27), options), "ipv4 payload");
});

test("of a list that a prefix cuts off the whole elements are read", () => {
  const options = { from: "ip", isPrefix: true } as const;
  const chunks = [1, 2].map((type) => ({ type, flags: 0, data: new Uint8Array(4) }));
  const sctp = ip.sctp({ ...ports, chunks }).build();
  const { transport, payload } = decodePacket(sctp.subarray(0, 45), options);
  assert.deepEqual(transport?.kind === "sctp" ? transport.chunks : [], chunks.slice(0, 1));
  assert.equal(payload.length, 5);
  assert.equal(kindsOf(sctp.subarray(0, 42), options), "ipv4 sctp payload");
  assert.equal(kindsOf(sctp.subarray(0, 31), options), "ipv4 ports payload");

  const long = [{ type: 0, flags: 0, data: new Uint8Array(300) }];
  assert.equal(kindsOf(ip.sctp({ ...ports, chunks: long }).build(), options), "ipv4 sctp");

  const mtu = { kind: "mtu", mtu: 1500 } as const;
  const router = ip6.icmpv6({ message: "router-advertisement", options: [mtu, mtu] }).build();
  const message = (length: number): unknown => {
    const { transport: icmp } = decodePacket(router.subarray(0, length), options);
    return icmp?.kind === "icmpv6" && "options" in icmp ? icmp.options : icmp?.kind;
  };
  assert.deepEqual(message(router.length), [mtu, mtu]);
  assert.deepEqual(message(router.length - 1), [mtu]);
  assert.deepEqual(message(router.length - 7), [mtu]);
  assert.deepEqual(message(router.length - 8), [mtu]);
  assert.deepEqual(message(48), "icmpv6");
});
