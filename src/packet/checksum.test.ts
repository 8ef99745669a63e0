import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionError, fromHex, IpAddress } from "#base";
import { crc32c, internetChecksum, IpProtocol, pseudoHeaderSum, updateChecksum } from "#packet";
import { property } from "#test";

/** As slow and plain as can be: words of the whole, the carry brought round after each. */
function plainChecksum(bytes: Uint8Array): number {
  let sum = 0;
  const even = bytes.length % 2 === 0 ? bytes : Uint8Array.of(...bytes, 0);
  for (let at = 0; at < even.length; at += 2) {
    sum += Buffer.from(even).readUInt16BE(at);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

test("the Internet checksum of known bytes", () => {
  const known: [string, number][] = [
    // RFC 1071, 3: the sum is ddf2.
    ["0001f203f4f5f6f7", 0x220d],
    // An IPv4 header with zeros where its checksum was.
    ["450000730000400040110000c0a80001c0a800c7", 0xb861],
    ["", 0xffff],
    ["00", 0xffff],
    ["ff", 0x00ff],
    ["ffff", 0],
    ["0001", 0xfffe],
  ];
  for (const [hex, checksum] of known) assert.equal(internetChecksum(fromHex(hex)), checksum, hex);
  assert.equal(internetChecksum(fromHex("45000073000040004011b861c0a80001c0a800c7")), 0);
});

test("the sum of the largest packets is right", () => {
  const bytes = new Uint8Array(128 * 1024).fill(0xff);
  assert.equal(internetChecksum(bytes), 0);
  bytes[bytes.length - 1] = 0xfe;
  assert.equal(internetChecksum(bytes), 1);
});

property("the Internet checksum is what a plain one is", fc.uint8Array(), (bytes) => {
  assert.equal(internetChecksum(bytes), plainChecksum(bytes));
});

const word = fc.nat(0xffff_ffff);
const v4 = word.map((value) => IpAddress.v4(value));
const v6 = fc.tuple(word, word, word, word).map(([a, b, c, d]) => IpAddress.fromWords(a, b, c, d));
const sameFamily = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6));

property(
  "the sum of a pseudo header is that of its bytes, in either family",
  fc.tuple(sameFamily, fc.nat(255), fc.nat(0x2_0000)),
  ([[source, destination], protocol, length]) => {
    const isV4 = source.family === 4 && destination.family === 4;
    const addresses = isV4
      ? [...source.wireBytes, ...destination.wireBytes]
      : [...source.bytes, ...destination.bytes];
    const header = Buffer.alloc(8);
    header.writeUInt32BE(length, 0);
    header.writeUInt32BE(protocol, 4);
    const sum = pseudoHeaderSum(source, destination, protocol, length);
    const expected = plainChecksum(Uint8Array.from([...addresses, ...header]));
    // Zero has two forms, of which a sum of anything but zeros gives one only.
    assert.equal(internetChecksum(new Uint8Array(0), sum) % 0xffff, expected % 0xffff);
  },
);

test("a checksum is updated as RFC 1624 has it in its example", () => {
  assert.equal(updateChecksum(0xdd2f, fromHex("5555"), fromHex("3285")), 0);
});

test("a checksum is not updated for half a word or another length", () => {
  const two = new Uint8Array(2);
  assert.throws(() => updateChecksum(0, new Uint8Array(1), new Uint8Array(1)), AssertionError);
  assert.throws(() => updateChecksum(0, two, new Uint8Array(4)), AssertionError);
});

property(
  "an updated checksum is as good as a new one",
  fc.tuple(
    fc.uint8Array({ minLength: 20, maxLength: 60 }),
    fc.nat(7),
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
  ),
  ([bytes, index, after]) => {
    const at = index * 2;
    const changed = Uint8Array.from(bytes);
    changed.set(after, at);
    const updated = updateChecksum(internetChecksum(bytes), bytes.subarray(at, at + 4), after);
    assert.equal(updated % 0xffff, internetChecksum(changed) % 0xffff);
  },
);

test("CRC32c of known bytes", () => {
  // RFC 3720, B.4, where the bytes of the numbers are in the order of the wire.
  const count = Uint8Array.from({ length: 32 }, (_, index) => index);
  const known: [Uint8Array, number][] = [
    [new TextEncoder().encode("123456789"), 0xe3069283],
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(0xff), 0x62a8ab43],
    [count, 0x46dd794e],
    [count.toReversed(), 0x113fdb5c],
    [new Uint8Array(0), 0],
  ];
  for (const [bytes, crc] of known) assert.equal(crc32c(bytes), crc);
});

property(
  "CRC32c of pieces is that of the whole",
  fc.tuple(fc.uint8Array(), fc.uint8Array()),
  (pair) => {
    const [a, b] = pair;
    assert.equal(crc32c(b, crc32c(a)), crc32c(Uint8Array.from([...a, ...b])));
  },
);

test("the pseudo header of IPv4 is that of its mapped addresses", () => {
  const [source, destination] = [IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0.2")];
  const sum = pseudoHeaderSum(source, destination, IpProtocol.tcp, 20);
  const folded = internetChecksum(fromHex("0a0000010a00000200060014"));
  assert.equal(internetChecksum(new Uint8Array(0), sum), folded);
});
