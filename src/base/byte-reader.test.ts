import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AssertionError, ByteReader, DecodeError, fromHex } from "#base";
import { property } from "#test";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Fails unless `action` throws a DecodeError of exactly this message, which ends in the offset. */
function decodeError(action: () => unknown, message: string): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof DecodeError, String(error));
    assert.equal(error.message, message);
    assert.ok(message.endsWith(`(at byte ${error.offset})`));
    return true;
  });
}

test("numbers are read in both byte orders and with their signs", () => {
  const bytes = fromHex("fffefdfcfbfaf9f8");
  const expected: [(reader: ByteReader) => number | bigint, number | bigint][] = [
    [(reader) => reader.u8(), 0xff],
    [(reader) => reader.u16be(), 0xfffe],
    [(reader) => reader.u16le(), 0xfeff],
    [(reader) => reader.u32be(), 0xfffefdfc],
    [(reader) => reader.u32le(), 0xfcfdfeff],
    [(reader) => reader.u64be(), 0xfffefdfcfbfaf9f8n],
    [(reader) => reader.u64le(), 0xf8f9fafbfcfdfeffn],
    [(reader) => reader.i16be(), -2],
    [(reader) => reader.i16le(), -257],
    [(reader) => reader.i32be(), -66_052],
    [(reader) => reader.i32le(), -50_462_977],
    [(reader) => reader.i64be(), 0xfffefdfcfbfaf9f8n - 2n ** 64n],
    [(reader) => reader.i64le(), 0xf8f9fafbfcfdfeffn - 2n ** 64n],
  ];
  for (const [read, value] of expected) {
    assert.equal(read(new ByteReader(bytes)), value, String(read));
  }
});

test("an overrun says what was needed, what is left and where", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3));
  reader.u16be();
  const message = "2 bytes of UDP length needed, 1 left (at byte 2)";
  decodeError(() => reader.u16be("UDP length"), message);
  assert.equal(reader.offset, 2, "a failed read takes nothing");
  assert.equal(reader.u8(), 3);
  decodeError(() => reader.u8(), "1 byte of data needed, 0 left (at byte 3)");
  decodeError(() => reader.peekU8("version"), "1 byte of version needed, 0 left (at byte 3)");
});

test("no read of any width goes past the end", () => {
  const widths: Record<string, [number, (reader: ByteReader) => unknown]> = {
    u8: [1, (reader) => reader.u8()],
    u16be: [2, (reader) => reader.u16be()],
    u16le: [2, (reader) => reader.u16le()],
    i16be: [2, (reader) => reader.i16be()],
    i16le: [2, (reader) => reader.i16le()],
    u32be: [4, (reader) => reader.u32be()],
    u32le: [4, (reader) => reader.u32le()],
    i32be: [4, (reader) => reader.i32be()],
    i32le: [4, (reader) => reader.i32le()],
    u64be: [8, (reader) => reader.u64be()],
    u64le: [8, (reader) => reader.u64le()],
    i64be: [8, (reader) => reader.i64be()],
    i64le: [8, (reader) => reader.i64le()],
  };
  for (const [name, [width, read]] of Object.entries(widths)) {
    // The buffer goes on behind the view: it must not be what bounds the reads.
    const buffer = new Uint8Array(32);
    const exact = new ByteReader(buffer.subarray(3, 3 + width));
    read(exact);
    assert.equal(exact.remaining, 0, name);
    const short = new ByteReader(buffer.subarray(3, 3 + width - 1));
    assert.throws(() => read(short), DecodeError, name);
    assert.equal(short.offset, 0, name);
  }
});

test("lengths that the input made up are refused", () => {
  const reader = new ByteReader(new Uint8Array(8));
  const impossible = "payload cannot be -4 bytes long (at byte 0)";
  decodeError(() => reader.bytes(-4, "payload"), impossible);
  decodeError(() => reader.skip(0.5), "data cannot be 0.5 bytes long (at byte 0)");
  decodeError(() => reader.peek(Number.NaN), "data cannot be NaN bytes long (at byte 0)");
  decodeError(() => reader.sub(9), "9 bytes of data needed, 8 left (at byte 0)");
  const huge = 2 ** 32 + 1;
  decodeError(() => reader.bytes(huge), `${huge} bytes of data needed, 8 left (at byte 0)`);
  assert.throws(() => reader.text(Infinity), DecodeError);
  assert.equal(reader.remaining, 8);
});

