import { DecodeError, quote } from "#base";
import { RelocationType, SectionNumber, SymbolBinding } from "../elf/constants.ts";
import type { ElfFile, ElfSection, ElfSymbol } from "../elf/elf-file.ts";
import { type ElfRelocation, relocationsOf } from "../elf/relocations.ts";
import { CALL, INSTRUCTION_BYTES, Instructions, LOAD_IMM64 } from "../instructions.ts";
import type { Reference } from "../types.ts";
import { Pseudo } from "../uapi.ts";
import { isCode, type RawFunction } from "./functions.ts";

/** What the names in instructions can stand for. */
interface Names {
  /** Maps of the section `.maps`, by their place in it. */
  readonly maps: ReadonlyMap<number, string>;
  readonly mapsSection: number | undefined;
  /** Sections that are maps, by number. */
  readonly dataMaps: ReadonlyMap<number, ElfSection>;
  /** Functions of the kernel that the object declares. */
  readonly kfuncs: ReadonlySet<string>;
}

/** What each function mentions, in the order of the functions. */
export function readReferences(
  elf: ElfFile,
  functions: readonly RawFunction[],
  names: Names,
): Reference[][] {
  const starts = new Map<string, number>();
  for (const [index, { section, offset }] of functions.entries()) {
    starts.set(startKey(section.index, offset), index);
  }
  const resolver = new Resolver(elf, names, starts);
  const relocations = new Map<number, readonly ElfRelocation[]>();
  let next = 0;
  return functions.map((raw) => {
    let all = relocations.get(raw.section.index);
    if (all === undefined) {
      all = relocationsOf(elf, raw.section);
      relocations.set(raw.section.index, all);
      next = 0;
    }
    const end = raw.offset + raw.bytes.length;
    const first = next;
    while ((all[next]?.offset ?? end) < end) next += 1;
    return resolver.references(raw, all.slice(first, next));
  });
}

function startKey(section: number, offset: number): string {
  return `${section}:${offset}`;
}

class Resolver {
  readonly #elf: ElfFile;
  readonly #names: Names;
  readonly #starts: ReadonlyMap<string, number>;

  constructor(elf: ElfFile, names: Names, starts: ReadonlyMap<string, number>) {
    this.#elf = elf;
    this.#names = names;
    this.#starts = starts;
  }

  references(raw: RawFunction, relocations: readonly ElfRelocation[]): Reference[] {
    const code = new Instructions(raw.bytes);
    const pending = new Map(relocations.map((each) => [each.offset - raw.offset, each]));
    const references: Reference[] = [];
    for (let index = 0; index < code.count; index++) {
      const opcode = code.opcode(index);
      const relocation = pending.get(index * INSTRUCTION_BYTES);
      pending.delete(index * INSTRUCTION_BYTES);
      const fileOffset = fileOffsetOf(raw, index);
      if (opcode === LOAD_IMM64 && index + 1 === code.count) {
        throw new DecodeError("the second half of an instruction is missing", fileOffset);
      }
      const reference =
        relocation === undefined
          ? this.#unnamed(raw, code, index)
          : this.#named(code, index, relocation);
      if (reference !== undefined) references.push(reference);
      if (opcode === LOAD_IMM64) index += 1;
    }
    const [stray] = pending.values();
    if (stray !== undefined) {
      throw new DecodeError("a relocation is within an instruction", stray.fileOffset);
    }
    return references;
  }

  /** An instruction without a relocation: calls within a section have none. */
  #unnamed(raw: RawFunction, code: Instructions, index: number): Reference | undefined {
    const opcode = code.opcode(index);
    if (opcode !== LOAD_IMM64 && opcode !== CALL) return undefined;
    const register = code.sourceRegister(index);
    if (register === 0) return undefined;
    const fileOffset = fileOffsetOf(raw, index);
    if (opcode === LOAD_IMM64 || register !== Pseudo.call) {
      // What it means, a descriptor or a number of the kernel's, the file cannot know.
      throw new DecodeError("an instruction names something by number", fileOffset);
    }
    const target = raw.offset + (index + 1 + code.immediate(index)) * INSTRUCTION_BYTES;
    const functionIndex = this.#functionAt(raw.section.index, target, fileOffset);
    return { kind: "call", instruction: index, functionIndex };
  }

  #named(code: Instructions, index: number, relocation: ElfRelocation): Reference {
    const { type, symbol, fileOffset } = relocation;
    const addend = code.immediate(index);
    const opcode = code.opcode(index);
    if (opcode === CALL && type === RelocationType.call) {
      return this.#call(index, relocation, addend);
    }
    if (opcode !== LOAD_IMM64 || type !== RelocationType.imm64) {
      throw new DecodeError(
        `relocation type ${type} cannot be on an instruction of code ${opcode}`,
        fileOffset,
      );
    }
    const { section } = symbol;
    if (section === SectionNumber.undefined) return this.#kfunc(index, relocation, "address");
    const offset = symbol.value + addend;
    if (section === this.#names.mapsSection) {
      const map = this.#names.maps.get(offset);
      if (map === undefined) {
        throw new DecodeError(`no map begins at ${offset} of .maps`, fileOffset);
      }
      return { kind: "map", instruction: index, map };
    }
    const data = this.#names.dataMaps.get(section);
    if (data !== undefined) {
      if (offset < 0 || offset >= data.size) {
        throw new DecodeError(`${offset} is outside of ${data.name}`, fileOffset);
      }
      return { kind: "mapValue", instruction: index, map: data.name, offset };
    }
    if (isCode(this.#elf.sections[section])) {
      const functionIndex = this.#functionAt(section, offset, fileOffset);
      return { kind: "callback", instruction: index, functionIndex };
    }
    throw new DecodeError(`${this.#titleOf(symbol)} is no map, variable or function`, fileOffset);
  }

  #call(index: number, relocation: ElfRelocation, addend: number): Reference {
    const { symbol, fileOffset } = relocation;
    if (symbol.section === SectionNumber.undefined) return this.#kfunc(index, relocation, "call");
    if (!isCode(this.#elf.sections[symbol.section])) {
      throw new DecodeError(`${this.#titleOf(symbol)} is called and no function`, fileOffset);
    }
    // The number is how far the function is from the next instruction, in instructions, and so -1
    // for one that has a symbol of its own.
    const target = symbol.value + (addend + 1) * INSTRUCTION_BYTES;
    const functionIndex = this.#functionAt(symbol.section, target, fileOffset);
    return { kind: "call", instruction: index, functionIndex };
  }

  #kfunc(instruction: number, relocation: ElfRelocation, use: "call" | "address"): Reference {
    const { symbol, fileOffset } = relocation;
    const { name, binding } = symbol;
    if (!this.#names.kfuncs.has(name)) {
      throw new DecodeError(
        `${quote(name)} is nowhere: define it, or declare it in the section .ksyms`,
        fileOffset,
      );
    }
    return { kind: "kfunc", instruction, name, isWeak: binding === SymbolBinding.weak, use };
  }

  #functionAt(section: number, offset: number, fileOffset: number): number {
    const index = this.#starts.get(startKey(section, offset));
    if (index !== undefined) return index;
    throw new DecodeError(
      `no function begins at ${offset} of ${quote(this.#elf.sections[section]?.name ?? "")}`,
      fileOffset,
    );
  }

  #titleOf({ name, section }: ElfSymbol): string {
    return quote(name === "" ? (this.#elf.sections[section]?.name ?? "") : name);
  }
}

function fileOffsetOf({ section, offset }: RawFunction, index: number): number {
  return section.offset + offset + index * INSTRUCTION_BYTES;
}
