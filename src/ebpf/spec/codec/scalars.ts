import { DecodeError } from "#base";
import { IntEncoding } from "../btf/format.ts";
import type { BtfEnum, BtfFloat, BtfInt } from "../btf/types.ts";
import { encodeError, kindOf, type Node, type Value, type ValueInput } from "./node.ts";

const MAX_NUMBER_BITS = 32;
const WHOLE_SIZES: readonly number[] = [1, 2, 4, 8, 16];

interface IntShape {
  size: number;
  isSigned: boolean;
  /** As C writes the type, for errors. */
  type: string;
}

export function intNode(type: BtfInt): Node {
  const { size, bits, bitOffset, encoding, name } = type;
  if (bits !== size * 8 || bitOffset !== 0) {
    throw new DecodeError(`${name} is a bitfield outside a struct`, type.offset);
  }
  if ((encoding & IntEncoding.bool) !== 0 && size === 1) return boolNode;
  return wholeNode(
    { size, isSigned: (encoding & IntEncoding.signed) !== 0, type: name },
    type.offset,
  );
}

export function enumNode(type: BtfEnum): Node {
  const { size, isSigned, offset } = type;
  return wholeNode({ size, isSigned, type: `enum ${type.name}` }, offset);
}

export const pointerNode: Node = wholeNode({ size: 8, isSigned: false, type: "pointer" }, 0);

const boolNode: Node = {
  size: 1,
  leaves: 1,
  read: (view, at) => view.getUint8(at) !== 0,
  write: (view, at, value, path) => view.setUint8(at, truth(value, path) ? 1 : 0),
  cover: (mask, at) => void (mask[at] = 0xff),
};

function truth(value: ValueInput, path: string): boolean {
  if (typeof value === "boolean") return value;
  throw encodeError(path, `a bool is true or false, not ${kindOf(value)}`);
}

export function floatNode({ size, name, offset }: BtfFloat): Node {
  if (size !== 4 && size !== 8) {
    throw new DecodeError(`${name} of ${size} bytes has no counterpart in JavaScript`, offset);
  }
  return {
    size,
    leaves: 1,
    read: (view, at) => (size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)),
    write(view, at, value, path) {
      if (typeof value !== "number") throw encodeError(path, `${kindOf(value)} is no ${name}`);
      if (size === 4) view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
    },
    cover: (mask, at) => void mask.fill(0xff, at, at + size),
  };
}

function wholeNode(shape: IntShape, offset: number): Node {
  const { size } = shape;
  // Before its range is reckoned with: hostile sizes are of any number of bytes, or of none.
  if (!WHOLE_SIZES.includes(size)) {
    throw new DecodeError(`${shape.type} of ${size} bytes is no integer of C`, offset);
  }
  const fits = rangeCheck(shape.isSigned, size * 8, shape.type);
  return {
    size,
    leaves: 1,
    ...accessOf(shape, fits),
    cover: (mask, at) => void mask.fill(0xff, at, at + size),
  };
}

type Fits = (value: ValueInput, path: string) => bigint;

function accessOf({ size, isSigned }: IntShape, fits: Fits): Pick<Node, "read" | "write"> {
  const bits = size * 8;
  // Setters take a number modulo their size, so that one serves for both signs.
  const number = (value: ValueInput, path: string): number =>
    Number(BigInt.asIntN(bits, fits(value, path)));
  switch (size) {
    case 1:
      return {
        read: isSigned ? (view, at) => view.getInt8(at) : (view, at) => view.getUint8(at),
        write: (view, at, value, path) => view.setInt8(at, number(value, path)),
      };
    case 2:
      return {
        read: isSigned
          ? (view, at) => view.getInt16(at, true)
          : (view, at) => view.getUint16(at, true),
        write: (view, at, value, path) => view.setInt16(at, number(value, path), true),
      };
    case 4:
      return {
        read: isSigned
          ? (view, at) => view.getInt32(at, true)
          : (view, at) => view.getUint32(at, true),
        write: (view, at, value, path) => view.setInt32(at, number(value, path), true),
      };
    case 8:
      return {
        read: isSigned
          ? (view, at) => view.getBigInt64(at, true)
          : (view, at) => view.getBigUint64(at, true),
        write: (view, at, value, path) =>
          view.setBigInt64(at, BigInt.asIntN(64, fits(value, path)), true),
      };
    default:
      return bitsAccess(0, bits, isSigned, fits);
  }
}

/** A bitfield: `bits` from `firstBit` on, counted from the first byte of the struct. */
export function bitfieldNode(
  type: BtfInt | BtfEnum,
  firstBit: number,
  bits: number,
  name: string,
): Node {
  const isBool = type.kind === "int" && (type.encoding & IntEncoding.bool) !== 0;
  const isSigned = type.kind === "int" ? (type.encoding & IntEncoding.signed) !== 0 : type.isSigned;
  const { read, write } = bitsAccess(
    firstBit,
    bits,
    isSigned,
    rangeCheck(isSigned, bits, `${name || type.name} : ${bits}`),
  );
  return {
    size: type.size,
    leaves: 1,
    read: isBool ? (view, at) => read(view, at) !== 0 : read,
    write: isBool
      ? (view, at, value, path) => write(view, at, truth(value, path) ? 1 : 0, path)
      : write,
    cover(mask, at) {
      for (let bit = firstBit; bit < firstBit + bits; bit++) {
        const byte = at + (bit >> 3);
        mask[byte] = (mask[byte] ?? 0) | (1 << (bit & 7));
      }
    },
  };
}

/** Bit by byte: rare enough that nothing faster is worth its code. */
function bitsAccess(
  firstBit: number,
  bits: number,
  isSigned: boolean,
  fits: Fits,
): Pick<Node, "read" | "write"> {
  const firstByte = firstBit >> 3;
  const shift = BigInt(firstBit & 7);
  const bytes = ((firstBit & 7) + bits + 7) >> 3;
  const gather = (view: DataView, at: number): bigint => {
    let all = 0n;
    for (let byte = bytes - 1; byte >= 0; byte--) {
      all = (all << 8n) | BigInt(view.getUint8(at + firstByte + byte));
    }
    return all;
  };
  return {
    read(view, at): Value {
      const raw = gather(view, at) >> shift;
      const value = isSigned ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
      return bits > MAX_NUMBER_BITS ? value : Number(value);
    },
    write(view, at, value, path) {
      const mask = ((1n << BigInt(bits)) - 1n) << shift;
      const placed = BigInt.asUintN(bits, fits(value, path)) << shift;
      let all = (gather(view, at) & ~mask) | placed;
      for (let byte = 0; byte < bytes; byte++) {
        view.setUint8(at + firstByte + byte, Number(all & 0xffn));
        all >>= 8n;
      }
    },
  };
}

function rangeCheck(isSigned: boolean, bits: number, type: string): Fits {
  const min = isSigned ? -(2n ** BigInt(bits - 1)) : 0n;
  const max = 2n ** BigInt(isSigned ? bits - 1 : bits) - 1n;
  return (value, path) => {
    const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
    if (!isWhole) throw encodeError(path, `${type} is a whole number, not ${kindOf(value)}`);
    const whole = BigInt(value as number | bigint);
    if (whole < min || whole > max) {
      throw encodeError(path, `${whole} is no ${type}, which goes from ${min} to ${max}`);
    }
    return whole;
  };
}
