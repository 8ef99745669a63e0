import { AppError } from "#base";

/**
 * A C value as JavaScript has it. Integers and enums are numbers up to 32 bits and bigints above,
 * pointers bigints, `bool` boolean, floats numbers. Arrays of single bytes, `char` included, are
 * bytes, since C says no more about whether they are text; other arrays are arrays. Structs and
 * unions are objects by the names of their members, those of anonymous members among them; a union
 * is read as all its members at once.
 */
export type Value =
  | number
  | bigint
  | boolean
  | Uint8Array
  | readonly Value[]
  | { readonly [member: string]: Value };

/**
 * What may be written as such a value: an integer of any size as either kind of number, bytes as a
 * list of numbers too, a text for an array of `char`, and of a union one or more of its members.
 */
export type ValueInput =
  | number
  | bigint
  | boolean
  | string
  | Uint8Array
  | readonly ValueInput[]
  | { readonly [member: string]: ValueInput | undefined };

/** Reads and writes values of one type, anywhere in bytes that are long enough. */
export interface Node {
  readonly size: number;
  /** How many values a read makes: what it costs. Bytes count as one. */
  readonly leaves: number;
  read: (view: DataView, at: number) => Value;
  /** The bytes there are zero before. `path` names the value for errors. */
  write: (view: DataView, at: number, value: ValueInput, path: string) => void;
  /** Sets the bits that a value uses; the rest is padding. */
  cover: (mask: Uint8Array, at: number) => void;
}

/** A value that its type cannot hold. */
export function encodeError(path: string, message: string): AppError {
  return new AppError("encode", `${path}: ${message}`, { fields: { value: path } });
}

/** What a value is, for errors. */
export function kindOf(value: ValueInput | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return "a text";
  return `${typeof value} ${value}`;
}
