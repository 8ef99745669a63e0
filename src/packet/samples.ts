import { fromHex } from "#base";
import { packet, type PacketBuilder } from "./builder.ts";
import { ArpOperation, DnsType, IpProtocol, SctpChunkType } from "./constants.ts";
import { decodePacket } from "./decode.ts";
import type { LayerKind } from "./layers.ts";

interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly from: "ethernet" | "ip";
}

const frame = packet().ethernet({ source: "02:00:00:00:00:0a", destination: "02:00:00:00:00:0b" });
const v4 = packet().ipv4({ source: "10.0.0.1", destination: "10.0.0.2" });
const v6 = packet().ipv6({ source: "fd00::1", destination: "fd00::2" });
const framed4 = frame.ipv4({ source: "10.0.0.1", destination: "10.0.0.2" });
const framed6 = frame.ipv6({ source: "fd00::1", destination: "fd00::2" });
const ports = { sourcePort: 40_000, destinationPort: 80 };

/**
 * A packet of every kind that this module reads, all of them right: what fuzzers begin with, and
 * what tests go through that say something of all packets.
 */
export function samples(): Sample[] {
  const groups = [linkSamples(), ipSamples(), transportSamples(), icmpSamples(), tunnelSamples()];
  return groups.flatMap((group) =>
    Object.entries(group).map(([name, builder]) => {
      const from = name.startsWith("ip ") ? "ip" : "ethernet";
      return { name, bytes: builder.build(), from };
    }),
  );
}

/** What the samples have from a layer of this kind on, to the end: input for its decoder alone. */
export function sampleParts(kind: LayerKind): Uint8Array[] {
  return samples().flatMap(({ bytes, from }) => {
    const { layers, offsets } = decodePacket(bytes, { from });
    return offsets.filter((_, index) => layers[index]?.kind === kind).map((at) => bytes.slice(at));
  });
}

type Builders = Readonly<Record<string, PacketBuilder>>;

function linkSamples(): Builders {
  return {
    "unknown ethertype": frame.payload("?"),
    "ARP request": frame.arp({ senderIp: "10.0.0.1", targetIp: "10.0.0.2" }),
    "ARP reply in a short frame": frame
      .arp({ operation: ArpOperation.reply, senderMac: "02:00:00:00:00:0a", senderIp: "10.0.0.1" })
      .trailer(new Uint8Array(18)),
    tagged: frame
      .vlan({ id: 5, priority: 3 })
      .ipv4({ source: "10.0.0.1", destination: "10.0.0.2" })
      .udp(ports),
    "tagged twice": frame.vlan({ id: 7, dropEligible: true }).vlan({ id: 5 }).payload("q"),
  };
}

function ipSamples(): Builders {
  const options = [
    { kind: "nop" },
    { kind: "raw", type: 148, data: new Uint8Array(2) },
    { kind: "end", padding: Uint8Array.of(0, 0) },
  ] as const;
  const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
  const segments = fromHex("00000000fd000000000000000000000000000003");
  return {
    "IPv4 options": frame
      .ipv4({ ...addresses, options, dscp: 46, ecn: 1 })
      .udp(ports)
      .payload("o"),
    "first IPv4 fragment": frame
      .ipv4({ ...addresses, moreFragments: true, identification: 9 })
      .udp({ ...ports, length: 1000 })
      .payload("12345678"),
    "later IPv4 fragment": frame
      .ipv4({ ...addresses, fragmentOffset: 1480, identification: 9, protocol: IpProtocol.udp })
      .payload("rest"),
    "unknown protocol": frame
      .ipv4({ ...addresses, dontFragment: true, protocol: 89 })
      .payload("ospf"),
    "nothing in IPv6": framed6,
    "extension headers": framed6
      .hopByHop({ options: [{ kind: "raw", type: 5, data: new Uint8Array(2) }] })
      .destinationOptions({ options: [{ kind: "pad1" }] })
      .routing({ routingType: 2, segmentsLeft: 1, data: segments })
      .fragmentHeader({ identification: 77 })
      .destinationOptions()
      .tcp(ports)
      .payload("deep"),
    "later IPv6 fragment": framed6
      .fragmentHeader({ fragmentOffset: 8, nextHeader: IpProtocol.udp, identification: 1 })
      .payload("rest"),
    "mapped addresses": frame
      .ipv6({ source: "::ffff:10.0.0.1", destination: "::ffff:10.0.0.2", flowLabel: 0xabcde })
      .tcp(ports),
    "ip v4": v4.udp(ports).payload("bare"),
    "ip v6": v6.udp(ports).payload("bare"),
  };
}

