import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineFuzz, type FuzzTarget } from "#test";
import { findSection } from "../elf/elf-file.ts";
import { readElf } from "../elf/read-elf.ts";
import { decodeBtfExt } from "./btf-ext.ts";
import { decodeBtf } from "./decode.ts";

const NAMES = ["core", "empty", "maps"];

function sectionOf(object: string, name: string): Uint8Array {
  const path = join(import.meta.dirname, `../../testdata/${object}.bpf.o`);
  return findSection(readElf(readFileSync(path)), name)?.bytes ?? new Uint8Array(0);
}

const { strings } = decodeBtf(sectionOf("maps", ".BTF"));

const target: FuzzTarget = defineFuzz({
  corpus: () => NAMES.map((name) => sectionOf(name, ".BTF.ext")),
  run(input) {
    decodeBtfExt(input, strings);
  },
});
export default target;
