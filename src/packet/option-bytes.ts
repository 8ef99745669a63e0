import { type ByteReader, ByteWriter, DecodeError } from "#base";

/** More than any header has room for, so that tests can write headers that say they are shorter. */
const MAX_OPTION_BYTES = 4096;

/** An option that has no form of its own here, or not the length that its form has. */
export interface RawOption {
  readonly kind: "raw";
  readonly type: number;
  /** What follows the length byte. */
  readonly data: Uint8Array;
  /** Never there when decoded. For building: a length byte that is not true. */
  readonly length?: number;
}

/**
 * What follows the type of an option whose length byte counts itself and the type too, as in
 * IPv4 and TCP. `end` is where its header ends.
 */
export function readOptionData(reader: ByteReader, end: number, what: string): Uint8Array {
  const start = reader.offset - 1;
  const length = reader.offset < end ? reader.u8() : 0;
  if (length < 2) throw new DecodeError(`${what} without a length`, start);
  if (start + length > end) {
    throw new DecodeError(`${what} of ${length} bytes, ${end - start} left`, start);
  }
  return reader.bytes(length - 2);
}

export function putRawOption(writer: ByteWriter, { type, data, length }: RawOption): void {
  writer
    .u8(type)
    .u8(length ?? data.length + 2)
    .bytes(data);
}

/** What `write` writes. */
export function writeOptions(what: string, write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter({ what, maxBytes: MAX_OPTION_BYTES, initialBytes: 40 });
  write(writer);
  return writer.finish();
}
