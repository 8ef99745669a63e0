import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DNS_CLASS_INTERNET,
  DnsResponseCode,
  DnsType,
  decodePacket,
  EtherType,
  formatPacket,
  Icmpv4UnreachableCode,
  Icmpv6Type,
  Icmpv6UnreachableCode,
  packet,
  type PacketBuilder,
  SctpChunkType,
} from "#packet";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const ip = packet().ipv4(addresses);
const ip6 = packet().ipv6({ source: "fd00::1", destination: "fd00::2" });
const ports = { sourcePort: 1234, destinationPort: 80 };

function reads(builder: PacketBuilder, expected: string): void {
  assert.equal(formatPacket(builder.build(), { from: "ip" }), expected);
}

test("transport protocols", () => {
  reads(
    ip.tcp({ ...ports, sequence: 1, flags: ["SYN"] }),
    "10.0.0.1:1234 > 10.0.0.2:80 TCP SYN seq 1 win 64240",
  );
  reads(
    ip6
      .tcp({ ...ports, acknowledgement: 9, flags: ["ACK", "URG"], urgentPointer: 3 })
      .payload("abc"),
    "[fd00::1]:1234 > [fd00::2]:80 TCP ACK,URG seq 0 ack 9 win 64240 urg 3 len 3",
  );
  reads(
    ip.tcp({ ...ports, flags: [] }),
    "10.0.0.1:1234 > 10.0.0.2:80 TCP no-flags seq 0 win 64240",
  );
  reads(ip.udp(ports).payload("abc"), "10.0.0.1:1234 > 10.0.0.2:80 UDP len 3");
  const types = [SctpChunkType.initAck, SctpChunkType.data, 0xc0];
  const chunks = types.map((type) => ({ type, flags: 0, data: new Uint8Array(0) }));
  reads(ip.sctp({ ...ports, chunks }), "10.0.0.1:1234 > 10.0.0.2:80 SCTP INIT_ACK,DATA,chunk-192");
  reads(ip.sctp(ports), "10.0.0.1:1234 > 10.0.0.2:80 SCTP");
  reads(
    packet()
      .ipv4({ ...addresses, protocol: 47 })
      .payload("x"),
    "10.0.0.1 > 10.0.0.2 protocol 47 len 1",
  );
  reads(ip6, "fd00::1 > fd00::2 no next header");
});

test("TCP options, but for what only fills space", () => {
  reads(
    ip.tcp({
      ...ports,
      options: [
        { kind: "nop" },
        { kind: "sack", blocks: [{ left: 1, right: 2 }] },
        { kind: "timestamps", value: 7, echo: 8 },
        { kind: "raw", type: 30, data: new Uint8Array(2) },
        { kind: "end", padding: new Uint8Array(1) },
      ],
    }),
    "10.0.0.1:1234 > 10.0.0.2:80 TCP ACK seq 0 ack 0 win 64240 options [sack 1-2, ts 7 8, option-30]",
  );
});

test("ICMP errors name what they are about", () => {
  const embedded = ip.udp(ports).build();
  reads(
    ip.icmp({
      message: "unreachable",
      code: Icmpv4UnreachableCode.fragmentationNeeded,
      mtu: 1400,
      embedded,
    }),
    "10.0.0.1 > 10.0.0.2 ICMP unreachable fragmentation needed mtu 1400 [10.0.0.1:1234 > 10.0.0.2:80 UDP len 0]",
  );
  reads(
    ip.icmp({ message: "unreachable", code: 99 }),
    "10.0.0.1 > 10.0.0.2 ICMP unreachable code 99",
  );
  reads(
    ip.icmp({ message: "time-exceeded", embedded: embedded.subarray(0, 24) }),
    "10.0.0.1 > 10.0.0.2 ICMP time-exceeded code 0 [10.0.0.1:1234 > 10.0.0.2:80 UDP cut off]",
  );
  reads(
    ip6.icmpv6({ message: "unreachable", code: Icmpv6UnreachableCode.port }),
    "fd00::1 > fd00::2 ICMPv6 unreachable port",
  );
  reads(
    ip6.icmpv6({
      message: "other",
      type: Icmpv6Type.multicastListenerReport2,
      body: new Uint8Array(4),
    }),
    "fd00::1 > fd00::2 ICMPv6 type 143 code 0",
  );
});

