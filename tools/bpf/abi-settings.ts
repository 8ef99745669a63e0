import { unreachable } from "#base";
import type { Btf, CollectionSpec } from "#ebpf/spec";

/**
 * The variables of `.rodata` as one type by their C names, which is what
 * `CollectionSpec.setVariables` takes; empty where an object has none to set.
 */
export function settingsMembers(spec: CollectionSpec): string[] {
  return spec.variables
    .filter(({ map, typeId }) => map.startsWith(".rodata") && spec.isSetting(typeId))
    .map(({ name, typeId }) => {
      const type = inputType(spec.btf, typeId);
      return `  /** \`${plain(spec.btf.describe(typeId))}\` */\n  readonly ${name}?: ${type};\n`;
    });
}

/** Every setting is volatile const: saying so again tells nothing. */
function plain(cType: string): string {
  return cType.replaceAll(/\b(?:const|volatile) /g, "");
}

/** What may be given for a value of that type. */
function inputType(btf: Btf, typeId: number): string {
  const type = btf.resolve(typeId);
  switch (type?.kind) {
    case "int":
      if ((type.encoding & 4) !== 0) return "boolean";
      return type.size === 8 ? "bigint" : "number";
    case "enum":
    case "enum64":
      return type.size === 8 ? "bigint" : "number";
    case "ptr":
      return "bigint";
    case "float":
      return "number";
    case "array": {
      const element = btf.resolve(type.element);
      const isByte = element?.kind === "int" && element.size === 1 && (element.encoding & 4) === 0;
      if (!isByte) return `readonly (${inputType(btf, type.element)})[]`;
      return element.name === "char" ? "Uint8Array | string" : "Uint8Array";
    }
    case "struct":
    case "union": {
      const members = type.members.map(({ name, type: id }) =>
        name === ""
          ? undefined
          : `readonly ${name}${type.kind === "union" ? "?" : ""}: ${inputType(btf, id)}`,
      );
      const named = `{ ${members.filter((each) => each !== undefined).join("; ")} }`;
      const anonymous = type.members
        .filter(({ name }) => name === "")
        .map(({ type: id }) => inputType(btf, id));
      return [named, ...anonymous].join(" & ");
    }
    case undefined:
    case "fwd":
    case "func":
    case "funcProto":
    case "var":
    case "datasec":
    case "declTag":
      return "never";
    default:
      return unreachable(type);
  }
}
