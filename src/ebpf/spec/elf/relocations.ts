import { ByteReader, DecodeError } from "#base";
import { RELOCATION_BYTES, SectionType } from "./constants.ts";
import { type ElfFile, type ElfSection, type ElfSymbol, offset64 } from "./elf-file.ts";

/** A place in a section whose number depends on a symbol; the number there is the addend. */
export interface ElfRelocation {
  /** Within the section that it changes. */
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol;
  /** Where the entry itself stands in the file, for errors. */
  readonly fileOffset: number;
}

/** What is to be changed in `target`, in order of offset. */
export function relocationsOf(elf: ElfFile, target: ElfSection): ElfRelocation[] {
  const found: ElfRelocation[] = [];
  for (const section of elf.sections) {
    const isAbout = section.info === target.index && target.index !== 0;
    if (!isAbout) continue;
    if (section.type === SectionType.rela) {
      throw new DecodeError("relocations with addends, which BPF has not", section.offset);
    }
    if (section.type === SectionType.rel) found.push(...readRelocations(elf, section, target));
  }
  return found.toSorted((a, b) => a.offset - b.offset);
}

function readRelocations(elf: ElfFile, section: ElfSection, target: ElfSection): ElfRelocation[] {
  const count = section.size / RELOCATION_BYTES;
  if (section.entryBytes !== RELOCATION_BYTES || !Number.isInteger(count)) {
    throw new DecodeError(`relocations have ${RELOCATION_BYTES} bytes each`, section.offset);
  }
  const reader = new ByteReader(section.bytes, section.offset);
  return Array.from({ length: count }, () => {
    const fileOffset = reader.offset;
    const offset = offset64(reader, "a relocation's place");
    const type = reader.u32le();
    const index = reader.u32le();
    const symbol = elf.symbols[index];
    if (symbol === undefined) {
      throw new DecodeError(`a relocation wants symbol ${index}, which there is not`, fileOffset);
    }
    if (offset >= target.size) {
      throw new DecodeError(`a relocation at ${offset} is after its section's end`, fileOffset);
    }
    return { offset, type, symbol, fileOffset };
  });
}
