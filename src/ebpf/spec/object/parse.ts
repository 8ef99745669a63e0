import { DecodeError, quote } from "#base";
import type { Btf } from "../btf/btf.ts";
import { type BtfExt, decodeBtfExt } from "../btf/btf-ext.ts";
import { KSYMS, readObjectBtf } from "../btf/object-btf.ts";
import { type ElfFile, findSection } from "../elf/elf-file.ts";
import { readElf } from "../elf/read-elf.ts";
import { readStrings } from "../elf/strings.ts";
import { UnsupportedObjectError } from "../errors.ts";
import type { FunctionSpec, MapSpec, ProgramSpec, VariableSpec } from "../types.ts";
import { dataMap, dataSections, variablesOf } from "./data-maps.ts";
import { type RawFunction, readFunctions } from "./functions.ts";
import { withInitial } from "./initial.ts";
import { definedMaps, type DefinedMap, MAPS_SECTION } from "./maps.ts";
import { readReferences } from "./references.ts";
import { knownSectionNames, sectionMeaning } from "./section-names.ts";

/** Everything that an object file says. */
export interface ParsedObject {
  readonly license: string;
  readonly btf: Btf;
  /** Global for the compiler's sake only. */
  readonly hiddenFunctions: ReadonlySet<string>;
  readonly functions: readonly FunctionSpec[];
  readonly programs: readonly ProgramSpec[];
  readonly maps: readonly MapSpec[];
  readonly variables: readonly VariableSpec[];
}

/** Any bytes give an object or a DecodeError. */
export function parseObject(bytes: Uint8Array): ParsedObject {
  const elf = readElf(bytes);
  const { btf, ext } = readTypes(elf);
  const raw = readFunctions(elf, ext);
  const programs = readPrograms(raw);
  const defined = definedMaps(btf);
  const data = dataSections(elf);
  const mapsSection = findSection(elf, MAPS_SECTION);
  const references = readReferences(elf, raw, {
    maps: new Map(defined.map(({ offset, spec }) => [offset, spec.name])),
    mapsSection: mapsSection?.index,
    dataMaps: data,
    kfuncs: kfuncNames(btf),
  });
  const programNames = new Set(programs.map(({ name }) => name));
  const maps = [
    ...withInitial(elf, mapsSection, defined, programNames),
    ...[...data.values()].map((section) => dataMap(btf, section)),
  ];
  checkNames("program", programs);
  checkNames("map", maps);
  checkDefinitions(mapsSection?.size ?? 0, defined);
  return {
    license: readLicense(elf),
    btf,
    hiddenFunctions: new Set(raw.filter(({ isHidden }) => isHidden).map(({ name }) => name)),
    functions: raw.map((each, index) => functionSpec(each, references[index] ?? [])),
    programs,
    maps,
    variables: [...data.values()].flatMap((section) => variablesOf(btf, section)),
  };
}

function readTypes(elf: ElfFile): { btf: Btf; ext: BtfExt | undefined } {
  const section = findSection(elf, ".BTF");
  if (section === undefined) {
    throw new UnsupportedObjectError("an object without BTF", "compile it with -g", 0);
  }
  const btf = readObjectBtf(elf, section);
  const extSection = findSection(elf, ".BTF.ext");
  if (extSection === undefined) return { btf, ext: undefined };
  const ext = decodeBtfExt(extSection.bytes, btf.strings, extSection.offset);
  if (ext.coreRelocations > 0) {
    throw new UnsupportedObjectError(
      `an object with CO-RE relocations (it has ${ext.coreRelocations})`,
      "use the stable types of <linux/bpf.h>, and no vmlinux.h or preserve_access_index",
      ext.coreOffset,
    );
  }
  return { btf, ext };
}

function readLicense(elf: ElfFile): string {
  const section = findSection(elf, "license");
  if (section === undefined) return "";
  return readStrings(section.bytes, section.offset).at(0, "the license");
}

/** Functions of the kernel, and nothing else of it, may be declared. */
function kfuncNames(btf: Btf): Set<string> {
  const section = btf.type(btf.find("datasec", KSYMS) ?? 0);
  const names = new Set<string>();
  if (section?.kind !== "datasec") return names;
  for (const { type: id } of section.variables) {
    const type = btf.type(id);
    if (type?.kind !== "func") {
      throw new UnsupportedObjectError(
        `a variable of the kernel (${quote(type?.name ?? "")})`,
        "declare only functions in .ksyms",
        section.offset,
      );
    }
    names.add(type.name);
  }
  return names;
}

/** Global functions outside of .text; the rest are subprograms. */
function readPrograms(functions: readonly RawFunction[]): ProgramSpec[] {
  const programs: ProgramSpec[] = [];
  for (const [functionIndex, { name, section, offset, isGlobal }] of functions.entries()) {
    if (/^\.text(?:\.|$)/.test(section.name) || !isGlobal) continue;
    const meaning = sectionMeaning(section.name);
    if (meaning === undefined) {
      throw new DecodeError(
        `${quote(name)} is in the section ${quote(section.name)}, which names no type of ` +
          `program: there are ${knownSectionNames().join(", ")}`,
        section.offset + offset,
      );
    }
    programs.push({ name, section: section.name, functionIndex, ...meaning });
  }
  return programs;
}

function functionSpec(raw: RawFunction, references: FunctionSpec["references"]): FunctionSpec {
  return {
    name: raw.name,
    section: raw.section.name,
    isGlobal: raw.isGlobal,
    instructions: raw.bytes,
    references,
    typeId: raw.typeId,
    lines: raw.lines,
    fileOffset: raw.section.offset + raw.offset,
  };
}

function checkNames(kind: string, specs: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of specs) {
    if (name === "" || seen.has(name)) {
      throw new DecodeError(`there are two of the ${kind} ${quote(name)}, or it has no name`, 0);
    }
    seen.add(name);
  }
}

function checkDefinitions(size: number, defined: readonly DefinedMap[]): void {
  let end = 0;
  for (const { spec, offset, size: mapSize } of defined) {
    if (offset < end || offset + mapSize > size) {
      throw new DecodeError(`the map ${quote(spec.name)} lies over another or outside`, 0);
    }
    end = offset + mapSize;
  }
}
