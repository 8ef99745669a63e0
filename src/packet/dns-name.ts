import { assert, type ByteWriter, DecodeError, quote } from "#base";

/** A name on the wire, lengths and the root's zero included (RFC 1035, 2.3.4). */
const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;
/** The longest name there can be has so many labels, and more pointers are of no use to it. */
const MAX_POINTERS = 127;
/** No name can begin within the header that messages start with. */
const HEADER_BYTES = 12;
/** The two bits that make a pointer of a length. */
const POINTER = 0xc0;

const DOT = 0x2e;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const DELETE = 0x7f;

interface DnsName {
  /**
   * As in zone files: every label with a dot after it, the root as "."; dots and backslashes
   * within a label with a backslash before them, bytes that do not print as `\DDD`.
   */
  readonly text: string;
  /** The index in the message of what follows the name. */
  readonly end: number;
}

/** The name at index `start` of a message, which in the whole input begins at `baseOffset`. */
export function readDnsName(message: Uint8Array, start: number, baseOffset: number): DnsName {
  const fail = (problem: string, at: number): never => {
    throw new DecodeError(`DNS name ${problem}`, baseOffset + at);
  };
  const byteAt = (at: number): number =>
    message[at] ?? fail("goes on after the end", message.length);
  let text = "";
  let length = 1;
  let end = -1;
  let pointers = 0;
  // Pointers only lead to before the piece that they stand in, so none leads round.
  let piece = start;
  let at = start;
  for (let size = byteAt(at); size !== 0; size = byteAt(at)) {
    if (size >= POINTER) {
      const target = ((size & ~POINTER) << 8) | byteAt(at + 1);
      if (target < HEADER_BYTES || target >= piece) fail(`points to ${target}`, at);
      pointers += 1;
      if (pointers > MAX_POINTERS) fail(`has more than ${MAX_POINTERS} pointers`, at);
      if (end < 0) end = at + 2;
      piece = target;
      at = target;
      continue;
    }
    if (size > MAX_LABEL_BYTES) fail("has a label of unknown form", at);
    length += 1 + size;
    if (length > MAX_NAME_BYTES) fail(`takes more than ${MAX_NAME_BYTES} bytes`, at);
    if (at + 1 + size > message.length) fail("goes on after the end", message.length);
    text += labelText(message.subarray(at + 1, at + 1 + size));
    at += 1 + size;
  }
  return { text: text === "" ? "." : text, end: end < 0 ? at + 1 : end };
}

function labelText(label: Uint8Array): string {
  let text = "";
  for (const byte of label) {
    if (byte === DOT || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > SPACE && byte < DELETE) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return `${text}.`;
}

/** Without compression. The dot at the end may be left out. */
export function putDnsName(writer: ByteWriter, name: string): void {
  const start = writer.length;
  for (const label of labelsOf(name)) {
    const isLabel = label.length > 0 && label.length <= MAX_LABEL_BYTES;
    assert(isLabel, `${quote(name)} has a label of ${label.length} bytes`);
    writer.u8(label.length).bytes(Uint8Array.from(label));
  }
  writer.u8(0);
  const length = writer.length - start;
  assert(length <= MAX_NAME_BYTES, `${quote(name)} takes ${length} bytes`);
}

function labelsOf(name: string): number[][] {
  if (name === "" || name === ".") return [];
  const labels: number[][] = [[]];
  for (const [whole, digits, escaped] of name.matchAll(/\\(?:(\d{3})|([^]))|[^]/g)) {
    if (whole === ".") {
      labels.push([]);
      continue;
    }
    const byte = digits === undefined ? (escaped ?? whole).charCodeAt(0) : Number(digits);
    const limit = digits === undefined ? 0x80 : 0x100;
    assert(
      byte < limit,
      `${quote(name)} has a character that DNS has not: write its bytes as \\DDD`,
    );
    labels.at(-1)?.push(byte);
  }
  if (labels.at(-1)?.length === 0) labels.pop();
  return labels;
}