test("pieces are views, and peeking takes nothing", () => {
  const input = Uint8Array.of(1, 2, 3, 4);
  const reader = new ByteReader(input);
  assert.equal(reader.peekU8(), 1);
  assert.deepEqual([...reader.peek(2)], [1, 2]);
  const piece = reader.bytes(2);
  input[0] = 9;
  assert.deepEqual([...piece], [9, 2]);
  assert.deepEqual([...reader.peek(1)], [3]);
  assert.deepEqual([...reader.rest()], [3, 4]);
  assert.equal(reader.bytes(0).length, 0);
});

test("a sub-reader ends where it must and counts from the start of the whole input", () => {
  const reader = new ByteReader(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), 100);
  reader.skip(2);
  const sub = reader.sub(4, "options");
  assert.equal(reader.offset, 106);
  sub.u8();
  const inner = sub.sub(2);
  assert.equal(inner.offset, 103);
  assert.equal(inner.u16be(), 0x0304);
  decodeError(() => inner.u8("kind"), "1 byte of kind needed, 0 left (at byte 105)");
  assert.equal(sub.u8(), 5);
  assert.equal(sub.remaining, 0);
  assert.equal(reader.u16be(), 0x0607);
});

test("seek goes anywhere inside, the end included, and nowhere else", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3), 10);
  reader.seek(12);
  assert.equal(reader.u8(), 3);
  reader.seek(10);
  assert.equal(reader.u8(), 1);
  reader.seek(13);
  assert.equal(reader.remaining, 0);
  decodeError(
    () => reader.seek(14, "a name"),
    "a name said to be at 14, outside 10 to 13 (at byte 13)",
  );
  assert.throws(() => reader.seek(9), DecodeError);
  assert.throws(() => reader.seek(10.5), DecodeError);
  assert.throws(() => reader.seek(Number.NaN), DecodeError);
});

test("alignment counts from the start of its own reader", () => {
  const reader = new ByteReader(new Uint8Array(12), 1);
  reader.align(4);
  assert.equal(reader.offset, 1);
  reader.u8();
  reader.align(4);
  assert.equal(reader.offset, 5);
  reader.align(4);
  assert.equal(reader.offset, 5);
  const sub = reader.sub(3);
  sub.u16be();
  decodeError(() => sub.align(4), "2 bytes of padding needed, 1 left (at byte 7)");
  assert.throws(() => reader.align(0), AssertionError);
  assert.throws(() => reader.align(-4), AssertionError);
});

test("text must be UTF-8, and a cstring must end", () => {
  const reader = new ByteReader(utf8("eth0\0größe\0\0rest"));
  assert.equal(reader.cstring(), "eth0");
  assert.equal(reader.cstring(), "größe");
  assert.equal(reader.cstring(), "");
  decodeError(() => reader.cstring("a name"), "no zero byte ends a name, 4 left (at byte 14)");
  assert.equal(reader.text(4), "rest");
  decodeError(
    () => new ByteReader(Uint8Array.of(0xc3, 0x28)).text(2, "the host"),
    "the host is not UTF-8 (at byte 0)",
  );
  // A cstring of a sub-reader must not find its end behind it.
  assert.throws(() => new ByteReader(utf8("abc\0")).sub(3).cstring(), DecodeError);
  assert.throws(() => new ByteReader(Uint8Array.of(0x80)).text(1), DecodeError);
  assert.equal(new ByteReader(Uint8Array.of(0)).cstring(), "");
  // A byte order mark is kept: the names with and without it are two names.
  assert.equal(new ByteReader(utf8("\ufeffx")).text(4), "\ufeffx");
  // Decoding goes on to work after a failure.
  assert.equal(new ByteReader(utf8("ö")).text(2), "ö");
});

property("text is what was encoded, short or long", fc.string({ unit: "grapheme" }), (text) => {
  const bytes = utf8(text.repeat(3));
  assert.equal(new ByteReader(bytes).text(bytes.length), text.repeat(3));
});
