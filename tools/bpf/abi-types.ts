import { AppError, unreachable } from "#base";
import type { Btf, BtfType, ResolvedType } from "#ebpf/spec";
import { enumeratorName, isPadding, memberName, typeName } from "./names.ts";

/** A C type as TypeScript writes it, and the expressions that read and write it. */
interface Shape {
  type: string;
  size: number;
  /** Said of a member of this type, after its C type. */
  note: string;
  read: (at: string) => string;
  write: (at: string, value: string) => string;
  /** An expression for its codec. */
  codec: string;
}

type Composite = Extract<BtfType, { kind: "struct" | "union" }>;
type Enum = Extract<BtfType, { kind: "enum" | "enum64" }>;

const NUMBER_METHODS: Readonly<Record<number, string>> = {
  1: "8",
  2: "16",
  4: "32",
  8: "64",
};

/**
 * Gathers the structs and enums that maps, events and variables are made of, out of any number of
 * objects. Those of one name must be the same everywhere.
 */
export class AbiTypes {
  readonly structs: Map<string, string> = new Map();
  readonly enums: Map<string, string> = new Map();

  /** `where` says whose type it is, for errors. */
  shape(btf: Btf, typeId: number, where: string): Shape {
    const type = btf.resolve(typeId);
    const cType = btf.describe(typeId);
    switch (type?.kind) {
      case "int": {
        const isBool = (type.encoding & 4) !== 0;
        return isBool ? boolShape() : wholeShape(type, (type.encoding & 1) !== 0, where);
      }
      case "enum":
      case "enum64": {
        const name = this.#enum(type, where);
        const note = name === "" ? "" : `, of ${name}`;
        return { ...wholeShape(type, type.isSigned, where), note };
      }
      case "ptr":
        return wholeShape({ size: 8 }, false, where);
      case "array":
        return this.#array(btf, type, where);
      case "struct":
        return this.#struct(btf, type, where);
      case undefined:
      case "union":
      case "float":
      case "fwd":
      case "func":
      case "funcProto":
      case "var":
      case "datasec":
      case "declTag":
        throw unfit(where, `${cType} has no one meaning in TypeScript`);
      default:
        return unreachable(type);
    }
  }

