import assert from "node:assert/strict";
import { test } from "node:test";
import { IpAddress, MacAddress, toHex } from "#base";
import {
  ArpOperation,
  decodePacket,
  EtherType,
  IpProtocol,
  packet,
  type PacketBuilder,
  TCP_FLAGS,
} from "#packet";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const addresses6 = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1234, destinationPort: 80 };
const frame = packet().ethernet({ source: "02:00:00:00:00:0a", destination: "02:00:00:00:00:0b" });
const ip = packet().ipv4(addresses);
const ip6 = packet().ipv6(addresses6);

test("what the builder makes is what Linux sent", () => {
  const syn = frame.ipv4({ ...addresses, identification: 14890, dontFragment: true }).tcp({
    sourcePort: 36870,
    destinationPort: 8080,
    sequence: 1686772754,
    flags: ["SYN"],
    options: [
      { kind: "mss", value: 1460 },
      { kind: "sack-permitted" },
      { kind: "timestamps", value: 2398233868, echo: 0 },
      { kind: "nop" },
      { kind: "window-scale", shift: 10 },
    ],
  });
  assert.equal(
    toHex(syn.build()),
    "02000000000b02000000000a08004500003c3a2a40004006ec8f0a0000010a00000290061f90648a1c12" +
      "00000000a002faf054d80000020405b40402080a8ef2250c000000000103030a",
  );

  const query = frame
    .ipv4({ ...addresses, identification: 0xeed3, dontFragment: true })
    .udp({ sourcePort: 36731, destinationPort: 53 })
    .dns({ id: 7, questions: [{ name: "api.stripe.com" }] });
  assert.equal(
    toHex(query.build()),
    "02000000000b02000000000a08004500003ceed34000401137db0a0000010a0000028f7b00350028cd4d" +
      "000701000001000000000000036170690673747269706503636f6d0000010001",
  );

  const ping = frame
    .ipv4({ ...addresses, identification: 0x4cb1, dontFragment: true })
    .icmp({ message: "echo-request", identifier: 7, sequence: 1 })
    .payload("abcdefgh");
  assert.equal(
    toHex(ping.build()),
    "02000000000b02000000000a0800450000244cb140004001da250a0000010a000002" +
      "08006662000700016162636465666768",
  );
});

test("what the builder makes over IPv6 is what Linux sent", () => {
  const advertisement = packet()
    .ethernet({ source: "02:00:00:00:00:0b", destination: "02:00:00:00:00:0a" })
    .ipv6({ source: "fd00::2", destination: "fd00::1", hopLimit: 255 })
    .icmpv6({
      message: "neighbour-advertisement",
      target: "fd00::2",
      solicited: true,
      override: true,
      options: [{ kind: "target-link-layer", address: "02:00:00:00:00:0b" }],
    });
  assert.equal(
    toHex(advertisement.build()),
    "02000000000a02000000000b86dd6000000000203afffd000000000000000000000000000002" +
      "fd00000000000000000000000000000188001c9160000000fd000000000000000000000000000002" +
      "020102000000000b",
  );
  const ping = frame
    .ipv6({ ...addresses6, flowLabel: 0x82546 })
    .icmpv6({ message: "echo-request", identifier: 7, sequence: 1 })
    .payload("abcdefgh");
  assert.equal(
    toHex(ping.build()),
    "02000000000b02000000000a86dd6008254600103a40fd000000000000000000000000000001" +
      "fd0000000000000000000000000000028000f412000700016162636465666768",
  );
});

test("addresses are text or values", () => {
  const source = IpAddress.parse("10.0.0.1");
  const destination = IpAddress.parse("10.0.0.2");
  assert.deepEqual(packet().ipv4({ source, destination }).build(), ip.build());
  const mac = MacAddress.parse("02:00:00:00:00:0a");
  const built = packet().ethernet({ source: mac, destination: "02:00:00:00:00:0b" }).build();
  assert.deepEqual(built, frame.build());
});

