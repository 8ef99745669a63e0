import { DecodeError } from "./errors.ts";

const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

/** Two lower-case digits a byte, with `separator` between bytes. */
export function toHex(bytes: Uint8Array, separator = ""): string {
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    if (at > 0) text += separator;
    text += HEX_OF_BYTE[bytes[at] as number];
  }
  return text;
}

/** Reads what `toHex` without a separator writes, in either case. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length >> 1);
  for (let at = 0; at < text.length; at++) {
    const digit = hexDigit(text.charCodeAt(at));
    if (digit < 0) throw new DecodeError("hexadecimal text has another character in it", at);
    const byte = at >> 1;
    if (byte < bytes.length) bytes[byte] = ((bytes[byte] as number) << 4) | digit;
  }
  if (text.length % 2 !== 0) {
    throw new DecodeError("hexadecimal text ends within a byte", text.length);
  }
  return bytes;
}

/** What the hexadecimal digit with this UTF-16 code is worth; -1 for anything else. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Not for secrets: it takes the longer, the more is equal. */
export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    if (a[at] !== b[at]) return false;
  }
  return true;
}

/** The order of memcmp; of two where one begins the other, the shorter is first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at++) {
    const difference = (a[at] as number) - (b[at] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return Math.sign(a.length - b.length);
}
