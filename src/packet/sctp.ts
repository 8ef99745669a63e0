import { type ByteReader, type ByteWriter, DecodeError } from "#base";
import { type Draft, needBytes } from "./draft.ts";

export interface Sctp {
  readonly kind: "sctp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly verificationTag: number;
  /** CRC32c as `crc32c` gives it; on the wire its lowest byte is first. */
  readonly checksum: number;
  readonly chunks: readonly SctpChunk[];
}

export interface SctpChunk {
  /** One of SctpChunkType, or another. */
  readonly type: number;
  /** What they mean depends on the type. */
  readonly flags: number;
  /** Without type, flags, length and padding. */
  readonly data: Uint8Array;
  /** What fills up to a multiple of four, where it is not as many zeros as that takes. */
  readonly padding?: Uint8Array;
  /** Never there when decoded. For building: a length that is not true. */
  readonly length?: number;
}

export const SCTP_HEADER_BYTES = 12;

const CHUNK_HEADER_BYTES = 4;

/** With `isCut`, a chunk that goes on after the end is left in `reader`; else it is an error. */
export function readSctp(reader: ByteReader, isCut: boolean): Sctp {
  needBytes(reader, SCTP_HEADER_BYTES, "SCTP header");
  const sourcePort = reader.u16be();
  const destinationPort = reader.u16be();
  const verificationTag = reader.u32be();
  const checksum = reader.u32le();
  const chunks: SctpChunk[] = [];
  while (reader.remaining > 0 && !(isCut && isChunkCut(reader))) chunks.push(readChunk(reader));
  return { kind: "sctp", sourcePort, destinationPort, verificationTag, checksum, chunks };
}

function isChunkCut(reader: ByteReader): boolean {
  if (reader.remaining < CHUNK_HEADER_BYTES) return true;
  const [, , high = 0, low = 0] = reader.peek(CHUNK_HEADER_BYTES);
  return high * 256 + low > reader.remaining;
}

function readChunk(reader: ByteReader): SctpChunk {
  needBytes(reader, CHUNK_HEADER_BYTES, "SCTP chunk");
  const start = reader.offset;
  const type = reader.u8();
  const flags = reader.u8();
  const length = reader.u16be();
  // Also what keeps a length of zero from standing still.
  if (length < CHUNK_HEADER_BYTES) throw new DecodeError(`SCTP chunk of ${length} bytes`, start);
  const data = reader.bytes(length - CHUNK_HEADER_BYTES, "SCTP chunk");
  const missing = missingTo4(length);
  if (missing === 0) return { type, flags, data };
  // Who sends the last chunk without its padding is wrong, and understood all the same.
  const padding = reader.bytes(Math.min(missing, reader.remaining));
  const isUsual = padding.length === missing && padding.every((byte) => byte === 0);
  return isUsual ? { type, flags, data } : { type, flags, data, padding };
}

/** Leaves the checksum to `encodeLayers`, where it is not given. */
export function writeSctp(writer: ByteWriter, draft: Draft<Sctp>): void {
  writer.u16be(draft.sourcePort ?? 0).u16be(draft.destinationPort ?? 0);
  writer.u32be(draft.verificationTag ?? 0).u32le(draft.checksum ?? 0);
  for (const { type, flags, data, padding, length } of draft.chunks ?? []) {
    const trueLength = CHUNK_HEADER_BYTES + data.length;
    writer
      .u8(type)
      .u8(flags)
      .u16be(length ?? trueLength)
      .bytes(data);
    if (padding === undefined) writer.zeros(missingTo4(trueLength));
    else writer.bytes(padding);
  }
}

function missingTo4(length: number): number {
  return (4 - (length % 4)) % 4;
}
