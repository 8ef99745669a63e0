import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DecodeError } from "#base";
import { findSection } from "../elf/elf-file.ts";
import { readElf } from "../elf/read-elf.ts";
import { Btf, memberOf } from "./btf.ts";
import { buildBtf } from "./build-btf.ts";
import { decodeBtf } from "./decode.ts";
import { encodeBtf } from "./encode.ts";

const NAMES = ["bad", "big", "core", "empty", "kfunc", "maps", "ring"];

function blobOf(name: string): Uint8Array {
  const path = join(import.meta.dirname, `../../testdata/${name}.bpf.o`);
  const section = findSection(readElf(readFileSync(path)), ".BTF");
  return section?.bytes ?? assert.fail("no BTF");
}

const int = { kind: "int", name: "int", size: 4, bits: 32, bitOffset: 0, encoding: 1 } as const;

test("what a compiler wrote is written again to the byte", () => {
  for (const name of NAMES) {
    const blob = blobOf(name);
    assert.deepEqual(encodeBtf(decodeBtf(blob)), new Uint8Array(blob), name);
  }
});

test("every kind reads as it was written", () => {
  const types = [
    int,
    { kind: "ptr", target: 4 },
    { kind: "array", element: 1, index: 1, count: 3 },
    {
      kind: "struct",
      name: "s",
      size: 16,
      kindFlag: true,
      members: [
        { name: "low", type: 1, bitOffset: 0, bitSize: 5 },
        { name: "list", type: 3, bitOffset: 32, bitSize: 0 },
      ],
    },
    {
      kind: "union",
      name: "u",
      size: 4,
      members: [{ name: "a", type: 1, bitOffset: 0, bitSize: 0 }],
    },
    {
      kind: "enum",
      name: "e",
      size: 4,
      isSigned: true,
      kindFlag: true,
      values: [
        { name: "LOW", value: -2n },
        { name: "HIGH", value: 2n },
      ],
    },
    {
      kind: "enum64",
      name: "big",
      size: 8,
      isSigned: false,
      values: [{ name: "MOST", value: 2n ** 64n - 1n }],
    },
    { kind: "fwd", name: "f", kindFlag: true },
    { kind: "typedef", name: "t", target: 4 },
    { kind: "volatile", target: 9 },
    { kind: "const", target: 10 },
    { kind: "restrict", target: 2 },
    { kind: "typeTag", name: "user", target: 11 },
    { kind: "funcProto", returns: 1, params: [{ name: "x", type: 2 }] },
    { kind: "func", name: "run", target: 14, linkage: 1 },
    { kind: "var", name: "v", target: 1, linkage: 1 },
    { kind: "datasec", name: ".data", size: 4, variables: [{ type: 16, offset: 0, size: 4 }] },
    { kind: "float", name: "double", size: 8 },
    { kind: "declTag", name: "tag", target: 4, component: -1 },
  ] as const;
  const blob = buildBtf(types as unknown as Parameters<typeof buildBtf>[0]);
  const btf = Btf.decode(blob);
  assert.equal(btf.count, types.length);
  for (const [index, wanted] of types.entries()) {
    const type: Record<string, unknown> = { ...btf.type(index + 1) };
    for (const [key, value] of Object.entries(wanted)) {
      if (Array.isArray(value)) continue;
      assert.deepEqual(type[key], value, `${wanted.kind}.${key}`);
    }
  }
  const enumeration = btf.type(6);
  assert.ok(enumeration?.kind === "enum");
  assert.deepEqual(
    enumeration.values.map(({ name, value }) => [name, value]),
    [
      ["LOW", -2n],
      ["HIGH", 2n],
    ],
  );
  const wide = btf.type(7);
  assert.ok(wide?.kind === "enum64" && wide.values[0]?.value === 2n ** 64n - 1n);
  assert.deepEqual(btf.encode(), blob);
  assert.equal(btf.sizeOf(13), 16);
  assert.deepEqual(
    [13, 12, 3, 2, 15].map((id) => btf.describe(id)),
    ["const volatile t", "restrict struct s *", "int[3]", "struct s *", "run"],
  );
});

test("types are found by name, and their names and promises are seen through", () => {
  const btf = Btf.decode(blobOf("maps"));
  const id = btf.find("struct", "flow") ?? assert.fail("no struct flow");
  assert.equal(btf.sizeOf(id), 32);
  assert.equal(btf.find("struct", "no_such"), undefined);
  const points = memberOf(btf.type(id), "points") ?? assert.fail("no member points");
  assert.equal(btf.describe(points.type), "struct point[2]");
  assert.equal(btf.sizeOf(points.type), 8);
  const wide = btf.find("typedef", "__u64") ?? assert.fail("no __u64");
  assert.equal(btf.resolve(wide)?.kind, "int");
  assert.equal(btf.type(0), undefined);
  assert.equal(btf.describe(0), "void");
});

function fails(body: () => unknown, message: RegExp): void {
  assert.throws(body, (error) => {
    assert.ok(error instanceof DecodeError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test("circles and types without a size end in an error", () => {
  const circle = Btf.decode(
    buildBtf([
      { kind: "typedef", name: "a", target: 2 },
      { kind: "const", target: 1 },
      { kind: "array", element: 3, index: 0, count: 2 },
      { kind: "fwd", name: "f" },
      { kind: "array", element: 6, index: 0, count: 2 ** 31 },
      int,
    ]),
  );
  fails(() => circle.resolve(1), /type 1 is over 32 types deep, or a circle/);
  fails(() => circle.sizeOf(3), /too large|circle/);
  fails(() => circle.sizeOf(4), /fwd "f" has no size/);
  fails(() => circle.sizeOf(5), /is too large/);
  fails(() => circle.sizeOf(0), /void has no size/);
  assert.match(circle.describe(3), /^\.\.\.\[2\]/);
});

test("BTF cut off anywhere is an error", () => {
  const blob = blobOf("bad");
  for (let length = 0; length < blob.length; length++) {
    fails(() => decodeBtf(blob.subarray(0, length)), /./);
  }
});

test("what BTF cannot be is said with its place", () => {
  const good = buildBtf([int, { kind: "ptr", target: 1 }]);
  const patched = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  fails(() => decodeBtf(patched(0, 0)), /this is no BTF \(at byte 0\)/);
  fails(() => decodeBtf(patched(2, 9)), /version 9/);
  fails(() => decodeBtf(patched(4, 8)), /header of 8 bytes/);
  fails(() => decodeBtf(patched(27, 0x1f)), /no zero byte|said to be at/);
  fails(() => decodeBtf(patched(31, 0x1f)), /kind 31 is unknown \(at byte 24\)/);
  fails(() => decodeBtf(patched(24 + 16 + 8, 200)), /type 200 is mentioned, 2 there are/);
});