test("a builder can be kept, and each call on it begins there", () => {
  const before = ip.build();
  const [tcp, udp] = [ip.tcp(ports).build(), ip.udp(ports).build()];
  assert.deepEqual(ip.build(), before);
  assert.equal(decodePacket(tcp, { from: "ip" }).transport?.kind, "tcp");
  assert.equal(decodePacket(udp, { from: "ip" }).transport?.kind, "udp");
});

test("what follows says the types of what is before it", () => {
  const types = (builder: PacketBuilder): number[] =>
    decodePacket(builder.build()).layers.flatMap((layer) =>
      "etherType" in layer ? [layer.etherType] : [],
    );
  const tagged = frame.vlan({ id: 1 });
  assert.deepEqual(types(frame.arp({})), [EtherType.arp]);
  assert.deepEqual(types(frame.ipv4(addresses)), [EtherType.ipv4]);
  assert.deepEqual(types(frame.ipv6(addresses6)), [EtherType.ipv6]);
  assert.deepEqual(types(frame.payload("x")), [EtherType.localExperiment]);
  assert.deepEqual(types(tagged.ipv4(addresses)), [EtherType.vlan, EtherType.ipv4]);
  assert.deepEqual(types(tagged.vlan({ id: 2 }).ipv6(addresses6)), [
    EtherType.serviceVlan,
    EtherType.vlan,
    EtherType.ipv6,
  ]);

  const protocols = (builder: PacketBuilder): number[] =>
    decodePacket(builder.build(), { from: "ip" }).layers.flatMap((layer) =>
      layer.kind === "ipv4" ? [layer.protocol] : "nextHeader" in layer ? [layer.nextHeader] : [],
    );
  assert.deepEqual(protocols(ip.ipv6(addresses6)), [IpProtocol.ipv6, IpProtocol.none]);
  assert.deepEqual(protocols(ip.ipv4(addresses).payload("x")), [
    IpProtocol.ipv4,
    IpProtocol.experiment,
  ]);
  assert.deepEqual(protocols(ip.icmp({ message: "echo-request" })), [IpProtocol.icmp]);
  assert.deepEqual(protocols(ip6.icmpv6({ message: "echo-request" })), [IpProtocol.icmpv6]);
  assert.deepEqual(protocols(ip.sctp(ports)), [IpProtocol.sctp]);
  assert.deepEqual(protocols(ip.udp(ports)), [IpProtocol.udp]);
  const chain = ip6.hopByHop().destinationOptions().routing({}).fragmentHeader().tcp(ports);
  assert.deepEqual(protocols(chain), [
    IpProtocol.hopByHop,
    IpProtocol.destinationOptions,
    IpProtocol.routing,
    IpProtocol.fragment,
    IpProtocol.tcp,
  ]);
});

test("flags come in any order and go out in that of their bits", () => {
  const tcp = (flags: readonly (typeof TCP_FLAGS)[number][]) => {
    const { transport } = decodePacket(ip.tcp({ ...ports, flags }).build(), { from: "ip" });
    return transport?.kind === "tcp" ? transport.flags : undefined;
  };
  assert.deepEqual(tcp(["ACK", "SYN"]), ["SYN", "ACK"]);
  assert.deepEqual(tcp(TCP_FLAGS.toReversed()), TCP_FLAGS);
  assert.deepEqual(tcp([]), []);
  assert.equal(tcp(["SYN"]), tcp(["SYN"]));
});

test("an ARP reply", () => {
  const reply = {
    operation: ArpOperation.reply,
    senderMac: "02:00:00:00:00:0b",
    senderIp: "10.0.0.2",
  };
  const target = { targetMac: "02:00:00:00:00:0a", targetIp: "10.0.0.1" };
  assert.equal(
    toHex(
      packet()
        .arp({ ...reply, ...target })
        .build(),
    ),
    "000108000604000202000000000b0a00000202000000000a0a000001",
  );
});
