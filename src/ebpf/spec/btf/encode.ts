import { ByteWriter, unreachable } from "#base";
import type { DecodedBtf } from "./decode.ts";
import {
  BTF_HEADER_BYTES,
  BTF_MAGIC,
  BTF_VERSION,
  BtfKindNumber,
  MAX_BTF_BYTES,
} from "./format.ts";
import type { BtfMember, BtfType } from "./types.ts";

/** What BPF_BTF_LOAD takes. Strings are written as they are, so that offsets into them hold. */
export function encodeBtf({ types, strings }: DecodedBtf): Uint8Array {
  const body = new ByteWriter({ what: "BTF types", maxBytes: MAX_BTF_BYTES });
  for (const type of types) writeType(body, type);
  const typeBytes = body.finish();
  return new ByteWriter({
    what: "BTF",
    maxBytes: 2 * MAX_BTF_BYTES,
    initialBytes: BTF_HEADER_BYTES + typeBytes.length + strings.length,
  })
    .u16le(BTF_MAGIC)
    .u8(BTF_VERSION)
    .u8(0)
    .u32le(BTF_HEADER_BYTES)
    .u32le(0)
    .u32le(typeBytes.length)
    .u32le(typeBytes.length)
    .u32le(strings.length)
    .bytes(typeBytes)
    .bytes(strings)
    .finish();
}

function writeType(writer: ByteWriter, type: BtfType): void {
  const { count, sizeOrType } = headOf(type);
  const info = (BtfKindNumber[type.kind] << 24) | count | (type.kindFlag ? 1 << 31 : 0);
  writer
    .u32le(type.nameOffset)
    .u32le(info >>> 0)
    .u32le(sizeOrType);
  switch (type.kind) {
    case "int":
      writer.u32le((type.encoding << 24) | (type.bitOffset << 16) | type.bits);
      break;
    case "array":
      writer.u32le(type.element).u32le(type.index).u32le(type.count);
      break;
    case "struct":
    case "union":
      for (const member of type.members) writeMember(writer, member, type.kindFlag);
      break;
    case "enum":
      for (const { nameOffset, value } of type.values) {
        writer.u32le(nameOffset).u32le(Number(BigInt.asUintN(32, value)));
      }
      break;
    case "enum64":
      for (const { nameOffset, value } of type.values) {
        writer.u32le(nameOffset).u64le(BigInt.asUintN(64, value));
      }
      break;
    case "funcProto":
      for (const param of type.params) writer.u32le(param.nameOffset).u32le(param.type);
      break;
    case "var":
      writer.u32le(type.linkage);
      break;
    case "datasec":
      for (const each of type.variables) {
        writer.u32le(each.type).u32le(each.offset).u32le(each.size);
      }
      break;
    case "declTag":
      writer.i32le(type.component);
      break;
    case "ptr":
    case "fwd":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "func":
    case "float":
    case "typeTag":
      break; // the record alone says everything
  }
}

function writeMember(writer: ByteWriter, member: BtfMember, kindFlag: boolean): void {
  const place = kindFlag ? ((member.bitSize << 24) | member.bitOffset) >>> 0 : member.bitOffset;
  writer.u32le(member.nameOffset).u32le(member.type).u32le(place);
}

function headOf(type: BtfType): { count: number; sizeOrType: number } {
  switch (type.kind) {
    case "int":
    case "float":
      return { count: 0, sizeOrType: type.size };
    case "struct":
    case "union":
      return { count: type.members.length, sizeOrType: type.size };
    case "enum":
    case "enum64":
      return { count: type.values.length, sizeOrType: type.size };
    case "datasec":
      return { count: type.variables.length, sizeOrType: type.size };
    case "funcProto":
      return { count: type.params.length, sizeOrType: type.returns };
    case "func":
      return { count: type.linkage, sizeOrType: type.target };
    case "array":
    case "fwd":
      return { count: 0, sizeOrType: 0 };
    case "ptr":
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "typeTag":
    case "var":
    case "declTag":
      return { count: 0, sizeOrType: type.target };
    default:
      return unreachable(type);
  }
}
