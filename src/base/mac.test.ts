import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesEqual, compareBytes, DecodeError, MacAddress, Random } from "#base";
import { property } from "#test";

test("text with colons or hyphens, in either case", () => {
  assert.equal(MacAddress.parse("00:1A:2b:fF:fe:09").toString(), "00:1a:2b:ff:fe:09");
  assert.equal(MacAddress.parse("00-1A-2b-fF-fe-09").toString(), "00:1a:2b:ff:fe:09");
  assert.equal(JSON.stringify(MacAddress.parse("ff-00-00-00-00-80")), '"ff:00:00:00:00:80"');
});

test("what is nearly a MAC address is none", () => {
  const texts = ["", "00 1a 2b ff fe 09", " 0:1a:2b:ff:fe:09", "00:1a:2b:ff:fe:0\n"];
  texts.push(
    ..."00:1a:2b:ff:fe 00:1a:2b:ff:fe: 00:1a:2b:ff:fe:09: 00:1a:2b:ff:fe:09:00".split(" "),
    ..."0:1a:2b:ff:fe:09 00:1a:2b:ff:fe:9 00:1a:2b:ff:fe:0g 001a2bfffe09".split(" "),
    ..."001a.2bff.fe09 00:1a-2b:ff:fe:09 00:1a:2b:ff:fe-09 00.1a.2b.ff.fe.09".split(" "),
    ..."0x:1a:2b:ff:fe:09 +1:1a:2b:ff:fe:09 00:1a:2b:ff::09 0٣:1a:2b:ff:fe:09".split(" "),
  );
  for (const text of texts) {
    assert.equal(MacAddress.tryParse(text), undefined, JSON.stringify(text));
    assert.throws(() => MacAddress.parse(text), DecodeError, JSON.stringify(text));
  }
  for (const length of [0, 5, 7, 8]) {
    assert.throws(() => MacAddress.fromBytes(new Uint8Array(length)), DecodeError);
  }
});

test("predicates", () => {
  const of = (text: string): [boolean, boolean, boolean, boolean] => {
    const mac = MacAddress.parse(text);
    return [mac.isMulticast, mac.isBroadcast, mac.isLocallyAdministered, mac.isZero];
  };
  assert.deepEqual(of("ff:ff:ff:ff:ff:ff"), [true, true, true, false]);
  assert.deepEqual(of("ff:ff:ff:ff:ff:fe"), [true, false, true, false]);
  assert.deepEqual(of("7f:ff:ff:ff:ff:ff"), [true, false, true, false]);
  assert.deepEqual(of("33:33:00:00:00:01"), [true, false, true, false]);
  assert.deepEqual(of("01:00:5e:00:00:01"), [true, false, false, false]);
  assert.deepEqual(of("02:00:00:00:00:00"), [false, false, true, false]);
  assert.deepEqual(of("00:01:02:03:04:05"), [false, false, false, false]);
  assert.deepEqual(of("00:00:00:00:00:00"), [false, false, false, true]);
});

test("random addresses are of one station, locally administered, and differ", () => {
  const random = new Random(5);
  const macs = Array.from({ length: 1000 }, () => MacAddress.random(random));
  for (const mac of macs) assert.ok(mac.isLocallyAdministered && !mac.isMulticast, mac.key);
  assert.equal(new Set(macs.map((mac) => mac.key)).size, 1000);
  assert.ok(MacAddress.random(new Random(9)).equals(MacAddress.random(new Random(9))));
  // Every bit but the two that have a meaning is left to chance.
  const ever = new Uint8Array(6);
  const always = new Uint8Array(6).fill(0xff);
  for (const { bytes } of macs) {
    for (const [at, byte] of bytes.entries()) {
      ever[at] = (ever[at] ?? 0) | byte;
      always[at] = (always[at] ?? 0) & byte;
    }
  }
  assert.deepEqual([...ever], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff]);
  assert.deepEqual([...always], [0x02, 0, 0, 0, 0, 0]);
});

const six = fc.uint8Array({ minLength: 6, maxLength: 6 });
const few = fc.uint8Array({ minLength: 6, maxLength: 6, max: 1 });

property("bytes and text read back", six, (bytes) => {
  const mac = MacAddress.fromBytes(bytes);
  assert.ok(bytesEqual(mac.bytes, bytes));
  assert.ok(MacAddress.parse(mac.key).equals(mac));
  mac.bytes.fill(0);
  assert.ok(bytesEqual(mac.bytes, bytes));
});

property(
  "equals, key and compare agree with the bytes",
  fc.oneof(fc.tuple(six, six), fc.tuple(few, few)),
  ([a, b]) => {
    const [one, other] = [MacAddress.fromBytes(a), MacAddress.fromBytes(b)];
    assert.equal(one.equals(other), bytesEqual(a, b));
    assert.equal(one.key === other.key, bytesEqual(a, b));
    assert.equal(Math.sign(one.compare(other)), compareBytes(a, b));
  },
);

test("comparing by structure tells addresses apart", () => {
  const [one, two] = ["02:00:00:00:00:01", "02:00:00:00:00:02"].map((text) =>
    MacAddress.parse(text),
  );
  assert.notDeepEqual(one, two);
  assert.deepEqual(one, MacAddress.parse("02-00-00-00-00-01"));
});
