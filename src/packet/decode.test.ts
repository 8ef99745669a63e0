import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesEqual, DecodeError } from "#base";
import {
  decodeLayers,
  type DecodeOptions,
  decodePacket,
  MAX_EXTENSION_HEADERS,
  MAX_TUNNELS,
  MAX_VLAN_TAGS,
  packet,
  type PacketBuilder,
} from "#packet";

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

/** The bytes of a packet without Ethernet, some of them set to other values. */
function changed(builder: PacketBuilder, values: Readonly<Record<number, number>>): Uint8Array {
  const bytes = builder.build();
  for (const [at, value] of Object.entries(values)) bytes[Number(at)] = value;
  return bytes;
}

/** Decodes from the IP header; both ways must say the same, the lenient one with these layers. */
function refuses(bytes: Uint8Array, message: RegExp, offset: number, kinds: string): void {
  const options = { from: "ip" } as const;
  const isExpected = (error: unknown): boolean =>
    error instanceof DecodeError && message.test(error.message) && error.offset === offset;
  assert.throws(() => decodePacket(bytes, options), isExpected);
  const { packet: decoded, error, rest } = decodeLayers(bytes, options);
  assert.ok(isExpected(error));
  assert.equal(decoded.layers.map(({ kind }) => kind).join(" "), kinds);
  assert.ok(bytesEqual(rest, bytes.subarray(bytes.length - rest.length)));
}

test("a packet cut short is refused at every length, and read as far as it goes", () => {
  const bytes = frame.ipv4(addresses).tcp(ports).payload("data").build();
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    assert.throws(() => decodePacket(cut), DecodeError);
    const { packet: decoded, error, rest } = decodeLayers(cut);
    const [kinds, end] =
      length < 14 ? ["", 0] : length < 34 ? ["ethernet", 14] : ["ethernet ipv4", 34];
    assert.equal(decoded.layers.map(({ kind }) => kind).join(" "), kinds);
    assert.equal(rest.length, length - end);
    assert.ok(error !== undefined && error.offset <= length);
  }
});

test("a header that is wrong is refused with its place", () => {
  const tcp = ip.tcp(ports);
  const udp = ip.udp(ports).payload("x");
  refuses(new Uint8Array(0), /1 byte of IP header needed/, 0, "");
  refuses(changed(tcp, { 0: 0x75 }), /IP version 7, not 4/, 0, "");
  refuses(changed(tcp, { 0: 0x44 }), /IPv4 header of 16 bytes/, 0, "");
  refuses(changed(tcp, { 0: 0x4f, 3: 60 }), /40 bytes of IPv4 options needed, 20 left/, 20, "");
  refuses(changed(tcp, { 3: 19 }), /total length of 19/, 2, "");
  refuses(changed(tcp, { 3: 41 }), /21 bytes of IPv4 payload needed, 20 left/, 20, "ipv4");
  refuses(changed(tcp, { 32: 0x40 }), /TCP header of 16 bytes/, 32, "ipv4");
  refuses(changed(tcp, { 32: 0x60 }), /4 bytes of TCP options needed, 0 left/, 40, "ipv4");
  refuses(changed(udp, { 25: 7 }), /UDP length of 7/, 24, "ipv4");
  refuses(changed(udp, { 25: 10 }), /2 bytes of UDP payload needed, 1 left/, 28, "ipv4 udp");
  refuses(ip6.build().subarray(0, 39), /40 bytes of IPv6 header needed, 39 left/, 0, "");
  refuses(changed(ip6, { 5: 1 }), /1 byte of IPv6 payload needed, 0 left/, 40, "ipv6");
  refuses(ip6.icmpv6({ message: "other", type: 135 }).build(), /20 bytes of neighbour/, 44, "ipv6");
  refuses(ip.icmp({ message: "other", type: 8 }).build(), /second half of an ICMP/, 24, "ipv4");
});

test("what the EtherType says must be there", () => {
  const four = frame.ipv6({ ...addresses6, version: 4 }).build();
  assert.throws(() => decodePacket(four), /IP version 4, not 6 \(at byte 14\)/);
  const six = frame.ipv4({ ...addresses, version: 6 }).build();
  assert.throws(() => decodePacket(six), /IP version 6, not 4 \(at byte 14\)/);
});

