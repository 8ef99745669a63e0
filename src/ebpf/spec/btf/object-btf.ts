import { DecodeError } from "#base";
import { RelocationType, SymbolType } from "../elf/constants.ts";
import { type ElfFile, type ElfSection, findSection } from "../elf/elf-file.ts";
import { relocationsOf } from "../elf/relocations.ts";
import { Btf } from "./btf.ts";
import { decodeBtf } from "./decode.ts";
import { FuncLinkage } from "./format.ts";
import type { BtfDatasec, BtfFunc, BtfFuncProto, BtfType } from "./types.ts";

/** The section that kernel symbols are declared in; no bytes of the object are in it. */
export const KSYMS = ".ksyms";

/**
 * The types of an object. Compilers leave the places of variables to relocations and the sizes of
 * sections open; both are filled in here, and variables are put in order of place.
 */
export function readObjectBtf(elf: ElfFile, section: ElfSection): Btf {
  const { types, strings } = decodeBtf(relocated(elf, section), section.offset);
  const fixed = types.map((type) => (type.kind === "datasec" ? fixDatasec(elf, type) : type));
  return new Btf({ types: fixed, strings });
}

function relocated(elf: ElfFile, section: ElfSection): Uint8Array {
  // Not slice(): a Buffer's shares its memory.
  const bytes = new Uint8Array(section.bytes);
  const view = new DataView(bytes.buffer);
  for (const { offset, type, symbol, fileOffset } of relocationsOf(elf, section)) {
    if (type !== RelocationType.abs32 && type !== RelocationType.nodyld32) {
      throw new DecodeError(`relocation type ${type} cannot be in BTF`, fileOffset);
    }
    if (offset + 4 > bytes.length) {
      throw new DecodeError("a relocation ends after its section", fileOffset);
    }
    const value = symbol.type === SymbolType.section ? 0 : symbol.value;
    view.setUint32(offset, view.getUint32(offset, true) + value, true);
  }
  return bytes;
}

function fixDatasec(elf: ElfFile, type: BtfDatasec): BtfDatasec {
  const size = type.size === 0 ? (findSection(elf, type.name)?.size ?? 0) : type.size;
  const variables = type.variables.toSorted((a, b) => a.offset - b.offset);
  return { ...type, size, variables };
}

/**
 * The same types as a kernel takes them, with the same ids and strings. What it does not know of:
 * functions that are not in the object, and functions that are global for the compiler's sake only.
 */
export function forKernel(btf: Btf, hiddenFunctions: ReadonlySet<string>): Btf {
  const types = [...btf.entries()].map(([, type]) => type);
  for (const [index, type] of types.entries()) {
    if (type.kind === "datasec" && type.name === KSYMS) types[index] = standIn(type, types);
    if (type.kind === "func") types[index] = fixFunction(type, types, hiddenFunctions);
  }
  return new Btf({ types, strings: btf.strings });
}

/** Keeps the ids of others in place where a section has no bytes, which the kernel refuses. */
function standIn(type: BtfDatasec, types: readonly BtfType[]): BtfType {
  const named = types[(type.variables[0]?.type ?? 0) - 1];
  return {
    kind: "fwd",
    name: named?.name ?? "",
    nameOffset: named?.nameOffset ?? 0,
    kindFlag: false,
    offset: type.offset,
  };
}

function fixFunction(type: BtfFunc, types: BtfType[], hidden: ReadonlySet<string>): BtfFunc {
  if (type.linkage === FuncLinkage.extern) {
    const proto = types[type.target - 1];
    if (proto?.kind === "funcProto") types[type.target - 1] = nameParams(proto, type.nameOffset);
    return { ...type, linkage: FuncLinkage.global };
  }
  const isHidden = type.linkage === FuncLinkage.global && hidden.has(type.name);
  return isHidden ? { ...type, linkage: FuncLinkage.static } : type;
}

/** The kernel wants a name for each parameter of a function; declarations may have none. */
function nameParams(proto: BtfFuncProto, nameOffset: number): BtfFuncProto {
  const params = proto.params.map((param) =>
    param.nameOffset === 0 && param.type !== 0 ? { ...param, nameOffset } : param,
  );
  return { ...proto, params };
}
