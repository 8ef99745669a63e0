import { ByteReader, DecodeError } from "#base";
import {
  CLASS_64,
  ELF_HEADER_BYTES,
  ELF_MAGIC,
  LITTLE_ENDIAN,
  MACHINE_BPF,
  MAX_OBJECT_BYTES,
  MAX_RELOCATIONS,
  MAX_SECTIONS,
  MAX_ZEROED_SECTION_BYTES,
  RELOCATION_BYTES,
  SECTION_HEADER_BYTES,
  SectionType,
  TYPE_RELOCATABLE,
} from "./constants.ts";
import { type ElfFile, type ElfSection, offset64 } from "./elf-file.ts";
import { readStrings, type StringTable } from "./strings.ts";
import { readSymbols } from "./symbols.ts";

/**
 * Reads what `clang -target bpf -c` writes. Names and bounds of everything are checked here; what
 * sections hold is for their own readers.
 */
export function readElf(bytes: Uint8Array): ElfFile {
  if (bytes.length > MAX_OBJECT_BYTES) {
    throw new DecodeError(`an object of ${bytes.length} bytes is too large`, MAX_OBJECT_BYTES);
  }
  const header = readHeader(new ByteReader(bytes));
  const unnamed = readSectionHeaders(bytes, header);
  const names = sectionNames(unnamed, header.nameSection);
  const sections = unnamed.map(
    ({ nameOffset, ...section }): ElfSection => ({
      ...section,
      name: section.index === 0 ? "" : names.at(nameOffset, "a section's name"),
    }),
  );
  checkRelocationCount(sections);
  return { sections, symbols: readSymbols(sections) };
}

interface Header {
  sectionsOffset: number;
  sectionCount: number;
  nameSection: number;
}

function readHeader(reader: ByteReader): Header {
  if (reader.u32le("the ELF magic") !== ELF_MAGIC) throw new DecodeError("this is no ELF file", 0);
  expect(reader.u8("the ELF class"), CLASS_64, "a 64-bit file", 4);
  expect(reader.u8("the byte order"), LITTLE_ENDIAN, "a little-endian file", 5);
  reader.seek(16);
  expect(reader.u16le("the ELF type"), TYPE_RELOCATABLE, "a relocatable object", 16);
  expect(reader.u16le("the machine"), MACHINE_BPF, "an object for BPF", 18);
  reader.seek(40);
  const sectionsOffset = offset64(reader, "the section headers' offset");
  reader.seek(52);
  expect(reader.u16le("the header's size"), ELF_HEADER_BYTES, "a header of 64 bytes", 52);
  reader.seek(58);
  const headerBytes = reader.u16le("the size of a section header");
  expect(headerBytes, SECTION_HEADER_BYTES, "section headers of 64 bytes", 58);
  const sectionCount = reader.u16le("the number of sections");
  if (sectionCount === 0 || sectionCount > MAX_SECTIONS) {
    throw new DecodeError(`${sectionCount} sections, 1 to ${MAX_SECTIONS} can be`, 60);
  }
  return { sectionsOffset, sectionCount, nameSection: reader.u16le("the names' section") };
}

function expect(actual: number, wanted: number, what: string, offset: number): void {
  if (actual !== wanted) throw new DecodeError(`this is not ${what}, ${actual} says`, offset);
}

type UnnamedSection = Omit<ElfSection, "name"> & { readonly nameOffset: number };

function readSectionHeaders(bytes: Uint8Array, header: Header): UnnamedSection[] {
  const reader = new ByteReader(bytes);
  reader.seek(header.sectionsOffset, "section headers");
  const table = reader.sub(header.sectionCount * SECTION_HEADER_BYTES, "section headers");
  return Array.from({ length: header.sectionCount }, (_, index) =>
    readSectionHeader(bytes, table, index),
  );
}

function readSectionHeader(bytes: Uint8Array, table: ByteReader, index: number): UnnamedSection {
  const at = table.offset;
  const nameOffset = table.u32le();
  const type = table.u32le();
  const flags = offset64(table, "a section's flags");
  table.skip(8); // the address, which an object has not
  const offset = offset64(table, "a section's offset");
  const size = offset64(table, "a section's size");
  const link = table.u32le();
  const info = table.u32le();
  table.skip(8); // the alignment
  const entryBytes = offset64(table, "a section's entry size");
  const takesRoom = type !== SectionType.nobits && type !== SectionType.null;
  if (takesRoom && offset + size > bytes.length) {
    throw new DecodeError(
      `section ${index} ends at ${offset + size}, after the file's end at ${bytes.length}`,
      at,
    );
  }
  if (type === SectionType.nobits && size > MAX_ZEROED_SECTION_BYTES) {
    const most = `${MAX_ZEROED_SECTION_BYTES} can be`;
    throw new DecodeError(`section ${index} has ${size} bytes of zeros, ${most}`, at);
  }
  const content = takesRoom ? bytes.subarray(offset, offset + size) : new Uint8Array(0);
  return { index, nameOffset, type, flags, offset, size, link, info, entryBytes, bytes: content };
}

/** Sections may lie over each other, so that the file's size alone bounds nothing. */
function checkRelocationCount(sections: readonly ElfSection[]): void {
  let bytes = 0;
  for (const section of sections) {
    if (section.type === SectionType.rel) bytes += section.size;
    if (bytes > MAX_RELOCATIONS * RELOCATION_BYTES) {
      throw new DecodeError(`more than ${MAX_RELOCATIONS} relocations`, section.offset);
    }
  }
}

function sectionNames(sections: readonly UnnamedSection[], index: number): StringTable {
  const section = sections[index];
  if (section?.type !== SectionType.strtab) {
    throw new DecodeError(`section ${index} does not hold the sections' names`, 62);
  }
  return readStrings(section.bytes, section.offset);
}
