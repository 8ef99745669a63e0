import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesEqual, fromHex } from "#base";
import { diffPackets, packet } from "#packet";
import { property } from "#test";

const addresses = { source: "10.0.0.1", destination: "10.0.0.2" };
const ports = { sourcePort: 1234, destinationPort: 80 };

test("packets differ in fields, by name", () => {
  const expected = packet().ethernet().ipv4(addresses).tcp(ports).payload("abc").build();
  const actual = packet()
    .ethernet({ source: "02:00:00:00:00:09" })
    .ipv4({ ...addresses, ttl: 63 })
    .tcp({ ...ports, flags: ["SYN"], options: [{ kind: "mss", value: 1 }], checksum: 0 })
    .payload("abd")
    .build();
  assert.deepEqual(diffPackets(actual, expected), [
    "ethernet.source: 02:00:00:00:00:09, expected 02:00:00:00:00:01",
    "ipv4.ttl: 63, expected 64",
    "ipv4.totalLength: 47, expected 43",
    "ipv4.checksum: 26567, expected 26315",
    "tcp.headerLength: 24, expected 20",
    "tcp.flags: [SYN], expected [ACK]",
    "tcp.checksum: 0, expected 55129",
    "tcp.options: [{kind:mss,value:1}], expected []",
    "payload.bytes: 616264, expected 616263",
  ]);
});

test("packets differ in layers", () => {
  const from = { from: "ip" } as const;
  const udp = packet().ipv4(addresses).udp(ports).build();
  const tcp = packet().ipv4(addresses).tcp(ports).build();
  assert.ok(diffPackets(udp, tcp, from).includes("layer: udp, expected tcp"));
  const more = packet().ipv4(addresses).udp(ports).payload(new Uint8Array(40)).build();
  const zeros = "00".repeat(32);
  assert.ok(diffPackets(more, udp, from).includes("layer: payload, expected none"));
  const other = packet().ipv4(addresses).udp(ports).payload(new Uint8Array(40).fill(1)).build();
  const bytes = `payload.bytes: ${zeros}… (40 bytes), expected ${"01".repeat(32)}… (40 bytes)`;
  assert.ok(diffPackets(more, other, from).includes(bytes));
});

test("bytes that are no packet differ in what is not decoded", () => {
  assert.deepEqual(diffPackets(Uint8Array.of(1), Uint8Array.of(2)), [
    "not decoded: 01, expected 02",
  ]);
});

test("what means the same in other bytes differs in bytes", () => {
  const udp = packet()
    .ipv4({ ...addresses, totalLength: 0xffff, checksum: 0 })
    .udp({
      sourcePort: 53,
      destinationPort: 53,
      length: 999,
      checksum: 0,
    });
  const header = fromHex("000001000002000000000000");
  const name = "01610000010001";
  const plain = udp
    .payload(header)
    .payload(fromHex(`${name}${name}`))
    .build();
  const pointing = udp
    .payload(header)
    .payload(fromHex(`${name}c00c00010001`))
    .build();
  const options = { from: "ip", isPrefix: true } as const;
  const lines = diffPackets(pointing, plain, options);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^bytes: 4500/);
});

const pieces = fc.uint8Array({ max: 1, maxLength: 3 });

property("only equal packets have no differences", fc.tuple(pieces, pieces), ([a, b]) => {
  assert.equal(diffPackets(a, b).length === 0, bytesEqual(a, b));
});
