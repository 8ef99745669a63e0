import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, DecodeError } from "#base";
import { defineFuzz, type FuzzTarget } from "#test";
import { SectionType } from "./constants.ts";
import { readElf } from "./read-elf.ts";
import { relocationsOf } from "./relocations.ts";

const target: FuzzTarget = defineFuzz({
  corpus: () =>
    ["empty", "bad", "kfunc", "maps"].map((name) =>
      readFileSync(join(import.meta.dirname, `../../testdata/${name}.bpf.o`)),
    ),
  run(input) {
    const elf = readElf(input);
    for (const section of elf.sections) {
      const takesRoom = section.type !== SectionType.nobits && section.type !== SectionType.null;
      assert(!takesRoom || section.bytes.length === section.size, "a section is in the file");
      try {
        for (const { offset } of relocationsOf(elf, section)) {
          assert(offset < section.size, "a relocation is in its section");
        }
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  },
});
export default target;
