import { DecodeError, quote } from "#base";
import type { Btf } from "../btf/btf.ts";
import { SectionFlag, SectionType } from "../elf/constants.ts";
import type { ElfFile, ElfSection } from "../elf/elf-file.ts";
import { relocationsOf } from "../elf/relocations.ts";
import { UnsupportedObjectError } from "../errors.ts";
import type { MapSpec, VariableSpec } from "../types.ts";
import { MapFlag, MapType } from "../uapi.ts";

const DATA_SECTION = /^\.(?:rodata|data|bss)(?:\..*)?$/;
const CONSTANT_SECTION = /^\.rodata/;
const KEY_BYTES = 4;
/** Of all sections together; what is larger belongs into maps. */
const MAX_DATA_BYTES: number = 64 * 1024 * 1024;

/** The sections that hold variables and constants, by number. */
export function dataSections(elf: ElfFile): Map<number, ElfSection> {
  const found = new Map<number, ElfSection>();
  const names = new Set<string>();
  let bytes = 0;
  for (const section of elf.sections) {
    const isData =
      DATA_SECTION.test(section.name) &&
      section.size > 0 &&
      (section.flags & SectionFlag.alloc) !== 0 &&
      (section.type === SectionType.progbits || section.type === SectionType.nobits);
    if (!isData) continue;
    bytes += section.size;
    if (bytes > MAX_DATA_BYTES || names.has(section.name)) {
      throw new DecodeError(`${quote(section.name)} is there twice, or too large`, section.offset);
    }
    const [relocation] = relocationsOf(elf, section);
    if (relocation !== undefined) {
      throw new UnsupportedObjectError(
        `an address in ${section.name}`,
        "take it where it is used, since only code is relocated",
        relocation.fileOffset,
      );
    }
    names.add(section.name);
    found.set(section.index, section);
  }
  return found;
}

/** The map that holds a section as its one element. */
export function dataMap(btf: Btf, section: ElfSection): MapSpec {
  const isConstant = CONSTANT_SECTION.test(section.name);
  const contents = new Uint8Array(section.size);
  contents.set(section.bytes);
  const valueTypeId = btf.find("datasec", section.name) ?? 0;
  return {
    name: section.name,
    type: MapType.array,
    keySize: KEY_BYTES,
    valueSize: section.size,
    maxEntries: 1,
    // Variables can be changed one by one only in memory that is shared with the kernel.
    flags: isConstant ? MapFlag.readOnlyProgram : MapFlag.mmapable,
    numaNode: undefined,
    extra: 0n,
    pinning: "none",
    keyTypeId: 0,
    valueTypeId,
    isTypedInKernel: valueTypeId !== 0,
    inner: undefined,
    initial: [],
    contents,
    isConstant,
  };
}

/** The variables in a section, in order of place. */
export function variablesOf(btf: Btf, section: ElfSection): VariableSpec[] {
  const type = btf.type(btf.find("datasec", section.name) ?? 0);
  if (type?.kind !== "datasec") return [];
  return type.variables.map(({ type: id, offset, size }) => {
    const variable = btf.type(id);
    if (variable?.kind !== "var" || offset + size > section.size) {
      throw new DecodeError(`what BTF says of ${quote(section.name)} is not in it`, type.offset);
    }
    const typeId = variable.target;
    return { name: variable.name, map: section.name, offset, size, typeId };
  });
}
