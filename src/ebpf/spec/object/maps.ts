import { DecodeError, quote } from "#base";
import { type Btf, memberOf } from "../btf/btf.ts";
import type { BtfComposite, BtfMember, BtfSectionVariable } from "../btf/types.ts";
import type { MapSpec } from "../types.ts";
import { MapFlag, MapType } from "../uapi.ts";

export const MAPS_SECTION = ".maps";

const FD_BYTES = 4;
const PIN_BY_NAME = 1;

/** Types of maps for which BPF_MAP_CREATE refuses types of keys and values. */
const UNTYPED_IN_KERNEL: ReadonlySet<number> = new Set([
  MapType.perfEventArray,
  MapType.cgroupArray,
  MapType.stackTrace,
  MapType.arrayOfMaps,
  MapType.hashOfMaps,
  MapType.devmap,
  MapType.devmapHash,
  MapType.cpumap,
  MapType.xskmap,
  MapType.sockmap,
  MapType.sockhash,
  MapType.queue,
  MapType.stack,
  MapType.ringbuf,
  MapType.userRingbuf,
  MapType.progArray,
  MapType.arena,
]);

/** A map as its definition says, and where the definition stands. */
export interface DefinedMap {
  readonly spec: MapSpec;
  /** Within the section `.maps`. */
  readonly offset: number;
  readonly size: number;
  /** Where in the definition the first of its `values` is; undefined where it has none. */
  readonly valuesOffset: number | undefined;
}

/** The maps of the section `.maps`, in order of place. */
export function definedMaps(btf: Btf): DefinedMap[] {
  const section = btf.type(btf.find("datasec", MAPS_SECTION) ?? 0);
  if (section?.kind !== "datasec") return [];
  return section.variables.map((variable) => definedMap(btf, variable, section.offset));
}

function definedMap(btf: Btf, { type, offset, size }: BtfSectionVariable, at: number): DefinedMap {
  const variable = btf.type(type);
  if (variable?.kind !== "var" || variable.name === "") {
    throw new DecodeError("a map in .maps has no name", at);
  }
  const definition = btf.resolve(variable.target);
  if (definition?.kind !== "struct") {
    throw new DecodeError(`the map ${quote(variable.name)} is no struct`, variable.offset);
  }
  const values = memberOf(definition, "values");
  return {
    spec: mapSpec(btf, variable.name, definition, true),
    offset,
    size,
    valuesOffset: values === undefined ? undefined : values.bitOffset / 8,
  };
}

interface Draft {
  numbers: Map<string, number>;
  keyTypeId: number;
  valueTypeId: number;
  inner: MapSpec | undefined;
  holdsPrograms: boolean;
}

const NUMBERS: ReadonlySet<string> = new Set([
  "type",
  "max_entries",
  "map_flags",
  "numa_node",
  "key_size",
  "value_size",
  "pinning",
  "map_extra",
]);

function mapSpec(btf: Btf, name: string, definition: BtfComposite, mayNest: boolean): MapSpec {
  const draft: Draft = {
    numbers: new Map(),
    keyTypeId: 0,
    valueTypeId: 0,
    inner: undefined,
    holdsPrograms: false,
  };
  for (const member of definition.members) {
    if (NUMBERS.has(member.name)) {
      draft.numbers.set(member.name, numberOf(btf, name, definition, member));
    } else if (member.name === "key") {
      draft.keyTypeId = pointedBy(btf, name, definition, member);
    } else if (member.name === "value") {
      draft.valueTypeId = pointedBy(btf, name, definition, member);
    } else if (member.name === "values" && mayNest) {
      readValues(btf, name, definition, member, draft);
    } else {
      throw wrong(name, definition, `has ${quote(member.name)}, which means nothing here`);
    }
  }
  return finish(btf, name, definition, draft);
}

function wrong(name: string, { offset }: BtfComposite, problem: string): DecodeError {
  return new DecodeError(`the map ${quote(name)} ${problem}`, offset);
}

/** `int (*type)[5]` says 5. */
function numberOf(btf: Btf, name: string, definition: BtfComposite, member: BtfMember): number {
  const array = btf.resolve(pointedBy(btf, name, definition, member));
  if (array?.kind === "array") return array.count;
  throw wrong(name, definition, `gives ${member.name} otherwise than by __uint`);
}

