import fc from "fast-check";
import { IpAddress, MacAddress } from "#base";
import { type LayerDraft, type LayerKind, TCP_FLAGS } from "#packet";
import { property } from "#test";
import { checkRoundTrip } from "./round-trip.ts";

const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u24 = fc.nat(0xff_ffff);
const u32 = fc.nat(0xffff_ffff);
const some = fc.uint8Array({ maxLength: 40 });
const flag = fc.boolean();

const mac = sized(6).map((bytes) => MacAddress.fromBytes(bytes));
const ip4 = u32.map((value) => IpAddress.v4(value));
const mapped = fc.tuple(fc.constant(0), fc.constant(0), fc.constant(0xffff), u32);
const ip6 = fc
  .oneof(fc.tuple(u32, u32, u32, u32), mapped)
  .map(([a, b, c, d]) => IpAddress.fromWords(a, b, c, d));

function sized(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

type Values = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** A layer of all these fields: that is, without those that follow from what is behind it. */
function layer(kind: LayerKind, values: Values): fc.Arbitrary<LayerDraft> {
  return fc.record({ kind: fc.constant(kind), ...values }) as fc.Arbitrary<LayerDraft>;
}

/** A message of either ICMP. */
function message(kind: LayerKind, name: string, values: Values): fc.Arbitrary<LayerDraft> {
  return layer(kind, { message: fc.constant(name), code: u8, ...values });
}

function option(kind: string, values: Values = {}): fc.Arbitrary<unknown> {
  return fc.record({ kind: fc.constant(kind), ...values });
}

const ethernet = layer("ethernet", { source: mac, destination: mac });
const vlan = layer("vlan", { id: fc.nat(4095), priority: fc.nat(7), dropEligible: flag });
const arp = layer("arp", {
  operation: u16,
  senderMac: mac,
  senderIp: ip4,
  targetMac: mac,
  targetIp: ip4,
});

const quality = { dscp: fc.nat(63), ecn: fc.nat(3) };
// As long as a multiple of four, so that nothing is added.
const ipv4Option = option("raw", { type: fc.integer({ min: 2, max: 255 }), data: sized(6) });
const ipv4 = layer("ipv4", {
  source: ip4,
  destination: ip4,
  ...quality,
  ttl: u8,
  identification: u16,
  reservedFlag: flag,
  dontFragment: flag,
  options: fc.array(ipv4Option, { maxLength: 5 }),
});
const ipv6 = layer("ipv6", {
  source: ip6,
  destination: ip6,
  ...quality,
  flowLabel: fc.nat(0xfffff),
  hopLimit: u8,
});
const ipv6Options = fc.tuple(
  option("raw", { type: fc.integer({ min: 1, max: 255 }), data: sized(4) }),
);
const extension = fc.oneof(
  layer("hop-by-hop", { options: ipv6Options }),
  layer("destination-options", { options: ipv6Options }),
  layer("routing", {
    routingType: u8,
    segmentsLeft: u8,
    data: fc.constantFrom(4, 12, 20, 28, 36).chain(sized),
  }),
  layer("fragment", { identification: u32, reserved: u8, reservedBits: fc.nat(3) }),
);

// Not the ports of DNS and VXLAN, whose payload would be read.
const port = fc.integer({ min: 10_000, max: 0xffff });
const ports = { sourcePort: port, destinationPort: port };
const tcpOption = fc.oneof(
  option("nop"),
  option("mss", { value: u16 }),
  option("window-scale", { shift: u8 }),
  option("sack-permitted"),
  option("sack", { blocks: fc.tuple(fc.record({ left: u32, right: u32 })) }),
  option("timestamps", { value: u32, echo: u32 }),
  option("raw", { type: fc.integer({ min: 9, max: 255 }), data: fc.uint8Array({ maxLength: 8 }) }),
);
/** A list that takes a multiple of four bytes: with zeros after it, it would come back longer. */
const tcpOptions = fc
  .array(tcpOption, { maxLength: 3 })
  .map((options) => [
    ...options,
    ...Array.from({ length: (4 - (tcpOptionBytes(options) % 4)) % 4 }, () => ({ kind: "nop" })),
  ]);
const tcp = layer("tcp", {
  ...ports,
  sequence: u32,
  acknowledgement: u32,
  reserved: fc.nat(7),
  flags: fc.subarray([...TCP_FLAGS]),
  window: u16,
  urgentPointer: u16,
  options: tcpOptions,
});
const udp = layer("udp", ports);
const chunk = fc.record({ type: u8, flags: u8, data: some });
const sctp = layer("sctp", {
  ...ports,
  verificationTag: u32,
  chunks: fc.array(chunk, { maxLength: 3 }),
});

function tcpOptionBytes(options: readonly unknown[]): number {
  const bytes: Readonly<Record<string, number>> = {
    nop: 1,
    mss: 4,
    "window-scale": 3,
    "sack-permitted": 2,
    sack: 10,
    timestamps: 10,
  };
  return (options as readonly { kind: string; data?: Uint8Array }[]).reduce(
    (sum, { kind, data }) => sum + (bytes[kind] ?? 2 + (data?.length ?? 0)),
    0,
  );
}

const echo = { identifier: u16, sequence: u16 };
const icmpv4 = fc.oneof(
  message("icmpv4", "echo-request", echo),
  message("icmpv4", "echo-reply", echo),
  message("icmpv4", "unreachable", { mtu: u16, reserved: u16, embedded: some }),
  message("icmpv4", "time-exceeded", { reserved: u32, embedded: some }),
  message("icmpv4", "parameter-problem", { pointer: u8, reserved: u24, embedded: some }),
  message("icmpv4", "redirect", { gateway: ip4, embedded: some }),
  message("icmpv4", "other", { type: fc.integer({ min: 13, max: 255 }), body: some }),
);

const neighbourOption = fc.oneof(
  option("source-link-layer", { address: mac }),
  option("target-link-layer", { address: mac }),
  option("mtu", { mtu: u32 }),
  option("redirected-header", { embedded: sized(16) }),
  option("prefix", {
    prefix: ip6,
    length: u8,
    onLink: flag,
    autonomous: flag,
    validSeconds: u32,
    preferredSeconds: u32,
  }),
  option("raw", { type: fc.integer({ min: 6, max: 255 }), data: sized(14) }),
);
const options = fc.array(neighbourOption, { maxLength: 3 });
const icmpv6 = fc.oneof(
  message("icmpv6", "echo-request", echo),
  message("icmpv6", "unreachable", { reserved: u32, embedded: some }),
  message("icmpv6", "time-exceeded", { reserved: u32, embedded: some }),
  message("icmpv6", "packet-too-big", { mtu: u32, embedded: some }),
  message("icmpv6", "parameter-problem", { pointer: u32, embedded: some }),
  message("icmpv6", "router-solicitation", { reserved: u32, options }),
  message("icmpv6", "router-advertisement", {
    hopLimit: u8,
    managed: flag,
    otherConfiguration: flag,
    reserved: fc.nat(63),
    lifetimeSeconds: u16,
    reachableMs: u32,
    retransmitMs: u32,
    options,
  }),
  message("icmpv6", "neighbour-solicitation", { reserved: u32, target: ip6, options }),
  message("icmpv6", "neighbour-advertisement", {
    target: ip6,
    isRouter: flag,
    solicited: flag,
    override: flag,
    reserved: fc.nat(0x1fff_ffff),
    options,
  }),
  message("icmpv6", "redirect", { reserved: u32, target: ip6, destination: ip6, options }),
  message("icmpv6", "other", { type: fc.integer({ min: 138, max: 255 }), body: some }),
);

const payload = layer("payload", { bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) });
const withPayload = fc.tuple(fc.oneof(tcp, udp), fc.array(payload, { maxLength: 1 }));
const upper = fc.oneof(
  withPayload.map(([header, data]) => [header, ...data]),
  fc.oneof(sctp, icmpv4, icmpv6).map((header) => [header]),
);
const network = fc.oneof(
  ipv4.map((header) => [header]),
  fc.tuple(ipv6, fc.array(extension, { maxLength: 4 })).map(([header, more]) => [header, ...more]),
);
const packetOfIp = fc.tuple(network, upper).map(([lower, rest]) => [...lower, ...rest]);
const frame = fc
  .tuple(ethernet, fc.array(vlan, { maxLength: 2 }), fc.oneof(packetOfIp, fc.tuple(arp)))
  .map(([first, tags, rest]) => [first, ...tags, ...rest]);

property("a packet of any layers reads back", packetOfIp, checkRoundTrip, { runs: 1000 });

property("a frame reads back", frame, checkRoundTrip, { runs: 300 });

const tunnel = layer("udp", { sourcePort: port, destinationPort: fc.constantFrom(4789, 8472) });
const vxlan = layer("vxlan", {
  vni: u24,
  flags: u8.map((bits) => bits | 0x08),
  reserved: u24,
  reservedEnd: u8,
});

property(
  "a frame in a VXLAN tunnel reads back",
  fc.tuple(network, tunnel, vxlan, frame),
  ([outer, udpHeader, header, inner]) => checkRoundTrip([...outer, udpHeader, header, ...inner]),
);

property("a packet in a packet reads back", fc.tuple(network, packetOfIp), ([outer, inner]) =>
  checkRoundTrip([...outer, ...inner]),
);
