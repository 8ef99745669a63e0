/** Numbers of <elf.h> that BPF objects use, and what the reader accepts at most. */

export const ELF_HEADER_BYTES = 64;
export const SECTION_HEADER_BYTES = 64;
export const SYMBOL_BYTES = 24;
export const RELOCATION_BYTES = 16;

export const ELF_MAGIC = 0x464c457f;
export const CLASS_64 = 2;
export const LITTLE_ENDIAN = 1;
export const TYPE_RELOCATABLE = 1;
export const MACHINE_BPF = 247;

export const SectionType = {
  null: 0,
  progbits: 1,
  symtab: 2,
  strtab: 3,
  rela: 4,
  nobits: 8,
  rel: 9,
} as const;

export const SectionFlag = { write: 1, alloc: 2, execute: 4 } as const;

export const SymbolType = { notype: 0, object: 1, func: 2, section: 3 } as const;
export const SymbolBinding = { local: 0, global: 1, weak: 2 } as const;
export const SymbolVisibility = { default: 0, internal: 1, hidden: 2 } as const;

/** Section numbers that are none. */
export const SectionNumber = { undefined: 0, reserved: 0xff00 } as const;

/** `R_BPF_*` */
export const RelocationType = { imm64: 1, abs64: 2, abs32: 3, nodyld32: 4, call: 10 } as const;

/** The largest objects of real projects have a few hundred kilobytes without debug information. */
export const MAX_OBJECT_BYTES: number = 32 * 1024 * 1024;
export const MAX_SECTIONS = 4096;
export const MAX_SYMBOLS = 65_536;
/** Of all sections together. */
export const MAX_RELOCATIONS = 262_144;
/** `.bss` takes no room in the file, so that only this bounds what a file can ask for. */
export const MAX_ZEROED_SECTION_BYTES: number = 64 * 1024 * 1024;
