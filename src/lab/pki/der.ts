/** DER as certificates need it: values are written whole, from the inside to the outside. */
import { assert } from "#base";

const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const CONTEXT = 0x80;
const CONSTRUCTED = 0x20;
/** Lengths below are one byte; above, a count of bytes and then those. */
const LONG_LENGTH = 0x80;
/** Years that UTCTime, which writes two digits, can tell: RFC 5280 4.1.2.5. */
const UTC_TIME_YEARS = { first: 1950, last: 2049 } as const;

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(Tag.sequence, ...parts);
}

/** Of one member: more would have to be put in order. */
export function setOf(part: Uint8Array): Uint8Array {
  return element(Tag.set, part);
}

export function boolean(value: boolean): Uint8Array {
  return element(Tag.boolean, Uint8Array.of(value ? 0xff : 0x00));
}

/** A number of no sign, in big-endian bytes. */
export function unsignedInteger(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  // Where the first bit is set, a zero before it says that the number is not negative.
  const isHigh = (digits[0] ?? 0) >= 0x80;
  return element(Tag.integer, isHigh ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

export function smallInteger(value: number): Uint8Array {
  assert(Number.isInteger(value) && value >= 0 && value < 0x80, "a small integer is one byte");
  return element(Tag.integer, Uint8Array.of(value));
}

/** Of dotted text: "2.5.4.3". */
export function objectIdentifier(text: string): Uint8Array {
  const numbers = text.split(".").map(Number);
  const [first = 0, second = 0, ...rest] = numbers;
  assert(numbers.length > 1 && numbers.every(Number.isSafeInteger), `${text} is no identifier`);
  return element(
    Tag.objectIdentifier,
    Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)),
  );
}

function base128(value: number): number[] {
  const digits = [value % 0x80];
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80)) {
    digits.unshift((rest % 0x80) | 0x80);
  }
  return digits;
}

export function utf8String(text: string): Uint8Array {
  return element(Tag.utf8String, Buffer.from(text, "utf8"));
}

export function octetString(...parts: readonly Uint8Array[]): Uint8Array {
  return element(Tag.octetString, ...parts);
}

/** `unusedBits` at the end of the last byte say nothing. */
export function bitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return element(Tag.bitString, Uint8Array.of(unusedBits), bytes);
}

/** A moment, to the second. */
export function time(moment: Date): Uint8Array {
  const year = moment.getUTCFullYear();
  const digits = moment
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:T]/g, "");
  const isShort = year >= UTC_TIME_YEARS.first && year <= UTC_TIME_YEARS.last;
  return isShort
    ? element(Tag.utcTime, Buffer.from(digits.slice(2), "latin1"))
    : element(Tag.generalizedTime, Buffer.from(digits, "latin1"));
}

/** [number] EXPLICIT: around a value with a tag of its own. */
export function explicit(number: number, part: Uint8Array): Uint8Array {
  return element(CONTEXT | CONSTRUCTED | number, part);
}

/** [number] IMPLICIT of a primitive type: in the place of its tag. */
export function implicit(number: number, bytes: Uint8Array): Uint8Array {
  return element(CONTEXT | number, bytes);
}

function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Uint8Array.of(tag, ...lengthBytes(length)), ...parts]);
}

function lengthBytes(length: number): number[] {
  if (length < LONG_LENGTH) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [LONG_LENGTH | digits.length, ...digits];
}
