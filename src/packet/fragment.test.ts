import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionError, fromHex, toHex } from "#base";
import { decodePacket, fragmentPacket, IpProtocol, packet, verifyChecksums } from "#packet";
import { property } from "#test";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const addresses6 = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1234, destinationPort: 80 };
const frame = packet().ethernet({ source: "02:00:00:00:00:0a", destination: "02:00:00:00:00:0b" });
const counting = Uint8Array.from({ length: 2048 }, (_, index) => index);

/** The headers of frames of counting bytes, with how much of it is in each. */
function headersOf(frames: readonly Uint8Array[], header: number): [string, number][] {
  return frames.map((bytes) => [toHex(bytes.subarray(0, header)), bytes.length - header]);
}

test("the pieces of an IPv4 packet are those that Linux sent", () => {
  const pieces = frame
    .ipv4({ ...addresses, identification: 0xeed2 })
    .udp({ sourcePort: 0xbe56, destinationPort: 9 })
    .payload(counting)
    .fragments({ mtu: 1500 });
  const [first, second] = pieces;
  assert.ok(first && second && pieces.length === 2);
  assert.deepEqual(headersOf([first], 42), [
    ["02000000000b02000000000a0800450005dceed220004011523c0a0000010a000002be56000908081b7e", 1472],
  ]);
  assert.deepEqual(headersOf([second], 34), [
    ["02000000000b02000000000a080045000254eed200b94011750b0a0000010a000002", 576],
  ]);
});

test("the pieces of an IPv6 packet are those that Linux sent", () => {
  const pieces = frame
    .ipv6({ ...addresses6, flowLabel: 0x90647 })
    .udp({ sourcePort: 42187, destinationPort: 9 })
    .payload(counting)
    .fragments({ mtu: 1500, identification: 0x15c72699 });
  const ip = "fd000000000000000000000000000001fd000000000000000000000000000002";
  assert.deepEqual(headersOf(pieces, 62), [
    [`02000000000b02000000000a86dd6009064705b02c40${ip}1100000115c72699`, 1448],
    [`02000000000b02000000000a86dd6009064702682c40${ip}110005a815c72699`, 608],
  ]);
  assert.equal(toHex(pieces[0]?.subarray(62, 70) ?? fromHex("")), "a4cb000908084f07");
});

test("a packet that fits comes back as it was", () => {
  for (const builder of [frame.ipv4(addresses), frame.ipv6(addresses6)]) {
    const bytes = builder.udp(ports).payload("x").build();
    assert.deepEqual(fragmentPacket(bytes, { mtu: 49 }), [bytes]);
  }
});

test("options that are not copied become bytes that say nothing", () => {
  const data = Uint8Array.of(1, 2);
  const options = [
    { kind: "raw", type: 7, data },
    { kind: "raw", type: 0x94, data },
  ] as const;
  const pieces = packet()
    .ipv4({ ...addresses, options })
    .udp(ports)
    .payload("0123456789")
    .fragments({ mtu: 36 });
  const headers = pieces.map((bytes) => toHex(bytes.subarray(20, 28)));
  assert.deepEqual(headers, ["0704010294040102", "0101010194040102", "0101010194040102"]);
});

test("a fragment is cut again and keeps its place and that more follow", () => {
  const [first, , last] = packet()
    .ipv4({ ...addresses, fragmentOffset: 80, moreFragments: true, protocol: IpProtocol.udp })
    .payload(new Uint8Array(40))
    .fragments({ mtu: 36 })
    .map((bytes) => decodePacket(bytes, { from: "ip" }).ip);
  assert.ok(first?.kind === "ipv4" && last?.kind === "ipv4");
  assert.deepEqual([first.fragmentOffset, first.moreFragments], [80, true]);
  assert.deepEqual([last.fragmentOffset, last.moreFragments], [112, true]);
});

test("every piece of an IPv6 packet has the headers that routers look at, and no others", () => {
  const pieces = packet()
    .ipv6(addresses6)
    .hopByHop()
    .destinationOptions()
    .routing({ data: new Uint8Array(4) })
    .destinationOptions()
    .udp(ports)
    .payload("0123456789")
    .fragments({ mtu: 88, identification: 1 });
  const kinds = pieces.map((bytes) =>
    decodePacket(bytes, { from: "ip" })
      .layers.map(({ kind }) => kind)
      .join(" "),
  );
  const front = "ipv6 hop-by-hop destination-options routing fragment";
  assert.deepEqual(
    kinds,
    [`${front} destination-options udp`, `${front} payload`, `${front} payload`].slice(
      0,
      kinds.length,
    ),
  );
  assert.equal(pieces.length, 2);
});

test("destination options without a routing header are for the receiver, and cut with the rest", () => {
  const [first] = packet()
    .ipv6(addresses6)
    .destinationOptions()
    .udp(ports)
    .payload("0123456789")
    .fragments({ mtu: 64, identification: 1 });
  assert.ok(first);
  const { layers } = decodePacket(first, { from: "ip" });
  assert.equal(layers.map(({ kind }) => kind).join(" "), "ipv6 fragment destination-options udp");
});

test("what cannot be cut is refused", () => {
  const cut = (bytes: Uint8Array, mtu: number) => () => fragmentPacket(bytes, { mtu });
  const whole = frame.ipv4(addresses).udp(ports).payload("x");
  assert.throws(cut(whole.build(), 27), AssertionError);
  assert.throws(cut(frame.arp({}).build(), 1500), AssertionError);
  const atomic = frame.ipv6(addresses6).fragmentHeader().udp(ports).payload("x");
  assert.throws(cut(atomic.build(), 56), AssertionError);
});

property(
  "the payloads of the pieces are that of the packet",
  fc.record({
    isV4: fc.boolean(),
    length: fc.integer({ min: 0, max: 500 }),
    mtu: fc.integer({ min: 56, max: 300 }),
  }),
  ({ isV4, length, mtu }) => {
    const ip = isV4 ? frame.ipv4(addresses) : frame.ipv6(addresses6);
    const whole = ip.udp(ports).payload(counting.subarray(0, length));
    const headerBytes = isV4 ? 34 : 54;
    const pieces = whole.fragments({ mtu });
    const payloads: number[] = [];
    for (const bytes of pieces) {
      assert.ok(bytes.length - 14 <= mtu);
      assert.deepEqual(verifyChecksums(bytes), []);
      const { layers } = decodePacket(bytes);
      const piece = layers.find((layer) => layer.kind === "fragment" || layer.kind === "ipv4");
      if (pieces.length === 1) return;
      assert.ok(piece?.kind === "fragment" || piece?.kind === "ipv4");
      assert.equal(piece.fragmentOffset, payloads.length);
      assert.equal(piece.moreFragments, bytes !== pieces.at(-1));
      payloads.push(...bytes.subarray(headerBytes + (isV4 ? 0 : 8)));
    }
    assert.equal(toHex(Uint8Array.from(payloads)), toHex(whole.build().subarray(headerBytes)));
  },
);