test("an option that is wrong is refused with its place", () => {
  const raw = (length: number) =>
    [{ kind: "raw", type: 99, data: new Uint8Array(2), length }] as const;
  const chunk = (length: number) => [{ type: 0, flags: 0, data: new Uint8Array(4), length }];
  const inIp = (length: number) =>
    packet()
      .ipv4({ ...addresses, options: raw(length) })
      .build();
  const inTcp = (length: number) => ip.tcp({ ...ports, options: raw(length) }).build();
  const inIp6 = (length: number) =>
    ip6
      .hopByHop({ options: raw(length) })
      .tcp(ports)
      .build();
  const inSctp = (length: number) => ip.sctp({ ...ports, chunks: chunk(length) }).build();
  for (const length of [0, 1]) {
    refuses(inIp(length), /IPv4 option without a length/, 20, "");
    refuses(inTcp(length), /TCP option without a length/, 40, "ipv4");
    refuses(inSctp(length), new RegExp(`SCTP chunk of ${length} bytes`), 32, "ipv4");
  }
  refuses(inIp(5), /IPv4 option of 5 bytes, 4 left/, 20, "");
  refuses(inTcp(5), /TCP option of 5 bytes, 4 left/, 40, "ipv4");
  refuses(inIp6(5), /IPv6 option of 7 bytes, 6 left/, 42, "ipv6");
  refuses(inSctp(9), /5 bytes of SCTP chunk needed, 4 left/, 36, "ipv4");
  const options = [{ kind: "raw", type: 1, data: new Uint8Array(6) }] as const;
  const solicitation = ip6.icmpv6({ message: "router-solicitation", options });
  refuses(changed(solicitation, { 49: 0 }), /option of length 0/, 48, "ipv6");
  refuses(changed(solicitation, { 49: 2 }), /16 bytes of a neighbour discovery option/, 48, "ipv6");
});

test("an option whose type byte is the last in its header is refused", () => {
  const options = [{ kind: "nop" }, { kind: "nop" }, { kind: "nop" }] as const;
  const inTcp = ip.tcp({ ...ports, options: [...options, { kind: "nop" }] });
  refuses(changed(inTcp, { 43: 8 }), /TCP option without a length/, 43, "ipv4");
  const pads = Array.from({ length: 6 }, () => ({ kind: "pad1" }) as const);
  const inIp6 = ip6.hopByHop({ options: pads }).tcp(ports);
  refuses(changed(inIp6, { 47: 1 }), /IPv6 option of 2 bytes, 1 left/, 47, "ipv6");
});

test("an extension header can be the last thing in a packet, whole", () => {
  const bytes = ip6.hopByHop().build();
  assert.equal(kindsOf(bytes, { from: "ip" }), "ipv6 hop-by-hop");
  refuses(changed(ip6.hopByHop(), { 41: 1 }), /14 bytes of IPv6 extension header/, 42, "ipv6");
  refuses(changed(ip6.payload("1234567"), { 6: 0 }), /8 bytes of IPv6 ext/, 40, "ipv6");
  refuses(changed(ip6.payload("1234567"), { 6: 44 }), /8 bytes of IPv6 fragment/, 40, "ipv6");
});

test("SACK without blocks stays raw", () => {
  const options = [{ kind: "raw", type: 5, data: new Uint8Array(0) }] as const;
  const { transport } = decodePacket(ip.tcp({ ...ports, options }).build(), { from: "ip" });
  assert.deepEqual(transport?.kind === "tcp" ? transport.options[0] : undefined, options[0]);
});

test("an option with a length that is not its type's stays raw", () => {
  const data = new Uint8Array(3);
  for (const type of [2, 3, 4, 5, 8]) {
    const options = [
      { kind: "raw", type, data },
      { kind: "end", padding: new Uint8Array(2) },
    ] as const;
    const { transport } = decodePacket(ip.tcp({ ...ports, options }).build(), { from: "ip" });
    assert.deepEqual(transport?.kind === "tcp" ? transport.options : [], options);
  }
});

test("ARP between other addresses is refused", () => {
  for (const at of [1, 3, 4, 5]) {
    const bytes = changed(frame.arp({}), { [14 + at]: 9 });
    const { packet: decoded, error } = decodeLayers(bytes);
    assert.equal(decoded.layers.length, 1);
    assert.equal(error?.message, "ARP between other addresses than Ethernet and IPv4 (at byte 14)");
  }
});

test("chains of headers have a limit", () => {
  const many = (count: number, start: PacketBuilder, more: (b: PacketBuilder) => PacketBuilder) =>
    Array.from({ length: count }).reduce<PacketBuilder>((builder) => more(builder), start);
  const tags = (count: number) =>
    many(count, frame, (b) => b.vlan({ id: 1 }))
      .payload("x")
      .build();
  assert.equal(decodePacket(tags(MAX_VLAN_TAGS)).layers.length, MAX_VLAN_TAGS + 2);
  assert.throws(
    () => decodePacket(tags(MAX_VLAN_TAGS + 1)),
    /more than 4 VLAN tags \(at byte 30\)/,
  );

  const headers = (count: number) =>
    many(count, ip6, (b) => b.destinationOptions())
      .tcp(ports)
      .build();
  const from = { from: "ip" } as const;
  assert.equal(decodePacket(headers(MAX_EXTENSION_HEADERS), from).layers.length, 10);
  assert.throws(
    () => decodePacket(headers(MAX_EXTENSION_HEADERS + 1), from),
    /more than 8 IPv6 ext/,
  );

  const tunnels = (count: number) =>
    many(count, ip, (b) => b.ipv4(addresses))
      .tcp(ports)
      .build();
  assert.equal(decodePacket(tunnels(MAX_TUNNELS), from).layers.length, MAX_TUNNELS + 2);
  assert.throws(
    () => decodePacket(tunnels(MAX_TUNNELS + 1), from),
    /more than 4 packets in packets/,
  );
});
