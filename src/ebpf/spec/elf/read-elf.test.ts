import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DecodeError } from "#base";
import { SectionType, SymbolType } from "./constants.ts";
import { findSection } from "./elf-file.ts";
import { readElf } from "./read-elf.ts";
import { relocationsOf } from "./relocations.ts";
import { readStrings } from "./strings.ts";

function object(name: string): Uint8Array {
  const path = join(import.meta.dirname, `../../testdata/${name}.bpf.o`);
  return new Uint8Array(readFileSync(path));
}

test("sections, symbols and relocations of a compiler's object", () => {
  const elf = readElf(object("maps"));
  const tc = findSection(elf, "tc") ?? assert.fail("no section tc");
  assert.equal(tc.bytes.length, tc.size);
  const bss = findSection(elf, ".bss") ?? assert.fail("no section .bss");
  assert.deepEqual([bss.type, bss.bytes.length, bss.size], [SectionType.nobits, 0, 20]);
  assert.equal(findSection(elf, "none"), undefined);
  const looped = elf.symbols.find(({ name }) => name === "looped") ?? assert.fail("no looped");
  assert.deepEqual([looped.type, looped.section], [SymbolType.func, tc.index]);
  const relocations = relocationsOf(elf, tc);
  assert.ok(relocations.some(({ symbol }) => symbol.name === "flows"));
  const offsets = relocations.map(({ offset }) => offset);
  assert.deepEqual(
    offsets,
    offsets.toSorted((a, b) => a - b),
  );
});

test("an object cut off anywhere is an error", () => {
  const bytes = object("empty");
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readElf(bytes.subarray(0, length)), DecodeError, `${length} bytes`);
  }
});

test("what is no little-endian relocatable object for BPF is said to be none", () => {
  const cases: [at: number, value: number, message: RegExp][] = [
    [0, 0, /no ELF file \(at byte 0\)/],
    [4, 1, /not a 64-bit file/],
    [5, 2, /not a little-endian file/],
    [16, 2, /not a relocatable object/],
    [18, 62, /not an object for BPF/],
    [52, 1, /header of 64 bytes/],
    [58, 1, /section headers of 64 bytes/],
    [61, 0xff, /sections, 1 to 4096 can be/],
    [62, 0, /does not hold the sections' names/],
    [47, 0xff, /which nothing can be/],
  ];
  for (const [at, value, message] of cases) {
    const bytes = object("empty");
    bytes[at] = value;
    assert.throws(() => readElf(bytes), message, `byte ${at}`);
  }
});

test("a section, symbol or relocation outside of what it is in is an error", () => {
  const good = object("maps");
  const view = new DataView(good.buffer);
  const table = Number(view.getBigUint64(40, true));
  const elf = readElf(good);
  const at = (name: string): number => table + (findSection(elf, name)?.index ?? 0) * 64;
  const broken = (place: number, value: bigint): Uint8Array => {
    const bytes = good.slice();
    new DataView(bytes.buffer).setBigUint64(place, value, true);
    return bytes;
  };
  const size = 32;
  assert.throws(() => readElf(broken(at("tc") + size, 1n << 20n)), /after the file's end/);
  assert.throws(() => readElf(broken(at(".bss") + size, 1n << 40n)), /bytes of zeros/);
  assert.throws(() => readElf(broken(at(".bss") + size, 8n)), /ends after its section/);
  assert.throws(() => readElf(broken(at(".symtab") + 56, 8n)), /24 bytes each, not 8/);
  const symbols = findSection(elf, ".symtab")?.offset ?? 0;
  assert.throws(() => readElf(broken(symbols + 24, 0xfe00_0000_0000_0000n)), /in section 65024/);
  const relocations = findSection(elf, ".reltc")?.offset ?? 0;
  const tc = findSection(elf, "tc") ?? assert.fail("no section tc");
  const outside = readElf(broken(relocations, 1n << 30n));
  assert.throws(() => relocationsOf(outside, tc), /after its section's end/);
  const stranger = readElf(broken(relocations + 8, 0xffff_0000_0001n));
  assert.throws(() => relocationsOf(stranger, tc), /wants symbol 65535/);
});

test("texts are found by offset, also in the tail of another", () => {
  const strings = readStrings(new TextEncoder().encode("\0.rel.text\0"), 100);
  assert.deepEqual(
    [0, 1, 5].map((offset) => strings.at(offset, "a name")),
    ["", ".rel.text", ".text"],
  );
  assert.throws(() => strings.at(11, "a name"), /a name is said to be at 11 of 11 bytes/);
  const open = readStrings(new TextEncoder().encode("abc"), 100);
  assert.throws(() => open.at(1, "a name"), /no zero byte ends a name.*at byte 101/);
});
