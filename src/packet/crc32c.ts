/** Castagnoli's polynomial, its bits in reverse. */
const POLYNOMIAL = 0x82f63b78;

const TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  return crc;
});

/**
 * The CRC32c of `bytes`, as SCTP and iSCSI use it: an unsigned number, 0xe3069283 for
 * "123456789". For a text in pieces, `crc` is what the piece before gave.
 */
export function crc32c(bytes: Uint8Array, crc = 0): number {
  let state = ~crc;
  for (let at = 0; at < bytes.length; at++) {
    state = (state >>> 8) ^ (TABLE[(state ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~state >>> 0;
}