function transportSamples(): Builders {
  return {
    "TCP SYN": framed4.tcp({
      ...ports,
      flags: ["SYN"],
      sequence: 1,
      options: [
        { kind: "mss", value: 1460 },
        { kind: "sack-permitted" },
        { kind: "timestamps", value: 1, echo: 0 },
        { kind: "nop" },
        { kind: "window-scale", shift: 7 },
      ],
    }),
    "TCP data": framed6.tcp({ ...ports, flags: ["PSH", "ACK"] }).payload("GET / HTTP/1.1\r\n\r\n"),
    "TCP SACK": framed4.tcp({
      ...ports,
      options: [
        {
          kind: "sack",
          blocks: [
            { left: 100, right: 200 },
            { left: 300, right: 400 },
          ],
        },
        { kind: "raw", type: 253, data: Uint8Array.of(1, 2, 3) },
        { kind: "end", padding: new Uint8Array(0) },
      ],
    }),
    "odd UDP": framed4.udp(ports).payload("odd"),
    "empty UDP": framed6.udp(ports),
    SCTP: framed4.sctp({
      ...ports,
      verificationTag: 0xdecafbad,
      chunks: [
        { type: SctpChunkType.sack, flags: 0, data: new Uint8Array(12) },
        { type: SctpChunkType.data, flags: 3, data: new Uint8Array(13).fill(7) },
      ],
    }),
    "DNS query": framed4
      .udp({ sourcePort: 5353, destinationPort: 53 })
      .dns({ id: 7, questions: [{ name: "api.stripe.com." }] }),
    "DNS response": framed4
      .udp({ sourcePort: 53, destinationPort: 5353 })
      .dns({
        id: 7,
        isResponse: true,
        answerCount: 1,
        questions: [{ name: "a.example", type: DnsType.AAAA }],
      })
      .payload(fromHex(`c00c001c000100000e100010${"fd".padEnd(32, "0")}`)),
    "no DNS at its port": framed4.udp({ sourcePort: 53, destinationPort: 1 }).payload("no DNS"),
  };
}

function icmpSamples(): Builders {
  const embedded = v4.udp(ports).payload("what was sent").build();
  const embedded6 = v6.udp(ports).payload("what was sent").build();
  const link = "02:00:00:00:00:0a";
  const target = "fd00::2";
  return {
    "ICMP echo": framed4
      .icmp({ message: "echo-request", identifier: 7, sequence: 1 })
      .payload("abcdefgh"),
    "ICMP reply": framed4.icmp({ message: "echo-reply", identifier: 7, sequence: 1 }),
    "ICMP unreachable": framed4.icmp({ message: "unreachable", code: 4, mtu: 1400, embedded }),
    "ICMP time exceeded": framed4.icmp({
      message: "time-exceeded",
      embedded: embedded.subarray(0, 28),
    }),
    "ICMP parameter problem": framed4.icmp({ message: "parameter-problem", pointer: 20, embedded }),
    "ICMP redirect": framed4.icmp({ message: "redirect", gateway: "10.0.0.254", embedded }),
    "ICMP timestamp": framed4.icmp({ message: "other", type: 13, body: new Uint8Array(16) }),
    "ICMPv6 echo": framed6.icmpv6({ message: "echo-request", identifier: 7 }).payload("abc"),
    "ICMPv6 unreachable": framed6.icmpv6({ message: "unreachable", code: 4, embedded: embedded6 }),
    "ICMPv6 too big": framed6.icmpv6({ message: "packet-too-big", mtu: 1280, embedded: embedded6 }),
    "ICMPv6 time exceeded": framed6.icmpv6({ message: "time-exceeded", embedded: embedded6 }),
    "ICMPv6 parameter problem": framed6.icmpv6({
      message: "parameter-problem",
      pointer: 6,
      embedded: embedded6,
    }),
    "router solicitation": framed6.icmpv6({
      message: "router-solicitation",
      options: [{ kind: "source-link-layer", address: link }],
    }),
    "router advertisement": framed6.icmpv6({
      message: "router-advertisement",
      hopLimit: 64,
      managed: true,
      lifetimeSeconds: 1800,
      options: [
        { kind: "mtu", mtu: 1500 },
        {
          kind: "prefix",
          prefix: "fd00::",
          length: 64,
          onLink: true,
          autonomous: true,
          validSeconds: 2_592_000,
          preferredSeconds: 604_800,
        },
        { kind: "raw", type: 25, data: new Uint8Array(22) },
      ],
    }),
    "neighbour solicitation": framed6.icmpv6({
      message: "neighbour-solicitation",
      target,
      options: [{ kind: "source-link-layer", address: link }],
    }),
    "neighbour advertisement": framed6.icmpv6({
      message: "neighbour-advertisement",
      target,
      solicited: true,
      override: true,
      options: [{ kind: "target-link-layer", address: link }],
    }),
    "ICMPv6 redirect": framed6.icmpv6({
      message: "redirect",
      target,
      destination: "fd00::3",
      options: [{ kind: "redirected-header", embedded: embedded6 }],
    }),
    "MLD report": framed6
      .hopByHop({ options: [{ kind: "raw", type: 5, data: new Uint8Array(2) }] })
      .icmpv6({ message: "other", type: 143, body: new Uint8Array(24) }),
  };
}

function tunnelSamples(): Builders {
  const outer = { source: "192.168.0.1", destination: "192.168.0.2" };
  const vxlan = frame
    .ipv4(outer)
    .udp({ sourcePort: 50_000, destinationPort: 8472, checksum: 0 })
    .vxlan({ vni: 12_345 })
    .ethernet();
  const inner = { source: "10.0.0.1", destination: "10.0.0.2" };
  return {
    VXLAN: vxlan.ipv4(inner).tcp(ports).payload("inside"),
    "VXLAN over IPv6": framed6
      .udp({ sourcePort: 50_000, destinationPort: 4789 })
      .vxlan({ vni: 1 })
      .ethernet()
      .ipv6({ source: "fd00::a", destination: "fd00::b" })
      .udp(ports),
    "ARP in VXLAN": vxlan.arp({ senderIp: "10.0.0.1", targetIp: "10.0.0.2" }),
    "IP in IP": frame.ipv4(outer).ipv4(inner).tcp(ports),
    "IPv6 in IP": frame.ipv4(outer).ipv6({ source: "fd00::a", destination: "fd00::b" }).udp(ports),
  };
}
