import assert from "node:assert/strict";
import { BlockList } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionError, Cidr, DecodeError, IpAddress } from "#base";
import { property } from "#test";

const ip = (text: string): IpAddress => IpAddress.parse(text);
const cidr = (text: string): Cidr => Cidr.parse(text);
const keys = (cidrs: Cidr[]): string[] => cidrs.map((each) => each.key);

test("host bits are dropped, and the text is canonical", () => {
  const forms: [string, string, number][] = [
    ["10.1.2.3/8", "10.0.0.0/8", 104],
    ["255.255.255.255/0", "0.0.0.0/0", 96],
    ["1.2.3.4/32", "1.2.3.4/32", 128],
    ["192.168.255.255/17", "192.168.128.0/17", 113],
    ["2001:DB8:1:2:3::/33", "2001:db8::/33", 33],
    ["ffff::/0", "::/0", 0],
    ["::1/128", "::1/128", 128],
    ["1:2:3:4:5:6:7:8/64", "1:2:3:4::/64", 64],
    ["::ffff:10.1.2.3/104", "10.0.0.0/8", 104],
    ["::ffff:a00:0/128", "10.0.0.0/32", 128],
    ["::ffff:10.1.2.3/96", "0.0.0.0/0", 96],
    ["::ffff:10.1.2.3/95", "::fffe:0:0/95", 95],
    ["::ffff:10.1.2.3/8", "::/8", 8],
  ];
  for (const [text, canonical, prefixLength128] of forms) {
    const parsed = cidr(text);
    assert.equal(parsed.toString(), canonical, text);
    assert.equal(parsed.prefixLength128, prefixLength128, text);
    assert.equal(parsed.prefixLength, Number(canonical.split("/")[1]), text);
    assert.equal(parsed.family, canonical.includes(".") ? 4 : 6, text);
    assert.ok(cidr(canonical).equals(parsed), text);
    assert.equal(JSON.stringify(parsed), `"${canonical}"`);
  }
});

test("what is nearly a CIDR is none", () => {
  const texts = ["", "10.0.0.0/8 ", " 10.0.0.0/8", "10.0.0.0/ 8", "10.0.0.0/8\n", "10.0.0.0/8\0"];
  texts.push(
    ..."/ /8 10.0.0.0 :: 10.0.0.0/ 10.0.0.0/33 ::/129 10.0.0/8 10.0.0.0\\8".split(" "),
    ..."10.0.0.0/08 10.0.0.0/00 10.0.0.0/+8 10.0.0.0/-1 10.0.0.0/8/8 10.0.0.0/8.0".split(" "),
    ..."10.0.0.0/0x8 10.0.0.0/1e1 10.0.0.0/٨ 10.0.0.0/255.0.0.0 10.0.0.0/104".split(" "),
    ..."::ffff:10.0.0.0/129 ::/0128 fe80::%eth0/64 10.0.0.0/9999999999999999999999".split(" "),
  );
  for (const text of texts) {
    assert.equal(Cidr.tryParse(text), undefined, JSON.stringify(text));
    assert.throws(() => Cidr.parse(text), DecodeError, JSON.stringify(text));
  }
  assert.throws(
    () => Cidr.parse("10.0.0.0"),
    (error) =>
      error instanceof DecodeError &&
      error.message === '"10.0.0.0" is no CIDR, such as 10.0.0.0/8 or fd00::/64 (at byte 0)',
  );
});

test("an address and a length make a CIDR, and a length that cannot be is a DecodeError", () => {
  assert.equal(Cidr.of(ip("10.0.0.1")).key, "10.0.0.1/32");
  assert.equal(Cidr.of(ip("::1")).key, "::1/128");
  assert.equal(Cidr.of(ip("10.1.2.3"), 0).key, "0.0.0.0/0");
  assert.equal(Cidr.of(ip("10.1.2.3"), 16).key, "10.1.0.0/16");
  assert.equal(Cidr.of128(ip("10.1.2.3"), 112).key, "10.1.0.0/16");
  assert.equal(Cidr.of128(ip("10.1.2.3"), 0).key, "::/0");
  assert.equal(Cidr.of128(ip("10.1.2.3"), 90).key, "::ffc0:0:0/90");
  for (const length of [-1, 33, 1.5, Number.NaN]) {
    assert.throws(() => Cidr.of(ip("10.0.0.1"), length), DecodeError, String(length));
  }
  assert.throws(() => Cidr.of(ip("::1"), 129), DecodeError);
  assert.throws(() => Cidr.of128(ip("10.0.0.1"), 129), DecodeError);
  assert.throws(() => Cidr.of128(ip("10.0.0.1"), -1), DecodeError);
});

