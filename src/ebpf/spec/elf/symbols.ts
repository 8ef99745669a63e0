import { ByteReader, DecodeError } from "#base";
import { MAX_SYMBOLS, SectionNumber, SectionType, SYMBOL_BYTES } from "./constants.ts";
import { type ElfSection, type ElfSymbol, offset64 } from "./elf-file.ts";
import { readStrings, type StringTable } from "./strings.ts";

/** All symbols by their numbers; none where the object has no table of them. */
export function readSymbols(sections: readonly ElfSection[]): ElfSymbol[] {
  const [table, second] = sections.filter(({ type }) => type === SectionType.symtab);
  if (second !== undefined) throw new DecodeError("there are two symbol tables", second.offset);
  if (table === undefined) return [];
  const count = countOf(table);
  const strings = sections[table.link];
  if (strings?.type !== SectionType.strtab) {
    throw new DecodeError(`section ${table.link} does not hold the symbols' names`, table.offset);
  }
  const names = readStrings(strings.bytes, strings.offset);
  const reader = new ByteReader(table.bytes, table.offset);
  return Array.from({ length: count }, (_, index) => readSymbol(reader, index, names, sections));
}

function countOf({ size, entryBytes, offset }: ElfSection): number {
  if (entryBytes !== SYMBOL_BYTES || size % SYMBOL_BYTES !== 0) {
    throw new DecodeError(`symbols have ${SYMBOL_BYTES} bytes each, not ${entryBytes}`, offset);
  }
  const count = size / SYMBOL_BYTES;
  if (count > MAX_SYMBOLS) {
    throw new DecodeError(`${count} symbols, ${MAX_SYMBOLS} can be`, offset);
  }
  return count;
}

function readSymbol(
  reader: ByteReader,
  index: number,
  names: StringTable,
  sections: readonly ElfSection[],
): ElfSymbol {
  const at = reader.offset;
  const nameOffset = reader.u32le();
  const info = reader.u8();
  const visibility = reader.u8() & 3;
  const section = reader.u16le();
  const value = offset64(reader, "a symbol's value");
  const size = offset64(reader, "a symbol's size");
  const name = names.at(nameOffset, "a symbol's name");
  const home = sections[section];
  if (section < SectionNumber.reserved) {
    if (home === undefined) {
      throw new DecodeError(`symbol ${index} is said to be in section ${section}`, at);
    }
    if (section !== SectionNumber.undefined && value + size > home.size) {
      throw new DecodeError(`symbol ${index} ends after its section ${section}`, at);
    }
  }
  return { index, name, type: info & 15, binding: info >> 4, visibility, section, value, size };
}
