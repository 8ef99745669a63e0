import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError, AssertionError, ByteReader, ByteWriter, toHex } from "#base";
import { property } from "#test";

function writer(maxBytes = 1024, initialBytes = 1): ByteWriter {
  return new ByteWriter({ what: "test message", maxBytes, initialBytes });
}

test("numbers are written in both byte orders", () => {
  const bytes = writer()
    .u8(0x01)
    .u16be(0x0203)
    .u16le(0x0203)
    .u32be(0x04050607)
    .u32le(0x84050607)
    .u64be(0x08090a0b0c0d0e0fn)
    .u64le(0x08090a0b0c0d0e0fn)
    .i16be(-2)
    .i16le(-2)
    .i32be(-3)
    .i32le(-3)
    .i64be(-4n)
    .i64le(-4n)
    .finish();
  assert.equal(
    toHex(bytes),
    "01" +
      "0203" +
      "0302" +
      "04050607" +
      "07060584" +
      "08090a0b0c0d0e0f" +
      "0f0e0d0c0b0a0908" +
      "fffe" +
      "feff" +
      "fffffffd" +
      "fdffffff" +
      "fffffffffffffffc" +
      "fcffffffffffffff",
  );
});

test("a number that its field cannot hold is a mistake of the program", () => {
  const attempts: ((target: ByteWriter) => void)[] = [
    (target) => target.u8(256),
    (target) => target.u8(-1),
    (target) => target.u8(1.5),
    (target) => target.u16be(65_536),
    (target) => target.u16le(-1),
    (target) => target.u16le(Number.NaN),
    (target) => target.u32be(2 ** 32),
    (target) => target.u32le(-1),
    (target) => target.u64be(2n ** 64n),
    (target) => target.u64le(-1n),
    (target) => target.i16be(32_768),
    (target) => target.i16le(-32_769),
    (target) => target.i32be(2 ** 31),
    (target) => target.i32le(-(2 ** 31) - 1),
    (target) => target.i64be(2n ** 63n),
    (target) => target.i64le(-(2n ** 63n) - 1n),
  ];
  for (const attempt of attempts) {
    assert.throws(() => attempt(writer()), AssertionError, String(attempt));
  }
});

test("the largest and smallest numbers fit", () => {
  const bytes = writer()
    .u8(255)
    .u16be(65_535)
    .u32be(2 ** 32 - 1)
    .u64be(2n ** 64n - 1n)
    .i16be(-32_768)
    .i32be(-(2 ** 31))
    .i64be(-(2n ** 63n))
    .i64le(2n ** 63n - 1n)
    .u64le(0n)
    .zeros(0)
    .finish();
  const reader = new ByteReader(bytes);
  assert.equal(reader.u8(), 255);
  assert.equal(reader.u16be(), 65_535);
  assert.equal(reader.u32be(), 2 ** 32 - 1);
  assert.equal(reader.u64be(), 2n ** 64n - 1n);
  assert.equal(reader.i16be(), -32_768);
  assert.equal(reader.i32be(), -(2 ** 31));
  assert.equal(reader.i64be(), -(2n ** 63n));
  assert.equal(reader.i64le(), 2n ** 63n - 1n);
  assert.equal(reader.u64le(), 0n);
  assert.equal(reader.remaining, 0);
});

test("it grows up to its maximum, and what is over that is named and changes nothing", () => {
  const target = writer(5, 0).u32be(1).u8(2);
  assert.throws(
    () => target.u8(3),
    (error) =>
      error instanceof AppError &&
      error.code === "limit" &&
      error.message === "test message would be over 5 bytes long",
  );
  assert.throws(() => target.bytes(new Uint8Array(100)), AppError);
  assert.equal(target.length, 5);
  assert.equal(toHex(target.finish()), "0000000102");
});

test("a maximum is a whole number, and may be nothing", () => {
  for (const maxBytes of [-1, 1.5, Number.NaN, Infinity]) {
    assert.throws(() => writer(maxBytes), AssertionError, String(maxBytes));
  }
  assert.throws(() => writer(0).u8(1), AppError);
  assert.equal(writer(0).finish().length, 0);
});

test("patches change what is written, and nothing else", () => {
  const target = writer().u16be(0).u32be(0).u16le(0).u32le(0).u8(7);
  target.patchU16be(0, 0x0102).patchU32be(2, 0x03040506);
  target.patchU16le(6, 0x0708).patchU32le(8, 0x090a0b0c);
  for (const offset of [-1, 10, 13, 0.5, Number.NaN]) {
    assert.throws(() => target.patchU32be(offset, 0), AssertionError, String(offset));
  }
  assert.throws(() => target.patchU16be(12, 0), AssertionError);
  target.patchU16be(11, 0x0908);
  assert.throws(() => target.patchU16be(0, 65_536), AssertionError);
  assert.equal(toHex(target.finish()), "0102_03040506_0807_0c0b0a09_08".replaceAll("_", ""));
});

test("alignment and text", () => {
  const target = writer().align(4).u8(1).align(4).align(4).cstring("ö").text("ab").zeros(2);
  assert.equal(toHex(target.finish()), "01000000c3b60061620000");
  for (const step of [0, -4, 0.5, Number.NaN]) {
    assert.throws(() => writer().u8(1).align(step), AssertionError, String(step));
  }
  assert.throws(() => writer().zeros(-1), AssertionError);
  assert.throws(
    () => writer().cstring("a\0b"),
    (error) => error instanceof AppError && error.code === "encode",
  );
});

test("a finished writer takes nothing more, so that what it gave stays as it was", () => {
  const target = writer(64, 64).u8(1);
  const bytes = target.finish();
  assert.throws(() => target.u8(2), AssertionError);
  assert.throws(() => target.patchU16be(0, 1), AssertionError);
  assert.throws(() => target.finish(), AssertionError);
  assert.deepEqual([...bytes], [1]);
});

type Piece = ["u8" | "u16be" | "u16le" | "u32be" | "u32le", number] | ["bytes", Uint8Array];

const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.tuple(fc.constant("u8" as const), fc.nat(0xff)),
  fc.tuple(fc.constantFrom("u16be" as const, "u16le" as const), fc.nat(0xffff)),
  fc.tuple(fc.constantFrom("u32be" as const, "u32le" as const), fc.nat(0xffff_ffff)),
  fc.tuple(fc.constant("bytes" as const), fc.uint8Array({ maxLength: 40 })),
);

property("a reader reads what a writer wrote", fc.array(piece), (pieces) => {
  const target = writer(100_000);
  for (const [type, value] of pieces) {
    if (type === "bytes") target.bytes(value);
    else target[type](value);
  }
  const { length } = target;
  const reader = new ByteReader(target.finish());
  assert.equal(reader.remaining, length);
  for (const [type, value] of pieces) {
    if (type === "bytes") assert.deepEqual([...reader.bytes(value.length)], [...value]);
    else assert.equal(reader[type](), value);
  }
  assert.equal(reader.remaining, 0);
});
