import { ByteReader, DecodeError } from "#base";

/** A name in an object longer than this is none that a compiler wrote. */
const MAX_NAME_BYTES = 4096;

/** Zero-ended texts, found by their offsets. */
export interface StringTable {
  /** How many bytes it has: offsets are below. */
  readonly size: number;
  /** The text that begins at `offset`; `what` it is, for the error where none does. */
  at: (offset: number, what: string) => string;
}

/** `fileOffset` is where `bytes` begin in the file. */
export function readStrings(bytes: Uint8Array, fileOffset: number): StringTable {
  // Compilers let one text be the tail of another, so that only reading tells where one begins.
  const known = new Map<number, string>();
  return {
    size: bytes.length,
    at(offset, what) {
      let text = known.get(offset);
      if (text === undefined) {
        text = readAt(bytes, fileOffset, offset, what);
        known.set(offset, text);
      }
      return text;
    },
  };
}

function readAt(bytes: Uint8Array, fileOffset: number, offset: number, what: string): string {
  if (offset >= bytes.length) {
    throw new DecodeError(
      `${what} is said to be at ${offset} of ${bytes.length} bytes of names`,
      fileOffset,
    );
  }
  const end = offset + MAX_NAME_BYTES;
  return new ByteReader(bytes.subarray(offset, end), fileOffset + offset).cstring(what);
}
