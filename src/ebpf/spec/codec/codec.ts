import { assert, DecodeError, quote, unreachable } from "#base";
import type { Btf, ResolvedType } from "../btf/btf.ts";
import { MAX_TYPE_DEPTH, MAX_VALUE_BYTES } from "../btf/format.ts";
import type { BtfArray, BtfComposite, BtfMember } from "../btf/types.ts";
import { arrayNode, bytesNode } from "./arrays.ts";
import { compositeNode, type Member } from "./composites.ts";
import type { Node, Value, ValueInput } from "./node.ts";
import { bitfieldNode, enumNode, floatNode, intNode, pointerNode } from "./scalars.ts";

/** A value with more parts than this is decoded by nobody; bytes count as one. */
const MAX_LEAVES = 1 << 20;

/** Turns values of one C type into bytes and back. */
export interface Codec {
  /** As C writes it. */
  readonly type: string;
  readonly size: number;
  /** `bytes` are exactly `size` long. */
  decode: (bytes: Uint8Array) => Value;
  /** Padding is zero. `name` is what errors call the value. */
  encode: (value: ValueInput, name?: string) => Uint8Array;
}

/** The codec of a type. A type that has no values, as a function, is a DecodeError. */
export function codecOf(btf: Btf, typeId: number): Codec {
  const node = new Builder(btf).node(typeId, 0);
  const type = btf.describe(typeId);
  return {
    type,
    size: node.size,
    decode(bytes) {
      assert(bytes.length === node.size, `${type} has ${node.size} bytes, not ${bytes.length}`);
      return node.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0);
    },
    encode(value, name = type) {
      const bytes = new Uint8Array(node.size);
      node.write(new DataView(bytes.buffer), 0, value, name);
      return bytes;
    },
  };
}

class Builder {
  readonly #btf: Btf;
  /** Each type is built once, however often a hostile file mentions it. */
  readonly #nodes = new Map<number, Node>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  node(typeId: number, depth: number): Node {
    const id = this.#btf.resolveId(typeId);
    const known = this.#nodes.get(id);
    if (known !== undefined) return known;
    const type = this.#btf.resolve(id);
    if (type === undefined) throw new DecodeError("void has no values", 0);
    if (depth > MAX_TYPE_DEPTH) {
      throw new DecodeError(`over ${MAX_TYPE_DEPTH} types inside each other`, type.offset);
    }
    const node = this.#build(type, depth);
    if (node.leaves > MAX_LEAVES || node.size > MAX_VALUE_BYTES) {
      const what = `a type of ${node.size} bytes in ${node.leaves} parts`;
      throw new DecodeError(`${what} is too large`, type.offset);
    }
    this.#nodes.set(id, node);
    return node;
  }

  #build(type: ResolvedType, depth: number): Node {
    switch (type.kind) {
      case "int":
        return intNode(type);
      case "enum":
      case "enum64":
        return enumNode(type);
      case "float":
        return floatNode(type);
      case "ptr":
        return pointerNode;
      case "array":
        return this.#array(type, depth);
      case "struct":
      case "union":
        return compositeNode(type, this.#members(type, depth));
      case "fwd":
      case "func":
      case "funcProto":
      case "var":
      case "datasec":
      case "declTag":
        throw new DecodeError(`${type.kind} ${quote(type.name)} has no values`, type.offset);
      default:
        return unreachable(type);
    }
  }

  #array(type: BtfArray, depth: number): Node {
    const element = this.#btf.resolve(type.element);
    const isByte = element?.kind === "int" && element.size === 1 && element.encoding <= 2;
    if (isByte) return bytesNode(type.count, element.name === "char");
    const node = this.node(type.element, depth + 1);
    // Elements without a size would cost time by a number that costs the file nothing.
    if (node.size === 0 && type.count > 0) {
      throw new DecodeError(`an array of ${type.count} elements without a size`, type.offset);
    }
    if (node.leaves * type.count > MAX_LEAVES) {
      throw new DecodeError(`an array of ${type.count} elements is too large`, type.offset);
    }
    return arrayNode(node, type.count);
  }

  #members(type: BtfComposite, depth: number): Member[] {
    let end = 0;
    return type.members.map((member) => {
      const built = this.#member(type, member, depth);
      const firstBit = member.bitOffset;
      const bits = member.bitSize === 0 ? built.node.size * 8 : member.bitSize;
      if (firstBit + bits > type.size * 8 || (type.kind === "struct" && firstBit < end)) {
        throw new DecodeError(`${quote(member.name)} lies over another or outside`, type.offset);
      }
      end = firstBit + bits;
      return built;
    });
  }

  #member(type: BtfComposite, member: BtfMember, depth: number): Member {
    const { name, bitOffset, bitSize } = member;
    if (bitSize !== 0) {
      const declared = this.#btf.resolve(member.type);
      const isInteger =
        declared?.kind === "int" || declared?.kind === "enum" || declared?.kind === "enum64";
      if (!isInteger || bitSize > declared.size * 8) {
        throw new DecodeError(`${quote(name)} is no bitfield of C`, type.offset);
      }
      return { name, offset: 0, node: bitfieldNode(declared, bitOffset, bitSize, name) };
    }
    if (bitOffset % 8 !== 0) {
      throw new DecodeError(`${quote(name)} begins within a byte`, type.offset);
    }
    return { name, offset: bitOffset / 8, node: this.node(member.type, depth + 1) };
  }
}
