import { ByteReader, DecodeError } from "#base";
import { readBtfHeader } from "./decode.ts";
import { BtfKindNumber, type BtfKind } from "./format.ts";

/** What follows the three words that every type has, by kind: so much, and so much for each part. */
const TAILS: Readonly<Record<BtfKind, readonly [bytes: number, perPart: number]>> = {
  int: [4, 0],
  ptr: [0, 0],
  array: [12, 0],
  struct: [0, 12],
  union: [0, 12],
  enum: [0, 8],
  fwd: [0, 0],
  typedef: [0, 0],
  volatile: [0, 0],
  const: [0, 0],
  restrict: [0, 0],
  func: [0, 0],
  funcProto: [0, 8],
  var: [4, 0],
  datasec: [0, 12],
  float: [0, 0],
  declTag: [4, 0],
  typeTag: [0, 0],
  enum64: [0, 12],
};

const TAIL_OF_NUMBER: ReadonlyMap<number, readonly [number, number]> = new Map(
  (Object.keys(TAILS) as BtfKind[]).map((kind) => [BtfKindNumber[kind], TAILS[kind]]),
);

/**
 * The id of the first type of that kind and name, without decoding anything else: the running
 * kernel's 130,000 types take a few milliseconds so, and most of a second to decode.
 */
export function findTypeId(bytes: Uint8Array, kind: BtfKind, name: string): number | undefined {
  const reader = new ByteReader(bytes);
  const header = readBtfHeader(reader);
  reader.seek(header.headerBytes + header.stringsOffset, "BTF's strings");
  const offsets = offsetsOf(reader.bytes(header.stringsBytes, "BTF's strings"), name);
  if (offsets.size === 0) return undefined;
  reader.seek(header.headerBytes + header.typesOffset, "BTF's types");
  const types = reader.sub(header.typesBytes, "BTF's types");
  const wanted = BtfKindNumber[kind];
  for (let id = 1; types.remaining > 0; id++) {
    const at = types.offset;
    const nameOffset = types.u32le("a type");
    const info = types.u32le("a type");
    const number = (info >>> 24) & 0x1f;
    if (number === wanted && offsets.has(nameOffset)) return id;
    const tail = TAIL_OF_NUMBER.get(number);
    if (tail === undefined) throw new DecodeError(`BTF kind ${number} is unknown`, at);
    types.skip(4 + tail[0] + tail[1] * (info & 0xffff), "a type");
  }
  return undefined;
}

/** Everywhere that the name stands, alone or as the tail of another. */
function offsetsOf(strings: Uint8Array, name: string): Set<number> {
  const wanted = new TextEncoder().encode(`${name}\0`);
  const found = new Set<number>();
  const first = wanted[0] ?? 0;
  for (let at = strings.indexOf(first); at !== -1; at = strings.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => strings[at + index] === byte)) found.add(at);
  }
  return found;
}
