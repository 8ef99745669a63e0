import { DecodeError, quote } from "#base";
import type { BtfExt, LineRecord, SectionInfo } from "../btf/btf-ext.ts";
import { SectionFlag, SymbolBinding, SymbolType, SymbolVisibility } from "../elf/constants.ts";
import type { ElfFile, ElfSection, ElfSymbol } from "../elf/elf-file.ts";
import { INSTRUCTION_BYTES } from "../instructions.ts";
import type { LineInfo } from "../types.ts";

/** A function as its symbol says, before names in it are resolved. */
export interface RawFunction {
  readonly name: string;
  readonly section: ElfSection;
  /** Within the section, in bytes. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isGlobal: boolean;
  /** Global for the compiler's sake, and not for the kernel's. */
  readonly isHidden: boolean;
  readonly typeId: number | undefined;
  readonly lines: readonly LineInfo[];
}

/** All functions, in order of section and place. Together they are all of the code there is. */
export function readFunctions(elf: ElfFile, info: BtfExt | undefined): RawFunction[] {
  const bySection = new Map<number, ElfSymbol[]>();
  for (const symbol of elf.symbols) {
    if (symbol.type !== SymbolType.func || !isCode(elf.sections[symbol.section])) continue;
    const others = bySection.get(symbol.section);
    if (others === undefined) bySection.set(symbol.section, [symbol]);
    else others.push(symbol);
  }
  return elf.sections
    .filter((section) => isCode(section) && section.size > 0)
    .flatMap((section) =>
      cutSection(section, bySection.get(section.index) ?? [], info?.sections.get(section.name)),
    );
}

export function isCode(section: ElfSection | undefined): boolean {
  return section !== undefined && (section.flags & SectionFlag.execute) !== 0;
}

function cutSection(
  section: ElfSection,
  symbols: readonly ElfSymbol[],
  info: SectionInfo | undefined,
): RawFunction[] {
  if (section.bytes.length !== section.size) {
    throw new DecodeError(`the code of ${quote(section.name)} is not in the file`, section.offset);
  }
  const typeIds = new Map(info?.functions.map((each) => [each.offset, each.typeId]));
  const lines = info?.lines ?? [];
  let end = 0;
  let nextLine = 0;
  const functions = symbols
    .toSorted((a, b) => a.value - b.value)
    .map((symbol) => {
      const isWhole =
        symbol.value === end && symbol.size > 0 && symbol.size % INSTRUCTION_BYTES === 0;
      if (!isWhole) {
        throw new DecodeError(
          `function ${quote(symbol.name)} does not begin where the one before it ends`,
          section.offset + symbol.value,
        );
      }
      end = symbol.value + symbol.size;
      const firstLine = nextLine;
      while ((lines[nextLine]?.offset ?? end) < end) nextLine += 1;
      return cutFunction(
        section,
        symbol,
        typeIds.get(symbol.value),
        lines.slice(firstLine, nextLine),
      );
    });
  if (end !== section.size) {
    throw new DecodeError(
      `section ${quote(section.name)} has code of no function`,
      section.offset + end,
    );
  }
  return functions;
}

function cutFunction(
  section: ElfSection,
  symbol: ElfSymbol,
  typeId: number | undefined,
  lines: readonly LineRecord[],
): RawFunction {
  const { name, value: offset, size } = symbol;
  return {
    name,
    section,
    offset,
    bytes: section.bytes.subarray(offset, offset + size),
    isGlobal: symbol.binding !== SymbolBinding.local,
    isHidden:
      symbol.visibility === SymbolVisibility.hidden ||
      symbol.visibility === SymbolVisibility.internal,
    typeId,
    lines: lines.map(({ offset: at, ...line }) => ({
      instruction: instructionAt(at - offset, section.offset + at),
      ...line,
    })),
  };
}

function instructionAt(offset: number, fileOffset: number): number {
  if (offset % INSTRUCTION_BYTES !== 0) {
    throw new DecodeError("a line of source begins within an instruction", fileOffset);
  }
  return offset / INSTRUCTION_BYTES;
}
