import { ByteReader, DecodeError, unreachable } from "#base";
import { readStrings, type StringTable } from "../elf/strings.ts";
import {
  BTF_HEADER_BYTES,
  BTF_MAGIC,
  BTF_VERSION,
  type BtfKind,
  KIND_OF_NUMBER,
  MAX_BTF_BYTES,
  MAX_TYPES,
} from "./format.ts";
import type { BtfEnumValue, BtfMember, BtfParam, BtfSectionVariable, BtfType } from "./types.ts";

export interface DecodedBtf {
  /** The type with the id 1 comes first. */
  readonly types: readonly BtfType[];
  /** As they stand in the input; offsets into them are used elsewhere too. */
  readonly strings: Uint8Array;
}

/** `fileOffset` is where `bytes` begin in the file, for errors. */
export function decodeBtf(bytes: Uint8Array, fileOffset = 0): DecodedBtf {
  if (bytes.length > MAX_BTF_BYTES) {
    throw new DecodeError(`BTF of ${bytes.length} bytes is too large`, fileOffset);
  }
  const reader = new ByteReader(bytes, fileOffset);
  const header = readBtfHeader(reader);
  const base = fileOffset + header.headerBytes;
  reader.seek(base + header.stringsOffset, "BTF's strings");
  const strings = reader.bytes(header.stringsBytes, "BTF's strings");
  if (strings[0] !== 0 || strings.at(-1) !== 0) {
    throw new DecodeError("BTF's strings do not begin and end with a zero", reader.offset);
  }
  const names = readStrings(strings, base + header.stringsOffset);
  reader.seek(base + header.typesOffset, "BTF's types");
  const types = readTypes(reader.sub(header.typesBytes, "BTF's types"), names);
  return { types, strings };
}

interface Header {
  headerBytes: number;
  typesOffset: number;
  typesBytes: number;
  stringsOffset: number;
  stringsBytes: number;
}

/** What a BTF blob begins with. */
export function readBtfHeader(reader: ByteReader): Header {
  const at = reader.offset;
  if (reader.u16le("the BTF magic") !== BTF_MAGIC) throw new DecodeError("this is no BTF", at);
  const version = reader.u8("the BTF version");
  if (version !== BTF_VERSION) throw new DecodeError(`BTF version ${version} is unknown`, at + 2);
  reader.skip(1, "BTF's flags");
  const headerBytes = reader.u32le("BTF's header size");
  if (headerBytes < BTF_HEADER_BYTES) {
    throw new DecodeError(`a BTF header of ${headerBytes} bytes is too short`, at + 4);
  }
  return {
    headerBytes,
    typesOffset: reader.u32le("BTF's header"),
    typesBytes: reader.u32le("BTF's header"),
    stringsOffset: reader.u32le("BTF's header"),
    stringsBytes: reader.u32le("BTF's header"),
  };
}

function readTypes(reader: ByteReader, names: StringTable): BtfType[] {
  const types: BtfType[] = [];
  while (reader.remaining > 0) {
    if (types.length === MAX_TYPES) {
      throw new DecodeError(`more than ${MAX_TYPES} types`, reader.offset);
    }
    types.push(readType(reader, names));
  }
  for (const type of types) checkTargets(type, types.length);
  return types;
}

/** The part that every kind has, and what its last number says. */
interface Record {
  kind: BtfKind;
  name: string;
  nameOffset: number;
  kindFlag: boolean;
  offset: number;
  count: number;
  sizeOrType: number;
}

function readRecord(reader: ByteReader, names: StringTable): Record {
  const offset = reader.offset;
  const nameOffset = reader.u32le("a type");
  const info = reader.u32le("a type");
  const sizeOrType = reader.u32le("a type");
  const number = (info >>> 24) & 0x1f;
  const kind = KIND_OF_NUMBER.get(number);
  if (kind === undefined) throw new DecodeError(`BTF kind ${number} is unknown`, offset);
  const name = names.at(nameOffset, "a type's name");
  return {
    kind,
    name,
    nameOffset,
    kindFlag: info >>> 31 === 1,
    offset,
    count: info & 0xffff,
    sizeOrType,
  };
}

