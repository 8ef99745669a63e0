import assert from "node:assert/strict";
import { test } from "node:test";
import { AssertionError } from "#base";
import * as codec from "./codec.ts";

test("numbers that fit pass, and others are a mistake of the program", () => {
  const cases: [check: (value: never) => unknown, min: number, max: number][] = [
    [codec.u8, 0, 0xff],
    [codec.u16, 0, 0xffff],
    [codec.u32, 0, 0xffff_ffff],
    [codec.s8, -0x80, 0x7f],
    [codec.s16, -0x8000, 0x7fff],
    [codec.s32, -0x8000_0000, 0x7fff_ffff],
  ];
  for (const [check, min, max] of cases) {
    for (const good of [min, max, 0]) assert.equal(check(good as never), good);
    for (const bad of [min - 1, max + 1, 0.5, NaN]) {
      assert.throws(() => check(bad as never), AssertionError, `${bad}`);
    }
  }
  assert.equal(codec.u64(2n ** 64n - 1n), 2n ** 64n - 1n);
  assert.equal(codec.s64(-(2n ** 63n)), -(2n ** 63n));
  assert.throws(() => codec.u64(-1n), AssertionError);
  assert.throws(() => codec.s64(2n ** 63n), AssertionError);
});

test("bytes are copied both ways and have their length", () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  const view = new DataView(whole.buffer);
  const read = codec.readBytes(view, 1, 2);
  codec.writeBytes(view, 0, 2, Uint8Array.of(8, 9));
  assert.deepEqual([read, whole], [Uint8Array.of(2, 3), Uint8Array.of(8, 9, 3, 4)]);
  assert.throws(() => codec.writeBytes(view, 0, 2, Uint8Array.of(1)), AssertionError);
});

test("arrays read and write each element, and have their length", () => {
  const view = new DataView(new ArrayBuffer(4));
  codec.writeArray(2, [5, 6], (index, value) => view.setUint16(index * 2, value, true));
  assert.deepEqual(
    codec.readArray(2, (index) => view.getUint16(index * 2, true)),
    [5, 6],
  );
  assert.throws(() => codec.writeArray(2, [1], () => {}), AssertionError);
});

test("a codec works on its own bytes and in the middle of others", () => {
  const port = codec.defineCodec<number>(
    2,
    (view, at) => view.getUint16(at, true),
    (view, at, value) => view.setUint16(at, codec.u16(value), true),
  );
  assert.deepEqual(port.encode(80), Uint8Array.of(80, 0));
  const whole = Uint8Array.of(9, 80, 0, 9);
  assert.equal(port.decode(whole.subarray(1, 3)), 80);
  assert.equal(port.read(new DataView(whole.buffer), 1), 80);
  assert.throws(() => port.decode(whole), AssertionError);
});
