import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "#base";
import {
  decodeEmbedded,
  type DecodeOptions,
  decodePacket,
  EtherType,
  packet,
  Port,
  VXLAN_HAS_VNI,
} from "#packet";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const addresses6 = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1234, destinationPort: 80 };
const frame = packet().ethernet();
const ip = packet().ipv4(addresses);

function kindsOf(bytes: Uint8Array, options: DecodeOptions = {}): string {
  return decodePacket(bytes, options)
    .layers.map(({ kind }) => kind)
    .join(" ");
}

test("bytes after the end that a header gives are trailers, the innermost first", () => {
  const bytes = frame
    .ipv4({ ...addresses, totalLength: 34 })
    .udp({ ...ports, length: 10 })
    .payload("udp")
    .payload("ip+ethernet")
    .build();
  const { layers, offsets } = decodePacket(bytes);
  const tail = layers.slice(3).map((layer) => ("bytes" in layer ? [layer.kind, layer.bytes] : []));
  const text = (part: string): Uint8Array => new TextEncoder().encode(part);
  assert.deepEqual(tail, [
    ["payload", text("ud")],
    ["trailer", text("pip+")],
    ["trailer", text("ethernet")],
  ]);
  assert.deepEqual(offsets, [0, 14, 34, 42, 44, 48]);
});

test("the packet in an ICMP error is read as far as there is of it", () => {
  const sent = ip
    .tcp({ ...ports, sequence: 7 })
    .payload("data")
    .build();
  const error = ip.icmp({
    message: "unreachable",
    code: 4,
    mtu: 1280,
    embedded: sent.subarray(0, 28),
  });
  const { transport } = decodePacket(error.build(), { from: "ip" });
  assert.ok(transport?.kind === "icmpv4" && transport.message === "unreachable");
  assert.equal(transport.mtu, 1280);
  const { packet: embedded, error: problem } = decodeEmbedded(transport);
  assert.equal(problem, undefined);
  assert.deepEqual(embedded.transport, { kind: "ports", ...ports });
  assert.equal(toHex(embedded.payload), "00000007");
});

test("what is at a VXLAN port is VXLAN when its flag says so", () => {
  const inner = (port: number, flags: number) =>
    frame
      .ipv4(addresses)
      .udp({ sourcePort: 1, destinationPort: port })
      .vxlan({ vni: 7, flags })
      .ethernet({ etherType: EtherType.localExperiment })
      .build();
  const tunnel = "ethernet ipv4 udp vxlan ethernet";
  assert.equal(kindsOf(inner(Port.vxlan, VXLAN_HAS_VNI)), tunnel);
  assert.equal(kindsOf(inner(Port.vxlanLinux, VXLAN_HAS_VNI | 0x80)), tunnel);
  assert.equal(kindsOf(inner(Port.vxlan, 0x80)), "ethernet ipv4 udp payload");
  assert.equal(kindsOf(inner(9999, VXLAN_HAS_VNI)), "ethernet ipv4 udp payload");
  assert.equal(kindsOf(inner(9999, VXLAN_HAS_VNI), { vxlanPorts: [9999] }), tunnel);
  assert.equal(
    kindsOf(inner(Port.vxlan, VXLAN_HAS_VNI), { vxlanPorts: [] }),
    "ethernet ipv4 udp payload",
  );
  const reply = frame.ipv4(addresses).udp({ sourcePort: Port.vxlan, destinationPort: 1 });
  assert.equal(
    kindsOf(reply.payload(new Uint8Array(30).fill(8)).build()),
    "ethernet ipv4 udp payload",
  );
});

test("getters answer of what is outside the tunnel, and inner of what is in it", () => {
  const bytes = frame
    .ipv4({ source: "192.168.0.1", destination: "192.168.0.2" })
    .udp({ sourcePort: 1, destinationPort: 8472 })
    .vxlan({ vni: 7 })
    .ethernet()
    .ipv6(addresses6)
    .tcp(ports)
    .payload("data")
    .build();
  const decoded = decodePacket(bytes);
  assert.equal(decoded.ip?.source.key, "192.168.0.1");
  assert.equal(decoded.transport?.kind, "udp");
  assert.equal(decoded.layer("vxlan")?.vni, 7);
  assert.equal(decoded.layer("arp"), undefined);
  assert.equal(decoded.outer.length, 4);
  const { inner } = decoded;
  assert.equal(inner?.ethernet?.etherType, EtherType.ipv6);
  assert.equal(inner.ip?.source.key, "fd00::1");
  assert.equal(inner.transport?.kind, "tcp");
  assert.equal(toHex(inner.payload), toHex(decoded.payload));
  assert.equal(inner.inner, undefined);
  assert.equal(inner.offsets[0], 50);
});

test("an IP-in-IP tunnel has no transport of its own", () => {
  const bytes = ip.ipv4({ source: "10.9.0.1", destination: "10.9.0.2" }).tcp(ports).build();
  const decoded = decodePacket(bytes, { from: "ip" });
  assert.equal(decoded.ethernet, undefined);
  assert.equal(decoded.transport, undefined);
  assert.equal(decoded.inner?.ip?.source.key, "10.9.0.1");
  assert.equal(decoded.inner.transport?.kind, "tcp");
});

test("mapped addresses on the wire are an IPv6 layer with IPv4 addresses", () => {
  const bytes = packet()
    .ipv6({ source: "::ffff:10.0.0.1", destination: "::ffff:10.0.0.2" })
    .tcp(ports)
    .build();
  assert.equal(toHex(bytes.subarray(8, 24)), "00000000000000000000ffff0a000001");
  const decoded = decodePacket(bytes, { from: "ip" });
  assert.equal(decoded.ip?.kind, "ipv6");
  assert.equal(decoded.ip.source.family, 4);
});
