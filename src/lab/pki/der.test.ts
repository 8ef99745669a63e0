import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "#base";
import * as der from "./der.ts";

test("values have the bytes that X.690 gives them", () => {
  const cases: [Uint8Array, string][] = [
    [der.boolean(true), "0101ff"],
    [der.boolean(false), "010100"],
    [der.smallInteger(2), "020102"],
    [der.unsignedInteger(Uint8Array.of(0, 0, 0x7f)), "02017f"],
    [der.unsignedInteger(Uint8Array.of(0x80, 1)), "0203008001"],
    [der.unsignedInteger(Uint8Array.of(0)), "020100"],
    [der.objectIdentifier("2.5.4.3"), "0603550403"],
    [der.objectIdentifier("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
    [der.utf8String("é"), "0c02c3a9"],
    [der.octetString(Uint8Array.of(1)), "040101"],
    [der.bitString(Uint8Array.of(0x80), 7), "03020780"],
    [der.sequence(), "3000"],
    [der.setOf(der.sequence()), "31023000"],
    [der.explicit(0, der.smallInteger(2)), "a003020102"],
    [der.implicit(7, Uint8Array.of(127, 0, 0, 1)), "87047f000001"],
  ];
  for (const [bytes, hex] of cases) assert.equal(toHex(bytes), hex);
});

test("lengths from 128 on have a count before them", () => {
  const header = (length: number): string =>
    toHex(der.octetString(new Uint8Array(length)).subarray(0, 5));
  assert.equal(header(127), "047f000000");
  assert.equal(header(128), "0481800000");
  assert.equal(header(255), "0481ff0000");
  assert.equal(header(65_536), "0483010000");
});

test("years from 1950 to 2049 are written with two digits", () => {
  const text = (moment: string): string =>
    Buffer.from(der.time(new Date(moment)).subarray(2)).toString();
  assert.equal(text("2049-12-31T23:59:59.999Z"), "491231235959Z");
  assert.equal(text("2050-01-01T00:00:00Z"), "20500101000000Z");
});
