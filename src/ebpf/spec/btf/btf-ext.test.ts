import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DecodeError } from "#base";
import { findSection } from "../elf/elf-file.ts";
import { readElf } from "../elf/read-elf.ts";
import { Btf } from "./btf.ts";
import { decodeBtfExt } from "./btf-ext.ts";

function sectionsOf(name: string): { ext: Uint8Array; btf: Btf } {
  const path = join(import.meta.dirname, `../../testdata/${name}.bpf.o`);
  const elf = readElf(readFileSync(path));
  const ext = findSection(elf, ".BTF.ext")?.bytes ?? assert.fail("no BTF.ext");
  const btf = findSection(elf, ".BTF")?.bytes ?? assert.fail("no BTF");
  return { ext: new Uint8Array(ext), btf: Btf.decode(btf) };
}

test("functions and lines are told for each section", () => {
  const { ext, btf } = sectionsOf("bad");
  const { sections, coreRelocations } = decodeBtfExt(ext, btf.strings);
  assert.deepEqual([...sections.keys()], ["tc"]);
  const info = sections.get("tc") ?? assert.fail("no tc");
  assert.deepEqual(
    info.functions.map(({ offset, typeId }) => [offset, btf.type(typeId)?.name]),
    [[0, "out_of_bounds"]],
  );
  assert.deepEqual(
    info.lines.map(({ offset }) => offset),
    [0, 8, 16],
  );
  assert.equal(coreRelocations, 0);
});

test("CO-RE relocations are counted", () => {
  const { ext, btf } = sectionsOf("core");
  const { coreRelocations } = decodeBtfExt(ext, btf.strings);
  assert.equal(coreRelocations, 2);
});

test("BTF.ext cut off anywhere, or of another version, is an error", () => {
  const { ext, btf } = sectionsOf("empty");
  for (let length = 0; length < ext.length; length++) {
    assert.throws(() => decodeBtfExt(ext.subarray(0, length), btf.strings), DecodeError);
  }
  for (const [at, message] of [
    [0, /no BTF\.ext/],
    [2, /version 7/],
    [4, /header of 7 bytes/],
  ] as const) {
    const bytes = ext.slice();
    bytes[at] = 7;
    assert.throws(() => decodeBtfExt(bytes, btf.strings), message);
  }
});

test("a record's size below what it must hold is an error, and above it is not", () => {
  const { ext, btf } = sectionsOf("empty");
  const view = new DataView(ext.buffer);
  const header = view.getUint32(4, true);
  const sizeAt = header + view.getUint32(8, true);
  assert.equal(view.getUint32(sizeAt, true), 8);
  view.setUint32(sizeAt, 4, true);
  assert.throws(() => decodeBtfExt(ext, btf.strings), /records of 4 bytes, 8 are needed/);
});