function pointedBy(btf: Btf, name: string, definition: BtfComposite, member: BtfMember): number {
  const pointer = btf.resolve(member.type);
  if (pointer?.kind === "ptr") return pointer.target;
  throw wrong(name, definition, `gives ${member.name} otherwise than by __uint or __type`);
}

/** An array of pointers, to maps of one definition or to functions. */
function readValues(
  btf: Btf,
  name: string,
  definition: BtfComposite,
  member: BtfMember,
  draft: Draft,
): void {
  const array = btf.resolve(member.type);
  const pointer = array?.kind === "array" ? btf.resolve(array.element) : undefined;
  const target = pointer?.kind === "ptr" ? btf.resolve(pointer.target) : undefined;
  if (target?.kind === "struct") {
    draft.inner = mapSpec(btf, `${name}.inner`, target, false);
  } else if (target?.kind === "funcProto") {
    draft.holdsPrograms = true;
  } else {
    throw wrong(name, definition, "has values that are neither maps nor programs");
  }
}

function finish(btf: Btf, name: string, definition: BtfComposite, draft: Draft): MapSpec {
  const { numbers, keyTypeId, valueTypeId, inner, holdsPrograms } = draft;
  const type = numbers.get("type");
  if (type === undefined) throw wrong(name, definition, "has no type");
  const holdsMaps = type === MapType.arrayOfMaps || type === MapType.hashOfMaps;
  if (holdsMaps !== (inner !== undefined) || (holdsPrograms && type !== MapType.progArray)) {
    throw wrong(name, definition, `of type ${type} does not go with its values`);
  }
  const keySize = sizeOf(btf, name, definition, "key", numbers.get("key_size"), keyTypeId);
  const valueSize = sizeOf(btf, name, definition, "value", numbers.get("value_size"), valueTypeId);
  const numaNode = numbers.get("numa_node");
  const flags = (numbers.get("map_flags") ?? 0) | (numaNode === undefined ? 0 : MapFlag.numaNode);
  return {
    name,
    type,
    ...kernelSizes(type, keySize, valueSize),
    maxEntries: numbers.get("max_entries") ?? 0,
    flags: flags >>> 0,
    numaNode,
    extra: BigInt(numbers.get("map_extra") ?? 0),
    pinning: numbers.get("pinning") === PIN_BY_NAME ? "byName" : "none",
    keyTypeId,
    valueTypeId,
    isTypedInKernel: keyTypeId !== 0 && valueTypeId !== 0 && !UNTYPED_IN_KERNEL.has(type),
    inner,
    initial: [],
    contents: undefined,
    isConstant: false,
  };
}

/** The size in bytes, by type or by number; 0 where the definition is silent. */
function sizeOf(
  btf: Btf,
  name: string,
  definition: BtfComposite,
  what: "key" | "value",
  given: number | undefined,
  typeId: number,
): number {
  if (typeId === 0) return given ?? 0;
  const type = btf.resolve(typeId);
  if (type?.kind === "fwd") {
    // clang forgets what is behind a type that only the definition of an inner map mentions.
    throw wrong(name, definition, `has a ${what} that BTF only names: give ${what}_size instead`);
  }
  const size = btf.sizeOf(typeId);
  if (given === undefined || given === size) return size;
  throw wrong(name, definition, `has a ${what} of ${size} bytes and a ${what}_size of ${given}`);
}

/** The type of a ring buffer's events is for its readers; the kernel wants sizes of its own. */
function kernelSizes(
  type: number,
  keySize: number,
  valueSize: number,
): Pick<MapSpec, "keySize" | "valueSize"> {
  switch (type) {
    case MapType.ringbuf:
    case MapType.userRingbuf:
      return { keySize: 0, valueSize: 0 };
    case MapType.perfEventArray:
      return { keySize: FD_BYTES, valueSize: FD_BYTES };
    case MapType.progArray:
    case MapType.arrayOfMaps:
      return { keySize: keySize || FD_BYTES, valueSize: FD_BYTES };
    case MapType.hashOfMaps:
      return { keySize, valueSize: FD_BYTES };
    default:
      return { keySize, valueSize };
  }
}
