import { DecodeError, quote } from "#base";
import type { ElfFile, ElfSection } from "../elf/elf-file.ts";
import { type ElfRelocation, relocationsOf } from "../elf/relocations.ts";
import type { InitialElement, MapSpec } from "../types.ts";
import { type DefinedMap, MAPS_SECTION } from "./maps.ts";

const POINTER_BYTES = 8;

/** The maps with what their definitions put into them: maps and programs, by relocations. */
export function withInitial(
  elf: ElfFile,
  section: ElfSection | undefined,
  maps: readonly DefinedMap[],
  programs: ReadonlySet<string>,
): MapSpec[] {
  const initial = maps.map((): InitialElement[] => []);
  const names = new Map(maps.map(({ offset, spec }) => [offset, spec.name]));
  const relocations = section === undefined ? [] : relocationsOf(elf, section);
  let at = 0;
  for (const relocation of relocations) {
    while (endOf(maps[at]) <= relocation.offset) at += 1;
    const map = maps[at];
    if (map === undefined || relocation.offset < map.offset) {
      throw new DecodeError(`no map of ${MAPS_SECTION} has this relocation`, relocation.fileOffset);
    }
    const index = indexOf(map, relocation);
    const { symbol, fileOffset } = relocation;
    const isMap = map.spec.inner !== undefined;
    // Static maps are meant by their place in the section, which the place itself says.
    const name = isMap ? names.get(symbol.value + addendAt(section, relocation)) : symbol.name;
    const isThere = isMap ? symbol.section === section?.index : programs.has(symbol.name);
    if (name === undefined || !isThere) {
      const kind = isMap ? "map" : "program";
      throw new DecodeError(`${quote(symbol.name)} in ${map.spec.name} is no ${kind}`, fileOffset);
    }
    initial[at]?.push({ index, kind: isMap ? "map" : "program", name });
  }
  return maps.map(({ spec }, index) => ({ ...spec, initial: initial[index] ?? [] }));
}

function endOf(map: DefinedMap | undefined): number {
  return map === undefined ? Infinity : map.offset + map.size;
}

function indexOf({ spec, offset, valuesOffset }: DefinedMap, relocation: ElfRelocation): number {
  const index = (relocation.offset - offset - (valuesOffset ?? NaN)) / POINTER_BYTES;
  if (Number.isInteger(index) && index >= 0 && index < spec.maxEntries) return index;
  throw new DecodeError(
    `the map ${quote(spec.name)} of ${spec.maxEntries} has no place for this value`,
    relocation.fileOffset,
  );
}

function addendAt(section: ElfSection | undefined, { offset, fileOffset }: ElfRelocation): number {
  const bytes = section?.bytes ?? new Uint8Array(0);
  if (offset + POINTER_BYTES > bytes.length) {
    throw new DecodeError("a relocation ends after its section", fileOffset);
  }
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset, true);
}
