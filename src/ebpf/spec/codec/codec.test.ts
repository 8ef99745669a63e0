import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { AppError, DecodeError, fromHex } from "#base";
import { property } from "#test";
import { Btf } from "../btf/btf.ts";
import { buildBtf } from "../btf/build-btf.ts";
import { CollectionSpec } from "../object/collection.ts";
import { codecOf } from "./codec.ts";
import type { ValueInput } from "./node.ts";

const { btf } = CollectionSpec.parse(
  readFileSync(join(import.meta.dirname, "../../testdata/maps.bpf.o")),
);

function codec(kind: "struct" | "typedef" | "enum", name: string): ReturnType<typeof codecOf> {
  return codecOf(btf, btf.find(kind, name) ?? assert.fail(`no ${kind} ${name}`));
}

function refuses(body: () => unknown, message: RegExp): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof AppError && error.code === "encode", String(error));
    assert.match(error.message, message);
    return true;
  });
}

test("a struct is its members, numbers as they fit", () => {
  const flow = codec("struct", "flow");
  const bytes = fromHex("0100000000000000ffffffffffffffff02000000ffff0700010080000000000000");
  const value = {
    packets: 1n,
    bytes: 2n ** 64n - 1n,
    colour: 2,
    points: [
      { x: -1, y: 7 },
      { x: 1, y: 128 },
    ],
  };
  assert.equal(flow.type, "struct flow");
  assert.deepEqual(flow.decode(bytes.subarray(0, 32)), value);
  assert.deepEqual(flow.encode(value), bytes.subarray(0, 32));
  const loose = { ...value, packets: 1, colour: 2n };
  assert.deepEqual(flow.encode(loose), flow.encode(value));
});

test("bitfields, unions and anonymous members share their struct's object", () => {
  const limits = codec("struct", "limits");
  const value = {
    bytes: 5n,
    corner: { x: 1, y: -2 },
    word: 0x04030201,
    parts: Uint8Array.of(1, 2, 3, 4),
    low: 5,
    high: 17,
  };
  const bytes = limits.encode(value);
  assert.equal(bytes[16], 5 | (17 << 3));
  assert.deepEqual(limits.decode(bytes), value);
  const { parts: _, ...byWord } = value;
  assert.deepEqual(limits.encode(byWord), bytes);
  refuses(() => limits.encode({ ...value, word: 1 }), /members contradict each other/);
  const { word: _word, ...neither } = byWord;
  refuses(() => limits.encode(neither), /one of word, parts is needed/);
  refuses(() => limits.encode({ ...value, low: 8 }), /8 is no low : 3, which goes from 0 to 7/);
});

test("a value that its type cannot hold is refused by its place", () => {
  const point = codec("struct", "point");
  const flow = codec("struct", "flow");
  refuses(() => point.encode({ x: 1 }), /^struct point\.y: a value is missing/);
  refuses(() => point.encode({ x: 1, y: 2, z: 3 }), /has no member z: it has x, y/);
  refuses(() => point.encode({ x: 1, y: 40_000 }, "p"), /^p\.y: 40000 is no short/);
  refuses(() => point.encode({ x: 1, y: 0.5 }), /whole number, not number 0\.5/);
  refuses(() => point.encode({ x: 1, y: "2" }), /whole number, not a text/);
  refuses(() => point.encode([1, 2]), /is an object, not a list of 2/);
  const points = [{ x: 0, y: 0 }];
  refuses(
    () => flow.encode({ packets: 1n, bytes: 1n, colour: 1, points }),
    /^struct flow\.points: a list of 2 is needed, not a list of 1/,
  );
  refuses(() => codec("typedef", "__u64").encode(-1), /goes from 0 to 18446744073709551615/);
  refuses(() => codec("enum", "colour").encode(2 ** 40), /is no enum colour/);
});

const int = { kind: "int", name: "int", size: 4, bits: 32, bitOffset: 0, encoding: 1 } as const;
const char = { kind: "int", name: "char", size: 1, bits: 8, bitOffset: 0, encoding: 1 } as const;
const bool = { kind: "int", name: "_Bool", size: 1, bits: 8, bitOffset: 0, encoding: 4 } as const;
const wide = { kind: "int", name: "wide", size: 16, bits: 128, bitOffset: 0, encoding: 0 } as const;

function built(id: number, types: Parameters<typeof buildBtf>[0]): ReturnType<typeof codecOf> {
  return codecOf(Btf.decode(buildBtf(types)), id);
}

