import { type ByteReader, DecodeError, quote } from "#base";

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Where its bytes begin in the file. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entryBytes: number;
  /** A view of the file; empty for a section that takes no room in it. */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly index: number;
  /** Empty for the symbols of sections. */
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  readonly visibility: number;
  /** `SectionNumber.undefined` for what the object only mentions. */
  readonly section: number;
  /** The offset within its section. */
  readonly value: number;
  readonly size: number;
}

/** A relocatable object for BPF, little-endian. */
export interface ElfFile {
  /** By their numbers; the first is the null section. */
  readonly sections: readonly ElfSection[];
  /** By their numbers; the first is the null symbol. */
  readonly symbols: readonly ElfSymbol[];
}

/** The one section of that name; undefined where there is none. */
export function findSection(elf: ElfFile, name: string): ElfSection | undefined {
  const [section, second] = elf.sections.filter((each) => each.name === name);
  if (second !== undefined) {
    throw new DecodeError(`there are two sections ${quote(name)}`, second.offset);
  }
  return section;
}

/** A 64-bit number that is to be used as a place or a size. */
export function offset64(reader: ByteReader, what: string): number {
  const at = reader.offset;
  const value = reader.u64le(what);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new DecodeError(`${what} is ${value}, which nothing can be`, at);
  }
  return Number(value);
}
