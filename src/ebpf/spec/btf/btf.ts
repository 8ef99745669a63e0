import { DecodeError, quote, unreachable } from "#base";
import { type DecodedBtf, decodeBtf } from "./decode.ts";
import { encodeBtf } from "./encode.ts";
import { type BtfKind, MAX_TYPE_DEPTH, MAX_VALUE_BYTES } from "./format.ts";
import type { BtfMember, BtfModifier, BtfType } from "./types.ts";

/** What is left when names and promises are taken off. */
export type ResolvedType = Exclude<BtfType, BtfModifier>;

const POINTER_BYTES = 8;
const MODIFIERS: ReadonlySet<string> = new Set<BtfModifier["kind"]>([
  "typedef",
  "volatile",
  "const",
  "restrict",
  "typeTag",
]);

/**
 * The types of an object, by their ids. Id 0 is `void`, which `type` answers as undefined.
 * Types may come from a hostile file: what asks for the impossible gets a DecodeError.
 */
export class Btf {
  readonly #types: readonly BtfType[];
  readonly #strings: Uint8Array;
  #byName: Map<string, number[]> | undefined;

  constructor({ types, strings }: DecodedBtf) {
    this.#types = types;
    this.#strings = strings;
  }

  /** `fileOffset` is where `bytes` begin in the file, for errors. */
  static decode(bytes: Uint8Array, fileOffset = 0): Btf {
    return new Btf(decodeBtf(bytes, fileOffset));
  }

  /** How many types there are: ids go from 1 to this. */
  get count(): number {
    return this.#types.length;
  }

  get strings(): Uint8Array {
    return this.#strings;
  }

  /** With their ids, in order. */
  *entries(): Generator<[id: number, type: BtfType]> {
    for (const [index, type] of this.#types.entries()) yield [index + 1, type];
  }

  /** Undefined for void. */
  type(id: number): BtfType | undefined {
    return this.#types[id - 1];
  }

  /** The first type of that kind and name. */
  find(kind: BtfKind, name: string): number | undefined {
    this.#byName ??= this.#indexNames();
    return this.#byName.get(name)?.find((id) => this.type(id)?.kind === kind);
  }

  /** The type behind typedefs, const and the like; undefined for void. */
  resolve(id: number): ResolvedType | undefined {
    return this.#resolve(id).type;
  }

  /** The id of that type. */
  resolveId(id: number): number {
    return this.#resolve(id).id;
  }

  /** In bytes. Types without a size (void, functions, forward declarations) are an error. */
  sizeOf(id: number): number {
    let factor = 1;
    let current = id;
    for (let depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
      const type = this.resolve(current);
      if (type?.kind !== "array") return this.#fitting(factor * this.#plainSize(type), type);
      factor = this.#fitting(factor * type.count, type);
      current = type.element;
    }
    throw this.#tooDeep(id);
  }

  /** As C writes it, roughly: `struct event *`, `__u8[16]`. */
  describe(id: number, depth = 0): string {
    const type = this.type(id);
    if (type === undefined) return "void";
    if (depth > MAX_TYPE_DEPTH) return "...";
    switch (type.kind) {
      case "ptr":
        return `${this.describe(type.target, depth + 1)} *`;
      case "array":
        return `${this.describe(type.element, depth + 1)}[${type.count}]`;
      case "const":
      case "volatile":
      case "restrict":
        return `${type.kind} ${this.describe(type.target, depth + 1)}`;
      case "typeTag":
        return this.describe(type.target, depth + 1);
      case "struct":
      case "union":
        return type.name === "" ? `${type.kind} {...}` : `${type.kind} ${type.name}`;
      case "enum":
      case "enum64":
        return type.name === "" ? "enum {...}" : `enum ${type.name}`;
      case "funcProto":
        return `${this.describe(type.returns, depth + 1)} ()`;
      case "int":
      case "fwd":
      case "typedef":
      case "func":
      case "var":
      case "datasec":
      case "float":
      case "declTag":
        return type.name;
      default:
        return unreachable(type);
    }
  }

  /** What BPF_BTF_LOAD takes. Objects' types need `forKernel` first. */
  encode(): Uint8Array {
    return encodeBtf({ types: this.#types, strings: this.#strings });
  }

  #indexNames(): Map<string, number[]> {
    const byName = new Map<string, number[]>();
    for (const [id, { name }] of this.entries()) {
      const ids = byName.get(name);
      if (ids === undefined) byName.set(name, [id]);
      else ids.push(id);
    }
    return byName;
  }

  #resolve(id: number): { id: number; type: ResolvedType | undefined } {
    let current = id;
    for (let depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
      const type = this.type(current);
      if (type === undefined || !isModifier(type)) return { id: current, type };
      current = type.target;
    }
    throw this.#tooDeep(id);
  }

  #plainSize(type: ResolvedType | undefined): number {
    switch (type?.kind) {
      case "ptr":
        return POINTER_BYTES;
      case "int":
      case "struct":
      case "union":
      case "enum":
      case "enum64":
      case "float":
      case "datasec":
        return type.size;
      case undefined:
      case "array": // its elements are asked instead
      case "fwd":
      case "func":
      case "funcProto":
      case "var":
      case "declTag": {
        const what = type === undefined ? "void" : `${type.kind} ${quote(type.name)}`;
        throw new DecodeError(`${what} has no size`, type?.offset ?? 0);
      }
      default:
        return unreachable(type);
    }
  }

  #fitting(size: number, type: BtfType | undefined): number {
    if (size <= MAX_VALUE_BYTES) return size;
    throw new DecodeError(`a type of ${size} bytes is too large`, type?.offset ?? 0);
  }

  #tooDeep(id: number): DecodeError {
    const offset = this.type(id)?.offset ?? 0;
    return new DecodeError(`type ${id} is over ${MAX_TYPE_DEPTH} types deep, or a circle`, offset);
  }
}

function isModifier(type: BtfType): type is BtfModifier {
  return MODIFIERS.has(type.kind);
}

/** The member of that name of a struct or union, or undefined; not inside anonymous members. */
export function memberOf(type: BtfType | undefined, name: string): BtfMember | undefined {
  if (type?.kind !== "struct" && type?.kind !== "union") return undefined;
  return type.members.find((member) => member.name === name);
}
