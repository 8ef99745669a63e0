import { type ByteReader, type ByteWriter, DecodeError } from "#base";
import { type Draft, needBytes } from "./draft.ts";

export interface Udp {
  readonly kind: "udp";
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** In bytes, these eight included. */
  readonly length: number;
  /** 0: the sender computed none. */
  readonly checksum: number;
}

export const UDP_HEADER_BYTES = 8;

export function readUdp(reader: ByteReader): Udp {
  needBytes(reader, UDP_HEADER_BYTES, "UDP header");
  const start = reader.offset;
  const sourcePort = reader.u16be();
  const destinationPort = reader.u16be();
  const length = reader.u16be();
  if (length < UDP_HEADER_BYTES) throw new DecodeError(`UDP length of ${length}`, start + 4);
  return { kind: "udp", sourcePort, destinationPort, length, checksum: reader.u16be() };
}

/** Leaves length and checksum to `encodeLayers`, where they are not given. */
export function writeUdp(writer: ByteWriter, draft: Draft<Udp>): void {
  writer.u16be(draft.sourcePort ?? 0).u16be(draft.destinationPort ?? 0);
  writer.u16be(draft.length ?? 0).u16be(draft.checksum ?? 0);
}