test("texts, bytes, bools, floats, pointers and wide numbers", () => {
  const text = built(2, [char, { kind: "array", element: 1, index: 0, count: 4 }]);
  assert.deepEqual(text.encode("ab"), Uint8Array.of(97, 98, 0, 0));
  assert.deepEqual(text.encode([1, 2, 3, 255]), Uint8Array.of(1, 2, 3, 255));
  assert.deepEqual(text.decode(Uint8Array.of(97, 98, 0, 0)), Uint8Array.of(97, 98, 0, 0));
  refuses(() => text.encode("abcde"), /a text of 5 bytes is too long for 4/);
  refuses(() => text.encode([1, 2, 3, 256]), /\[3\]: a byte is needed/);
  refuses(() => text.encode(Uint8Array.of(1)), /4 bytes or a text are needed, not 1 bytes/);
  const truth = built(1, [bool]);
  assert.deepEqual([truth.encode(true), truth.decode(Uint8Array.of(0))], [Uint8Array.of(1), false]);
  refuses(() => truth.encode(1), /a bool is true or false/);
  const bools = built(2, [bool, { kind: "array", element: 1, index: 0, count: 2 }]);
  assert.deepEqual(bools.decode(Uint8Array.of(0, 1)), [false, true]);
  for (const size of [4, 8]) {
    const float = built(1, [{ kind: "float", name: "float", size }]);
    assert.equal(float.decode(float.encode(-1.5)), -1.5);
  }
  const pointer = built(1, [{ kind: "ptr", target: 0 }]);
  assert.equal(pointer.decode(pointer.encode(7)), 7n);
  const big = built(1, [wide]);
  assert.equal(big.decode(big.encode(2n ** 100n)), 2n ** 100n);
});

test("bytes that are read are copies, from the middle of any buffer", () => {
  const bytes = built(2, [char, { kind: "array", element: 1, index: 0, count: 2 }]);
  const whole = Uint8Array.of(1, 2, 3, 4);
  const read = bytes.decode(whole.subarray(1, 3));
  whole.fill(9);
  assert.deepEqual(read, Uint8Array.of(2, 3));
});

test("types that have no values, or too many, are an error when their codec is asked for", () => {
  const member = (type: number, bitOffset: number, bitSize = 0) => ({
    name: `m${bitOffset}`,
    type,
    bitOffset,
    bitSize,
  });
  const cases: [id: number, types: Parameters<typeof buildBtf>[0], message: RegExp][] = [
    [0, [int], /void has no values/],
    [1, [{ kind: "fwd", name: "f" }], /fwd "f" has no values/],
    [1, [{ ...int, size: 3, bits: 24 }], /3 bytes is no integer of C/],
    [1, [{ ...int, size: 0, bits: 0 }], /0 bytes is no integer of C/],
    [
      1,
      [{ kind: "enum", name: "e", size: 2 ** 31, isSigned: false, values: [] }],
      /enum e of 2147483648 bytes is no integer of C/,
    ],
    [1, [{ ...int, bits: 31 }], /bitfield outside a struct/],
    [1, [{ kind: "float", name: "half", size: 2 }], /half of 2 bytes/],
    [2, [int, { kind: "array", element: 1, index: 0, count: 2 ** 31 }], /too large/],
    [1, [{ kind: "struct", name: "s", size: 2 ** 32 - 1, members: [] }], /too large/],
    [2, [int, { kind: "struct", name: "s", size: 4, members: [member(1, 8)] }], /or outside/],
    [2, [int, { kind: "struct", name: "s", size: 8, members: [member(1, 4)] }], /within a byte/],
    [
      2,
      [int, { kind: "struct", name: "s", size: 8, members: [member(1, 32), member(1, 0)] }],
      /lies over another/,
    ],
    [1, [{ kind: "struct", name: "s", size: 8, members: [member(1, 0)] }], /inside each other/],
    [1, [{ kind: "array", element: 1, index: 0, count: 1 }], /inside each other|circle/],
    [
      2,
      [
        { kind: "struct", name: "e", size: 0, members: [] },
        { kind: "array", element: 1, index: 0, count: 9 },
      ],
      /without a size/,
    ],
    [
      2,
      [int, { kind: "union", name: "u", size: 4, members: [member(1, 0), member(1, 0)] }],
      /cannot have this member "m0"/,
    ],
  ];
  for (const [id, types, message] of cases) {
    assert.throws(
      () => built(id, types),
      (error) => error instanceof DecodeError && message.test(error.message),
      String(message),
    );
  }
});

const codecs = [...btf.entries()]
  .filter(([, type]) => type.kind === "struct" && type.name !== "" && type.size > 0)
  .map(([id]) => codecOf(btf, id));
const largest = Math.max(...codecs.map(({ size }) => size));

property(
  "whatever bytes are read as, they are written as again, but for padding",
  fc.uint8Array({ minLength: largest, maxLength: largest }),
  (bytes) => {
    for (const { type, size, encode, decode } of codecs) {
      const value = decode(bytes.subarray(0, size));
      assert.deepEqual(decode(encode(value as ValueInput)), value, type);
    }
  },
);
