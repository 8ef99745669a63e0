import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionError, bytesEqual, compareBytes, DecodeError, IpAddress, toHex } from "#base";
import { property } from "#test";

const MAPPED_HEX = "00000000000000000000ffff";

const v4: fc.Arbitrary<IpAddress> = fc.nat(0xffff_ffff).map((value) => IpAddress.v4(value));
// Groups that are often zero, so that runs of them occur.
const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff));
const any: fc.Arbitrary<IpAddress> = fc.oneof(
  v4,
  fc
    .array(group, { minLength: 8, maxLength: 8 })
    .map((groups) => IpAddress.fromBytes(Uint8Array.from(groups.flatMap((g) => [g >> 8, g])))),
);

test("every form of text gives its address and its canonical text", () => {
  const forms: [string, string, string][] = [
    ["0.0.0.0", "0.0.0.0", `${MAPPED_HEX}00000000`],
    ["255.255.255.255", "255.255.255.255", `${MAPPED_HEX}ffffffff`],
    ["10.1.0.200", "10.1.0.200", `${MAPPED_HEX}0a0100c8`],
    ["::ffff:1.2.3.4", "1.2.3.4", `${MAPPED_HEX}01020304`],
    ["::FFFF:102:304", "1.2.3.4", `${MAPPED_HEX}01020304`],
    ["0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4", `${MAPPED_HEX}01020304`],
    ["::", "::", "00".repeat(16)],
    ["0:0:0:0:0:0:0:0", "::", "00".repeat(16)],
    ["::0.0.0.0", "::", "00".repeat(16)],
    ["::1", "::1", `${"00".repeat(15)}01`],
    ["1::", "1::", `0001${"00".repeat(14)}`],
    ["2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
    ["2001:0db8:0:0:0:0:0:0001", "2001:db8::1", "20010db8000000000000000000000001"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", "00010002000300040005000600070000"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "00000002000300040005000600070008"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3", "00010000000000020000000000000003"],
    ["1:0:0:2:3:0:0:4", "1::2:3:0:0:4", "00010000000000020003000000000004"],
    ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0", "00010000000200000003000000040000"],
    ["0:0:1::", "0:0:1::", "00000000000100000000000000000000"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221", "0064ff9b0000000000000000c0000221"],
    ["::1.2.3.4", "::102:304", "00000000000000000000000001020304"],
    ["::ffff:0:1.2.3.4", "::ffff:0:102:304", "0000000000000000ffff000001020304"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", "00010002000300040005000601020304"],
    ["1::5:6:255.255.255.255", "1::5:6:ffff:ffff", "000100000000000000050006ffffffff"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:".repeat(7) + "ffff", "ff".repeat(16)],
  ];
  for (const [text, canonical, hex] of forms) {
    const address = IpAddress.parse(text);
    assert.equal(toHex(address.bytes), hex, text);
    assert.equal(address.toString(), canonical, text);
    assert.ok(IpAddress.parse(canonical).equals(address), text);
    assert.equal(address.family, canonical.includes(".") ? 4 : 6, text);
  }
});

test("what is nearly an address is none", () => {
  const texts = [
    "",
    " ",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\n",
    "1.2.3.4\0",
    "::1 ",
    " ::1",
    "::1\0",
  ];
  texts.push(
    ..."1 1.2.3 1.2.3.4.5 1.2.3. .1.2.3 1..2.3 1.2.3.256 1,2,3,4 16909060 0x1.2.3.4".split(" "),
    ..."01.2.3.4 1.2.3.00 1.2.3.04 +1.2.3.4 -1.2.3.4 1.2.3.4/32 1.2.3.1e1 1.2.3.٤".split(" "),
    ...": ::: :::: 1: :1 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1:::2 ::1: :1:: 1::2: 1::2::3".split(" "),
    ..."::1:: 1:2:3:4:5:6:7:8:: ::1:2:3:4:5:6:7:8 1:2:3:4::5:6:7:8 1:2:3:4:5:6:7:8:".split(" "),
    ..."12345:: 00001:: g:: ::g fe80::1%eth0 fe80::1%1 [::1] ::1/128 ::ffff:1.2.3.4%1".split(" "),
    ..."1:2:3:4:5:6:7:1.2.3.4 1.2.3.4:: ::1.2.3.4:5 ::1.2.3 ::1.2.3.4.5 ::01.2.3.4".split(" "),
    ..."::1.2.3.256 ::.1.2.3 ::1.2.3. ::12345.1.1.1 ::a.2.3.4 ::1::1.2.3.4".split(" "),
    ..."1:2:3:4:5:6::1.2.3.4. 0000:0000:0000:0000:0000:0000:0000:00000".split(" "),
    `${"0".repeat(100)}::`,
  );
  for (const text of texts) {
    assert.equal(IpAddress.tryParse(text), undefined, JSON.stringify(text));
    assert.throws(() => IpAddress.parse(text), DecodeError, JSON.stringify(text));
  }
});

test("the error of parse quotes what it was given, harmless and not too long", () => {
  assert.throws(
    () => IpAddress.parse("1.2\u001b[31m"),
    (error) =>
      error instanceof DecodeError &&
      error.offset === 0 &&
      error.message === '"1.2\\u001b[31m" is no IP address (at byte 0)',
  );
  assert.throws(
    () => IpAddress.parse("x".repeat(10_000)),
    (error) => error instanceof DecodeError && error.message.length < 150,
  );
});

test("bytes are 4 or 16, and mapped ones are IPv4", () => {
  assert.equal(IpAddress.fromBytes(Uint8Array.of(200, 2, 3, 4)).key, "200.2.3.4");
  const mapped = IpAddress.parse("200.2.3.4").bytes;
  assert.equal(mapped.length, 16);
  assert.equal(IpAddress.fromBytes(mapped).family, 4);
  for (const length of [0, 3, 5, 15, 17, 32]) {
    assert.throws(() => IpAddress.fromBytes(new Uint8Array(length)), DecodeError, String(length));
  }
  mapped[15] = 9;
  const address = IpAddress.fromBytes(mapped);
  mapped[15] = 10;
  address.bytes.fill(0);
  assert.equal(address.key, "200.2.3.9", "neither bytes given nor bytes got reach the address");
  assert.equal(toHex(address.wireBytes), "c8020309");
  assert.equal(toHex(IpAddress.parse("::1").wireBytes), `${"00".repeat(15)}01`);
});

test("numbers out of range are mistakes of the program", () => {
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN]) {
    assert.throws(() => IpAddress.v4(value), AssertionError, String(value));
  }
  assert.equal(IpAddress.fromBigInt(0n).key, "::");
  assert.throws(() => IpAddress.fromBigInt(-1n), AssertionError);
  assert.throws(() => IpAddress.fromBigInt(1n << 128n), AssertionError);
  for (const index of [-1, 128, 0.5, Number.NaN]) {
    assert.throws(() => IpAddress.v4(0).bit(index), AssertionError, String(index));
  }
});

test("predicates hold on exactly their ranges", () => {
  const cases: ["isLoopback" | "isLinkLocal" | "isMulticast" | "isUnspecified", string, string][] =
    [
      [
        "isLoopback",
        "127.0.0.0 127.255.255.255 ::1",
        "126.255.255.255 128.0.0.0 ::2 :: 1::1 ::1:0:1",
      ],
      [
        "isLinkLocal",
        "169.254.0.0 169.254.255.255 fe80:: febf:ffff::1",
        "169.253.255.255 169.255.0.0 fe7f:ffff:: fec0:: ::fe80",
      ],
      [
        "isMulticast",
        "224.0.0.0 239.255.255.255 ff00:: ffff::1",
        "223.255.255.255 240.0.0.0 feff::1 ::ff00",
      ],
      ["isUnspecified", "0.0.0.0 ::", "0.0.0.1 1.0.0.0 ::1 1:: ::fffe:0:0 ::1:0:0"],
    ];
  for (const [predicate, inside, outside] of cases) {
    for (const text of inside.split(" ")) {
      assert.equal(IpAddress.parse(text)[predicate], true, `${text} ${predicate}`);
    }
    for (const text of outside.split(" ")) {
      assert.equal(IpAddress.parse(text)[predicate], false, `${text} ${predicate}`);
    }
  }
});

test("next stays in its family and ends with it", () => {
  const steps: [string, string | undefined][] = [
    ["1.2.3.4", "1.2.3.5"],
    ["127.255.255.255", "128.0.0.0"],
    ["200.0.0.1", "200.0.0.2"],
    ["1:2:3:4:ffff:ffff:ffff:ffff", "1:2:3:5::"],
    ["255.255.255.255", undefined],
    ["::", "::1"],
    ["::ffff:ffff", "::1:0:0"],
    ["::fffe:ffff:ffff", "::1:0:0:0"],
    ["1:2:ffff:ffff:ffff:ffff:ffff:ffff", "1:3::"],
    ["7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000::"],
    ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", undefined],
  ];
  for (const [text, next] of steps) assert.equal(IpAddress.parse(text).next()?.key, next, text);
});

test("IPv4 is ordered before IPv6, and both as numbers", () => {
  const texts = [
    "0.0.0.0",
    "9.0.0.0",
    "10.0.0.0",
    "128.0.0.1",
    "255.0.0.0",
    "::",
    "::1",
    "::1:0:0:0",
  ];
  texts.push("7fff::", "8000::", "8000::1", "ffff::");
  const addresses = texts.map((text) => IpAddress.parse(text));
  const sorted = addresses.toReversed().toSorted((a, b) => a.compare(b));
  assert.deepEqual(
    sorted.map((address) => address.key),
    texts,
  );
});

test("JSON has the canonical text", () => {
  assert.equal(JSON.stringify({ ip: IpAddress.parse("::FFFF:1.2.3.4") }), '{"ip":"1.2.3.4"}');
});

property("all ways to make an address agree", any, (address) => {
  const { bytes, word0, word1, word2, word3 } = address;
  const others = [
    IpAddress.parse(address.key),
    IpAddress.fromBytes(bytes),
    IpAddress.fromBytes(address.wireBytes),
    IpAddress.fromWords(word0, word1, word2, word3),
    IpAddress.fromWords(word0 >>> 0, word1 >>> 0, word2 >>> 0, word3 >>> 0),
    IpAddress.fromBigInt(address.toBigInt()),
  ];
  for (const other of others) {
    assert.ok(other.equals(address));
    assert.equal(other.key, address.key);
    assert.equal(other.compare(address), 0);
    assert.deepEqual(other, address);
  }
  assert.equal(address.toBigInt(), BigInt(`0x${toHex(bytes)}`));
  const bits = Array.from({ length: 128 }, (_, index) => address.bit(index)).join("");
  assert.equal(bits, address.toBigInt().toString(2).padStart(128, "0"));
});

property("the text of IPv6 is that of URLs", any, (address) => {
  if (address.family === 6)
    assert.equal(`[${address.key}]`, new URL(`http://[${address.key}]`).hostname);
  else assert.ok(isIPv4(address.key));
});

property("equals, key and compare agree with the bytes", fc.tuple(any, any), ([a, b]) => {
  assert.equal(a.equals(b), bytesEqual(a.bytes, b.bytes));
  assert.equal(a.key === b.key, a.equals(b));
  if (a.family === b.family) {
    assert.equal(Math.sign(a.compare(b)), compareBytes(a.bytes, b.bytes));
  } else assert.equal(Math.sign(a.compare(b)), a.family === 4 ? -1 : 1);
});

// Texts of the right characters: a good part of them are addresses, or nearly.
const nearly: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: fc.constantFrom("0", "1", ":", ".", "f"), maxLength: 24 }),
  fc
    .tuple(any, fc.nat(45), fc.constantFrom("", ":", "::", "0", ".", "1.2.3.4", "f", "%"))
    .map(([{ key }, at, extra]) => key.slice(0, at) + extra + key.slice(at)),
);

property(
  "what is an address agrees with Node",
  nearly,
  (text) => {
    const isAddress = isIPv4(text) || (isIPv6(text) && !text.includes("%"));
    assert.equal(IpAddress.tryParse(text) !== undefined, isAddress, text);
  },
  { runs: 5000 },
);