test("errors about errors about errors are shown one deep", () => {
  let bytes = ip.udp(ports).build();
  for (let depth = 0; depth < 1000; depth++) {
    bytes = ip.icmp({ message: "time-exceeded", embedded: bytes }).build();
  }
  const error = "10.0.0.1 > 10.0.0.2 ICMP time-exceeded code 0";
  assert.equal(formatPacket(bytes, { from: "ip" }), `${error} [${error}]`);
});

test("of many SCTP chunks some are named", () => {
  const chunks = Array.from({ length: 9 }, () => ({ type: 0, flags: 0, data: new Uint8Array(0) }));
  const text = formatPacket(ip.sctp({ ...ports, chunks }).build(), { from: "ip" });
  assert.match(text, /SCTP (?:DATA,){8}…$/);
});

test("DNS", () => {
  const query = ip.udp({ sourcePort: 5000, destinationPort: 53 });
  const answer = ip.udp({ sourcePort: 53, destinationPort: 5000 });
  reads(
    query.dns({ id: 7, questions: [{ name: "a.example" }, { name: ".", type: 4711 }] }),
    "10.0.0.1:5000 > 10.0.0.2:53 DNS query 7 A? a.example. TYPE4711? .",
  );
  const responseCode = DnsResponseCode.NXDOMAIN;
  const question = { name: "a.example", type: DnsType.AAAA, class: DNS_CLASS_INTERNET };
  reads(
    answer.dns({ id: 7, isResponse: true, responseCode, questions: [question] }),
    "10.0.0.1:53 > 10.0.0.2:5000 DNS response 7 NXDOMAIN AAAA? a.example. answers 0",
  );
  reads(
    answer.dns({ isResponse: true, responseCode: 15 }),
    "10.0.0.1:53 > 10.0.0.2:5000 DNS response 0 RCODE15 answers 0",
  );
});

test("fragments", () => {
  const [first, second] = ip
    .udp(ports)
    .payload("0123456789")
    .fragments({ mtu: 36, identification: 7 });
  assert.ok(first && second);
  const options = { from: "ip" } as const;
  assert.equal(
    formatPacket(first, options),
    "10.0.0.1:1234 > 10.0.0.2:80 UDP len 10 frag id 7 offset 0+",
  );
  assert.equal(formatPacket(second, options), "10.0.0.1 > 10.0.0.2 UDP len 2 frag id 7 offset 16");
  const [, last] = ip6.udp(ports).payload("0123456789").fragments({ mtu: 57, identification: 7 });
  assert.ok(last);
  assert.equal(formatPacket(last, options), "fd00::1 > fd00::2 UDP len 8 frag id 7 offset 8+");
});

test("frames", () => {
  const frame = packet().ethernet();
  const odd = frame
    .vlan({ id: 5 })
    .vlan({ id: 6, etherType: EtherType.localExperiment })
    .payload("x");
  const text = "vlan 5 vlan 6 02:00:00:00:00:01 > 02:00:00:00:00:02 ethertype 0x88b5 len 1";
  assert.equal(formatPacket(odd.build()), text);
  const arp = { senderIp: "10.0.0.1", targetIp: "10.0.0.2" };
  assert.equal(formatPacket(frame.arp(arp).build()), "ARP who-has 10.0.0.2 tell 10.0.0.1");
  const other = frame.arp({ ...arp, operation: 9 }).build();
  assert.equal(formatPacket(other), "ARP operation 9 10.0.0.1 10.0.0.2");
});

test("a mapped address in an IPv6 header does not look like IPv4", () => {
  const mapped = packet().ipv6({ source: "::ffff:10.0.0.1", destination: "fd00::2" });
  reads(mapped.udp(ports), "[::ffff:10.0.0.1]:1234 > [fd00::2]:80 UDP len 0");
});

test("what is no packet is shown as far as it goes, with the reason", () => {
  const bytes = packet().ethernet().ipv4(addresses).tcp(ports).build();
  const why = "(20 bytes of IPv4 payload needed, 19 left (at byte 34))";
  assert.equal(formatPacket(bytes.subarray(0, -1)), `10.0.0.1 > 10.0.0.2 TCP ${why}`);
  assert.equal(
    formatPacket(new Uint8Array(0)),
    "(14 bytes of Ethernet header needed, 0 left (at byte 0))",
  );
});

test("what is decoded already is not decoded again", () => {
  const decoded = decodePacket(ip.udp(ports).build(), { from: "ip" });
  assert.equal(formatPacket(decoded), "10.0.0.1:1234 > 10.0.0.2:80 UDP len 0");
});
