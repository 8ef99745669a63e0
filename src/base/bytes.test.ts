import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesEqual, compareBytes, DecodeError, fromHex, toHex } from "#base";
import { property } from "#test";

test("hexadecimal text", () => {
  assert.equal(toHex(Uint8Array.of(0, 0x0f, 0xa0, 0xff)), "000fa0ff");
  assert.equal(toHex(Uint8Array.of(0, 1, 2), ":"), "00:01:02");
  assert.equal(toHex(new Uint8Array(0), ":"), "");
  assert.deepEqual([...fromHex("00aAfF")], [0, 0xaa, 0xff]);
  assert.equal(fromHex("").length, 0);
});

test("text that is not hexadecimal is refused where it ceases to be", () => {
  const offsets: [string, number][] = [
    ["abc", 3],
    ["0g", 1],
    ["g", 0],
    ["00 1", 2],
    ["0x00", 1],
    ["00@0", 2],
    ["00`0", 2],
    ["00/:", 2],
    ["00٣0", 2],
  ];
  for (const [text, offset] of offsets) {
    assert.throws(
      () => fromHex(text),
      (error) => error instanceof DecodeError && error.offset === offset,
      text,
    );
  }
});

test("of two arrays where one begins the other, the shorter is first", () => {
  assert.equal(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)), -1);
  assert.equal(compareBytes(Uint8Array.of(2), Uint8Array.of(1, 9)), 1);
  assert.equal(compareBytes(new Uint8Array(0), new Uint8Array(0)), 0);
});

property("toHex and fromHex are each other's opposite", fc.uint8Array(), (bytes) => {
  assert.equal(toHex(bytes), Buffer.from(bytes).toString("hex"));
  assert.ok(bytesEqual(fromHex(toHex(bytes)), bytes));
  assert.ok(bytesEqual(fromHex(toHex(bytes).toUpperCase()), bytes));
});

// Few values and lengths, so that equal pairs and common beginnings occur.
const few = fc.uint8Array({ max: 2, maxLength: 4 });

property("bytesEqual and compareBytes agree with Buffer", fc.tuple(few, few), ([a, b]) => {
  assert.equal(bytesEqual(a, b), Buffer.from(a).equals(b));
  assert.equal(compareBytes(a, b), Buffer.compare(a, b));
});