test("the families never cross", () => {
  const everything6 = cidr("::/0");
  const everything4 = cidr("0.0.0.0/0");
  assert.equal(everything6.contains(ip("1.2.3.4")), false);
  assert.equal(everything6.contains(ip("::ffff:1.2.3.4")), false);
  assert.equal(everything4.contains(ip("1.2.3.4")), true);
  assert.equal(everything4.contains(ip("::1")), false);
  assert.equal(everything6.containsCidr(everything4), false);
  assert.equal(everything4.containsCidr(everything6), false);
  assert.equal(everything6.overlaps(everything4), false);
  assert.deepEqual(keys(everything6.subtract(everything4)), ["::/0"]);
  assert.deepEqual(keys(everything4.subtract(everything6)), ["0.0.0.0/0"]);
});

test("an IPv6 range around the IPv4 addresses steps over them", () => {
  const around = cidr("::/64");
  const hole = 1n << 32n;
  assert.equal(around.size, (1n << 64n) - hole);
  assert.equal(around.last.key, "::ffff:ffff:ffff:ffff");
  const before = around.indexOf(ip("::fffe:ffff:ffff"));
  assert.equal(before, 0xfffe_ffff_ffffn);
  assert.equal(around.nth(before)?.key, "::fffe:ffff:ffff");
  assert.equal(around.nth(before + 1n)?.key, "::1:0:0:0");
  assert.equal(around.indexOf(ip("::1:0:0:0")), before + 1n);
  assert.equal(around.indexOf(ip("1.2.3.4")), undefined);
  // The range that ends with them ends before them.
  assert.equal(cidr("::fffe:0:0/95").last.key, "::fffe:ffff:ffff");
  assert.equal(cidr("::fffe:0:0/95").size, hole);
  assert.deepEqual(keys(cidr("::fffe:0:0/95").subtract(cidr("::fffe:0:0/96"))), []);
  assert.deepEqual(keys(cidr("::fffc:0:0/94").subtract(cidr("::fffe:0:0/96"))), ["::fffc:0:0/95"]);
});

test("first, last, size, nth and indexOf", () => {
  const pods = cidr("10.0.1.128/25");
  assert.equal(pods.first.key, "10.0.1.128");
  assert.equal(pods.last.key, "10.0.1.255");
  assert.equal(pods.size, 128n);
  assert.equal(pods.nth(0)?.key, "10.0.1.128");
  assert.equal(pods.nth(127n)?.key, "10.0.1.255");
  assert.equal(pods.nth(128), undefined);
  assert.equal(pods.nth(-1), undefined);
  assert.throws(() => pods.nth(0.5), AssertionError);
  assert.equal(pods.indexOf(ip("10.0.1.130")), 2n);
  assert.equal(pods.indexOf(ip("10.0.2.0")), undefined);
  assert.equal(cidr("0.0.0.0/0").size, 1n << 32n);
  assert.equal(cidr("0.0.0.0/0").last.key, "255.255.255.255");
  assert.equal(cidr("::1/128").size, 1n);
  assert.equal(cidr("fd00::/8").nth(1n << 119n)?.key, "fd80::");
  assert.equal(cidr("::/0").nth(cidr("::/0").size - 1n)?.key, "ffff:".repeat(7) + "ffff");
});

test("subtract leaves the fewest ranges, in order", () => {
  assert.deepEqual(keys(cidr("10.0.0.0/8").subtract(cidr("10.96.0.0/12"))), [
    "10.0.0.0/10",
    "10.64.0.0/11",
    "10.112.0.0/12",
    "10.128.0.0/9",
  ]);
  assert.deepEqual(keys(cidr("10.0.0.0/30").subtract(cidr("10.0.0.1/32"))), [
    "10.0.0.0/32",
    "10.0.0.2/31",
  ]);
  assert.deepEqual(keys(cidr("10.0.0.0/8").subtract(cidr("10.0.0.0/8"))), []);
  assert.deepEqual(keys(cidr("10.0.0.0/8").subtract(cidr("0.0.0.0/0"))), []);
  assert.deepEqual(keys(cidr("10.0.0.0/8").subtract(cidr("11.0.0.0/8"))), ["10.0.0.0/8"]);
  assert.equal(cidr("0.0.0.0/0").subtract(cidr("1.2.3.4/32")).length, 32);
  assert.deepEqual(keys(cidr("::/0").subtract(cidr("8000::/1"))), ["::/1"]);
});