function readType(reader: ByteReader, names: StringTable): BtfType {
  const record = readRecord(reader, names);
  const { count, sizeOrType, ...base } = record;
  const { kind } = base;
  switch (kind) {
    case "int":
      return { ...base, kind, size: sizeOrType, ...readIntBits(reader) };
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
      return { ...base, kind, target: sizeOrType };
    case "array":
      return {
        ...base,
        kind,
        element: reader.u32le("an array"),
        index: reader.u32le("an array"),
        count: reader.u32le("an array"),
      };
    case "struct":
    case "union": {
      const members = readMany(count, () => readMember(reader, names, base.kindFlag));
      return { ...base, kind, size: sizeOrType, members };
    }
    case "enum":
    case "enum64": {
      const isSigned = base.kindFlag;
      const values = readMany(count, () => readEnumValue(reader, names, kind, isSigned));
      return { ...base, kind, size: sizeOrType, isSigned, values };
    }
    case "fwd":
      return { ...base, kind };
    case "func":
      return { ...base, kind, target: sizeOrType, linkage: count };
    case "funcProto": {
      const params = readMany(count, () => readParam(reader, names));
      return { ...base, kind, returns: sizeOrType, params };
    }
    case "var":
      return { ...base, kind, target: sizeOrType, linkage: reader.u32le("a variable") };
    case "datasec": {
      const variables = readMany(count, () => readSectionVariable(reader));
      return { ...base, kind, size: sizeOrType, variables };
    }
    case "float":
      return { ...base, kind, size: sizeOrType };
    case "declTag":
      return { ...base, kind, target: sizeOrType, component: reader.i32le("a tag") };
    default:
      return unreachable(kind);
  }
}

function readMany<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read);
}

function readIntBits(reader: ByteReader): { bits: number; bitOffset: number; encoding: number } {
  const data = reader.u32le("an integer");
  return { bits: data & 0xff, bitOffset: (data >>> 16) & 0xff, encoding: (data >>> 24) & 0x0f };
}

function readMember(reader: ByteReader, names: StringTable, kindFlag: boolean): BtfMember {
  const nameOffset = reader.u32le("a member");
  const type = reader.u32le("a member");
  const place = reader.u32le("a member");
  return {
    name: names.at(nameOffset, "a member's name"),
    nameOffset,
    type,
    bitOffset: kindFlag ? place & 0xffffff : place,
    bitSize: kindFlag ? place >>> 24 : 0,
  };
}

function readEnumValue(
  reader: ByteReader,
  names: StringTable,
  kind: "enum" | "enum64",
  isSigned: boolean,
): BtfEnumValue {
  const nameOffset = reader.u32le("an enumerator");
  const low = isSigned && kind === "enum" ? reader.i32le("an enumerator") : reader.u32le("one");
  const value =
    kind === "enum"
      ? BigInt(low)
      : wide(BigInt(low) | (BigInt(reader.u32le("an enumerator")) << 32n), isSigned);
  return { name: names.at(nameOffset, "an enumerator's name"), nameOffset, value };
}

function wide(value: bigint, isSigned: boolean): bigint {
  return isSigned ? BigInt.asIntN(64, value) : value;
}

function readParam(reader: ByteReader, names: StringTable): BtfParam {
  const nameOffset = reader.u32le("a parameter");
  const type = reader.u32le("a parameter");
  return { name: names.at(nameOffset, "a parameter's name"), nameOffset, type };
}

function readSectionVariable(reader: ByteReader): BtfSectionVariable {
  return {
    type: reader.u32le("a section's variable"),
    offset: reader.u32le("a section's variable"),
    size: reader.u32le("a section's variable"),
  };
}

/** Every type that is mentioned is there. */
function checkTargets(type: BtfType, count: number): void {
  for (const id of targetsOf(type)) {
    if (id > count)
      throw new DecodeError(`type ${id} is mentioned, ${count} there are`, type.offset);
  }
}

function targetsOf(type: BtfType): readonly number[] {
  switch (type.kind) {
    case "array":
      return [type.element, type.index];
    case "struct":
    case "union":
      return type.members.map((member) => member.type);
    case "funcProto":
      return [type.returns, ...type.params.map((param) => param.type)];
    case "datasec":
      return type.variables.map((variable) => variable.type);
    case "int":
    case "enum":
    case "enum64":
    case "fwd":
    case "float":
      return [];
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
    case "func":
    case "var":
    case "declTag":
      return [type.target];
    default:
      return unreachable(type);
  }
}