  #array(btf: Btf, type: Extract<ResolvedType, { kind: "array" }>, where: string): Shape {
    const { count } = type;
    const element = this.shape(btf, type.element, where);
    const plain = btf.resolve(type.element);
    if (plain?.kind === "int" && plain.size === 1 && element.type !== "boolean") {
      return {
        type: "Uint8Array",
        size: count,
        note: "",
        read: (at) => `readBytes(view, ${at}, ${count})`,
        write: (at, value) => `writeBytes(view, ${at}, ${count}, ${value})`,
        codec: inlineCodec(
          count,
          `readBytes(view, at, ${count})`,
          `writeBytes(view, at, ${count}, value)`,
        ),
      };
    }
    const place = (at: string): string => `${at} + index * ${element.size}`;
    const read = (at: string): string =>
      `readArray(${count}, (index) => ${element.read(place(at))})`;
    const write = (at: string, value: string): string =>
      `writeArray(${count}, ${value}, (index, each) => ${element.write(place(at), "each")})`;
    const size = element.size * count;
    return {
      type: `readonly ${element.type}[]`,
      size,
      note: element.note,
      read,
      write,
      codec: inlineCodec(size, read("at"), write("at", "value")),
    };
  }

  #struct(btf: Btf, type: Composite, where: string): Shape {
    if (type.name === "") throw unfit(where, "a struct without a name: give it one");
    const name = typeName(type.name);
    const codec = `${memberName(type.name)}Codec`;
    const title = `struct ${type.name}`;
    this.#define(this.structs, title, this.#structText(btf, type, name, codec));
    return {
      type: name,
      size: type.size,
      note: "",
      read: (at) => `${codec}.read(view, ${at})`,
      write: (at, value) => `${codec}.write(view, ${at}, ${value})`,
      codec,
    };
  }

  #structText(btf: Btf, type: Composite, name: string, codec: string): string {
    const members = type.members
      .filter((member) => !isPadding(member.name) && !isOpaque(btf, member.type))
      .map((member) => {
        const where = `struct ${type.name}, ${member.name || "a member without a name"}`;
        if (member.bitSize !== 0) throw unfit(where, "a bitfield: use a whole number and masks");
        if (member.name === "") throw unfit(where, "an anonymous union or struct: name it");
        return {
          name: memberName(member.name),
          cType: btf.describe(member.type),
          at: member.bitOffset === 0 ? "at" : `at + ${member.bitOffset / 8}`,
          shape: this.shape(btf, member.type, where),
        };
      });
    const fields = members.map(
      ({ name: member, cType, shape }) =>
        `  /** \`${cType}\`${shape.note} */\n  readonly ${member}: ${shape.type};\n`,
    );
    const reads = members.map(({ name: member, at, shape }) => `${member}: ${shape.read(at)},`);
    const writes = members.map(
      ({ name: member, at, shape }) => `${shape.write(at, `value.${member}`)};`,
    );
    return (
      `/** \`struct ${type.name}\`, ${type.size} bytes */\n` +
      `export interface ${name} {\n${fields.join("")}}\n\n` +
      `export const ${codec}: Codec<${name}> = defineCodec(${type.size},\n` +
      `(view, at) => ({ ${reads.join("\n")} }),\n` +
      `(view, at, value) => { ${writes.join("\n")} });\n`
    );
  }

  /** The name of its object of constants; empty for an enum without a name. */
  #enum(type: Enum, where: string): string {
    if (type.name === "") return "";
    const name = typeName(type.name);
    const values = type.values.map(({ name: each, value }) => {
      const isBig = value !== BigInt(Number(value)) || type.size === 8;
      return `  ${enumeratorName(type.name, each)}: ${value}${isBig ? "n" : ""},\n`;
    });
    if (new Set(values.map((line) => line.split(":")[0])).size !== values.length) {
      throw unfit(where, `enum ${type.name} has two values whose names come out the same`);
    }
    this.#define(
      this.enums,
      `enum ${type.name}`,
      `/** \`enum ${type.name}\` */\nexport const ${name} = {\n${values.join("")}} as const;\n`,
    );
    return name;
  }

  #define(into: Map<string, string>, title: string, text: string): void {
    const known = into.get(title);
    if (known !== undefined && known !== text) {
      throw unfit(title, "two objects define it otherwise: rename one");
    }
    into.set(title, text);
  }
}

/** What programs keep in the kernel's own structs, as timers and locks, is not for others to see. */
function isOpaque(btf: Btf, typeId: number): boolean {
  const type = btf.resolve(typeId);
  return type?.kind === "struct" && (type.members.length === 0 || type.name === "bpf_spin_lock");
}

function boolShape(): Shape {
  return {
    type: "boolean",
    size: 1,
    note: "",
    read: (at) => `view.getUint8(${at}) !== 0`,
    write: (at, value) => `view.setUint8(${at}, ${value} ? 1 : 0)`,
    codec: inlineCodec(1, "view.getUint8(at) !== 0", "view.setUint8(at, value ? 1 : 0)"),
  };
}

function wholeShape({ size }: { size: number }, isSigned: boolean, where: string): Shape {
  const bits = NUMBER_METHODS[size];
  if (bits === undefined) throw unfit(where, `a number of ${size} bytes`);
  const check = `${isSigned ? "s" : "u"}${bits}`;
  const method = `${size === 8 ? "Big" : ""}${isSigned ? "Int" : "Uint"}${bits}`;
  const little = size === 1 ? "" : ", true";
  const read = (at: string): string => `view.get${method}(${at}${little})`;
  const write = (at: string, value: string): string =>
    `view.set${method}(${at}, ${check}(${value})${little})`;
  return {
    type: size === 8 ? "bigint" : "number",
    size,
    note: "",
    read,
    write,
    codec: inlineCodec(size, read("at"), write("at", "value")),
  };
}

function inlineCodec(size: number, read: string, write: string): string {
  return `defineCodec(${size}, (view, at) => ${read}, (view, at, value) => { ${write}; })`;
}

/** What the generator does not write code for. */
export function unfit(where: string, problem: string): AppError {
  return new AppError("abi", `${where}: ${problem}`);
}