test("ranges are ordered by address, then the larger first", () => {
  const texts = [
    "0.0.0.0/0",
    "0.0.0.0/8",
    "10.0.0.0/8",
    "10.0.0.0/9",
    "10.0.0.1/32",
    "::/0",
    "::/1",
    "8000::/1",
  ];
  const sorted = texts
    .toReversed()
    .map(cidr)
    .toSorted((a, b) => a.compare(b));
  assert.deepEqual(keys(sorted), texts);
});

// Around few places, so that ranges meet; around ::ffff:0:0/96 too, where the families do.
const near: fc.Arbitrary<IpAddress> = fc
  .tuple(
    fc.constantFrom("10.0.0.0", "255.255.255.0", "::", "fd00::", "::fffe:ffff:ff00", "::1:0:0:0"),
    fc.nat(63),
  )
  .map(([text, offset]) => IpAddress.fromBigInt(ip(text).toBigInt() + BigInt(offset)));
const range: fc.Arbitrary<Cidr> = fc
  .tuple(near, fc.oneof(fc.integer({ min: 120, max: 128 }), fc.nat(128)))
  .map(([address, length]) => Cidr.of128(address, length));

/** What a range contains, by the definition: the family, and the first bits. */
function isIn(address: IpAddress, outer: Cidr): boolean {
  const shift = BigInt(128 - outer.prefixLength128);
  return (
    address.family === outer.family &&
    address.toBigInt() >> shift === outer.network.toBigInt() >> shift
  );
}

property("contains is what its definition says", fc.tuple(range, near), ([outer, address]) => {
  assert.equal(outer.contains(address), isIn(address, outer));
  const index = outer.indexOf(address);
  assert.equal(index !== undefined, outer.contains(address));
  if (index !== undefined) assert.ok(outer.nth(index)?.equals(address));
});

property("contains agrees with Node", fc.tuple(range, near), ([outer, address]) => {
  // Node lets ::/0 contain mapped addresses, so only pairs of one family compare.
  if (outer.family !== address.family) return;
  const list = new BlockList();
  const type = outer.family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(outer.network.key, outer.prefixLength, type);
  assert.equal(outer.contains(address), list.check(address.key, type));
});

property("first and last are the ends of what is contained", range, (outer) => {
  assert.ok(outer.contains(outer.first) && outer.contains(outer.last));
  assert.ok(outer.nth(0)?.equals(outer.first));
  assert.ok(outer.nth(outer.size - 1n)?.equals(outer.last));
  assert.equal(outer.nth(outer.size), undefined);
  const after = outer.last.next();
  if (after !== undefined) assert.equal(outer.contains(after), false);
  assert.ok(Cidr.parse(outer.key).equals(outer));
});

property("two ranges nest or are apart", fc.tuple(range, range), ([a, b]) => {
  assert.equal(a.containsCidr(b) && b.containsCidr(a), a.equals(b));
  assert.equal(a.overlaps(b), a.containsCidr(b) || b.containsCidr(a));
  assert.equal(a.containsCidr(b), a.contains(b.first) && a.prefixLength128 <= b.prefixLength128);
  assert.equal(a.key === b.key, a.equals(b));
  assert.equal(a.compare(b) === 0, a.equals(b));
});

property("subtract keeps exactly the rest", fc.tuple(range, range, near), ([a, b, address]) => {
  const rest = a.subtract(b);
  const expected = isIn(address, a) && !isIn(address, b);
  assert.equal(rest.filter((each) => each.contains(address)).length, expected ? 1 : 0);
  assert.equal(
    rest.reduce((sum, each) => sum + each.size, 0n),
    a.containsCidr(b) ? a.size - b.size : b.containsCidr(a) ? 0n : a.size,
  );
  for (const [index, each] of rest.entries()) {
    assert.equal(each.family, a.family);
    const next = rest[index + 1];
    if (next !== undefined) assert.ok(each.compare(next) < 0 && !each.overlaps(next));
  }
});
