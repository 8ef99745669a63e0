import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError } from "#base";
import { decodePacket, IpProtocol, packet, verifyChecksums } from "#packet";
import { samples } from "./samples.ts";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const addresses6 = { source: "fd00::1", destination: "fd00::2" };
const ports = { sourcePort: 1234, destinationPort: 80 };
const ip = packet().ipv4(addresses);
const ip6 = packet().ipv6(addresses6);

test("every sample is right, and wrong with any bit of its checksums changed", () => {
  for (const { name, bytes, from } of samples()) {
    assert.deepEqual(verifyChecksums(bytes, { from }), [], name);
    const { layers, offsets } = decodePacket(bytes, { from });
    for (const [index, layer] of layers.entries()) {
      if (!("checksum" in layer) || layer.kind === "udp") continue;
      const copy = Uint8Array.from(bytes);
      const at = { ipv4: 11, tcp: 17, sctp: 11, icmpv4: 3, icmpv6: 3 }[layer.kind];
      const place = (offsets[index] ?? 0) + at;
      copy[place] = (copy[place] ?? 0) ^ 0x10;
      const wrong = verifyChecksums(copy, { from }).map(({ kind }) => kind);
      assert.ok(wrong.includes(layer.kind), `${name}: ${layer.kind}`);
    }
  }
});

test("what is wrong is told with its place and what it ought to be", () => {
  const bytes = packet()
    .ipv4({ ...addresses, checksum: 1 })
    .tcp({ ...ports, checksum: 2 })
    .build();
  assert.deepEqual(verifyChecksums(bytes, { from: "ip" }), [
    { kind: "ipv4", offset: 10, expected: 0x66ce, actual: 1 },
    { kind: "tcp", offset: 36, expected: 0x9bbf, actual: 2 },
  ]);
});

test("UDP may go without a checksum over IPv4, and over IPv6 in tunnels only", () => {
  const none = { ...ports, checksum: 0 };
  assert.deepEqual(verifyChecksums(ip.udp(none).build(), { from: "ip" }), []);
  const [wrong] = verifyChecksums(ip6.udp(none).build(), { from: "ip" });
  assert.equal(wrong?.kind, "udp");
  const tunnel = ip6
    .udp({ ...none, destinationPort: 8472 })
    .vxlan({ vni: 1 })
    .ethernet();
  assert.deepEqual(verifyChecksums(tunnel.arp({}).build(), { from: "ip" }), []);
});

test("of fragments and prefixes only the IP header is judged", () => {
  const wrong = { ...ports, checksum: 0xdead };
  const first = packet()
    .ipv4({ ...addresses, moreFragments: true })
    .tcp(wrong)
    .build();
  assert.deepEqual(verifyChecksums(first, { from: "ip" }), []);
  const first6 = ip6.fragmentHeader({ moreFragments: true }).tcp(wrong).build();
  assert.deepEqual(verifyChecksums(first6, { from: "ip" }), []);
  const whole = ip6.fragmentHeader().tcp(wrong).build();
  assert.equal(verifyChecksums(whole, { from: "ip" }).length, 1);
  const header = { ...addresses, checksum: 7, fragmentOffset: 8, protocol: IpProtocol.tcp };
  const later = packet().ipv4(header).payload("x").build();
  assert.equal(verifyChecksums(later, { from: "ip" }).length, 1);
  const prefix = ip.tcp(ports).payload("data").build().subarray(0, 41);
  assert.deepEqual(verifyChecksums(prefix, { from: "ip", isPrefix: true }), []);
});

test("either zero of one's complement is as good", () => {
  const { ip: header } = decodePacket(ip.build(), { from: "ip" });
  assert.ok(header?.kind === "ipv4");
  // The identification is one more word of the sum, and brings it to ffff.
  const identification = header.checksum;
  const zero = packet().ipv4({ ...addresses, identification });
  const other = packet().ipv4({ ...addresses, identification, checksum: 0xffff });
  assert.deepEqual([...zero.build().subarray(10, 12)], [0, 0]);
  for (const builder of [zero, other]) {
    assert.deepEqual(verifyChecksums(builder.build(), { from: "ip" }), []);
  }
});

test("what is no packet has no checksums to verify", () => {
  assert.throws(() => verifyChecksums(new Uint8Array(5)), DecodeError);
});
