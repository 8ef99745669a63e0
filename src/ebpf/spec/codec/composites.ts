import { DecodeError, quote } from "#base";
import type { BtfComposite } from "../btf/types.ts";
import { encodeError, kindOf, type Node, type Value, type ValueInput } from "./node.ts";

export interface Member {
  /** Empty for an anonymous struct or union, whose members are those of what is around it. */
  readonly name: string;
  readonly offset: number;
  readonly node: Node | CompositeNode;
}

type Fields = { readonly [member: string]: ValueInput | undefined };
type Read = { [member: string]: Value };

/** A struct or union; what is anonymous in another shares its object. */
interface CompositeNode extends Node {
  /** Of all members, those of anonymous members among them. */
  readonly names: readonly string[];
  readInto: (into: Read, view: DataView, at: number) => void;
  writeFrom: (view: DataView, at: number, fields: Fields, path: string) => void;
}

/** Would set what an object inherits from, and no compiler writes it. */
const FORBIDDEN_NAME = "__proto__";

export function compositeNode(type: BtfComposite, members: readonly Member[]): CompositeNode {
  const names = namesOf(type, members);
  const known = new Set(names);
  const readInto = (into: Read, view: DataView, at: number): void => {
    for (const { name, offset, node } of members) {
      if (name !== "") into[name] = node.read(view, at + offset);
      else if (isComposite(node)) node.readInto(into, view, at + offset);
    }
  };
  const cover = (mask: Uint8Array, at: number): void => {
    for (const { offset, node } of members) node.cover(mask, at + offset);
  };
  const writeFrom =
    type.kind === "struct" ? structWriter(members) : unionWriter(type, members, names);
  return {
    size: type.size,
    leaves: members.reduce((sum, { node }) => sum + node.leaves, 1),
    names,
    readInto,
    writeFrom,
    cover,
    read(view, at): Value {
      const value: Read = {};
      readInto(value, view, at);
      return value;
    },
    write(view, at, value, path) {
      const fields = fieldsOf(value, type, path);
      const stranger = Object.keys(fields).find((name) => !known.has(name));
      if (stranger !== undefined) {
        const list = names.join(", ");
        throw encodeError(path, `${titleOf(type)} has no member ${stranger}: it has ${list}`);
      }
      writeFrom(view, at, fields, path);
    },
  };
}

function titleOf({ kind, name }: BtfComposite): string {
  return name === "" ? `the ${kind}` : `${kind} ${name}`;
}

function fieldsOf(value: ValueInput, type: BtfComposite, path: string): Fields {
  const isFields =
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array);
  if (!isFields) {
    throw encodeError(path, `${titleOf(type)} is an object, not ${kindOf(value)}`);
  }
  return value as Fields;
}

function isComposite(node: Node | CompositeNode): node is CompositeNode {
  return "readInto" in node;
}

function namesOf(type: BtfComposite, members: readonly Member[]): string[] {
  const names = members.flatMap(({ name, node }) => {
    if (name !== "") return [name];
    return isComposite(node) ? node.names : [];
  });
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name) || name === FORBIDDEN_NAME) {
      throw new DecodeError(`${titleOf(type)} cannot have this member ${quote(name)}`, type.offset);
    }
    seen.add(name);
  }
  return names;
}

function isGiven(fields: Fields, { name, node }: Member): boolean {
  if (name !== "") return Object.hasOwn(fields, name) && fields[name] !== undefined;
  return isComposite(node) && node.names.some((each) => fields[each] !== undefined);
}

function writeMember(
  view: DataView,
  at: number,
  fields: Fields,
  { name, node }: Member,
  path: string,
): void {
  if (name === "") {
    if (isComposite(node)) node.writeFrom(view, at, fields, path);
    return;
  }
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (value === undefined) throw encodeError(`${path}.${name}`, "a value is missing");
  node.write(view, at, value, `${path}.${name}`);
}

function structWriter(members: readonly Member[]): CompositeNode["writeFrom"] {
  return (view, at, fields, path) => {
    for (const member of members) writeMember(view, at + member.offset, fields, member, path);
  };
}

/**
 * What was read of a union is all of its members, and must be writable as it is. So several may be
 * given when they agree on the bits that they share; when they do not, one of them was changed.
 */
function unionWriter(
  type: BtfComposite,
  members: readonly Member[],
  names: readonly string[],
): CompositeNode["writeFrom"] {
  const { size } = type;
  return (view, at, fields, path) => {
    const given = members.filter((member) => isGiven(fields, member));
    if (given.length === 0 && names.length > 0) {
      throw encodeError(path, `one of ${names.join(", ")} is needed`);
    }
    const bytes = new Uint8Array(size);
    const mask = new Uint8Array(size);
    for (const member of given) {
      const mine = new Uint8Array(size);
      const myMask = new Uint8Array(size);
      writeMember(new DataView(mine.buffer), member.offset, fields, member, path);
      member.node.cover(myMask, member.offset);
      for (let byte = 0; byte < size; byte++) {
        const shared = (mask[byte] as number) & (myMask[byte] as number);
        if ((((bytes[byte] as number) ^ (mine[byte] as number)) & shared) !== 0) {
          throw encodeError(
            path,
            `its members contradict each other: give one of ${names.join(", ")}`,
          );
        }
        bytes[byte] = (bytes[byte] as number) | (mine[byte] as number);
        mask[byte] = (mask[byte] as number) | (myMask[byte] as number);
      }
    }
    new Uint8Array(view.buffer, view.byteOffset + at, size).set(bytes);
  };
}
