import { assert, type IpAddress } from "#base";

/**
 * The Internet checksum (RFC 1071): the complement of the one's complement sum of 16-bit words.
 * Sums are plain numbers that may be larger than 16 bits; `foldChecksum` makes a checksum of one.
 */
export function internetChecksum(bytes: Uint8Array, sum = 0): number {
  return foldChecksum(addWords(bytes, 0, bytes.length, sum));
}

/**
 * `sum` and the words of `bytes` from `start` to before `end`; an odd byte at the end counts as
 * if a zero followed. Sums of pieces add up as long as each piece but the last has even length.
 */
export function addWords(bytes: Uint8Array, start: number, end: number, sum: number): number {
  const even = end - ((end - start) & 1);
  for (let at = start; at < even; at += 2) {
    sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
  }
  return even < end ? sum + ((bytes[even] as number) << 8) : sum;
}

export function foldChecksum(sum: number): number {
  // Not by shifts: a sum of large packets needs more than 32 bits.
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/**
 * The sum of the pseudo header that TCP, UDP and ICMPv6 include. `length` is that of the upper
 * layer: its header and payload. IPv4 and IPv6 need no distinction, since the ::ffff before an
 * IPv4 address adds 0xffff, which is nothing in one's complement.
 */
export function pseudoHeaderSum(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  length: number,
): number {
  const lengthWords = (length >>> 16) + (length & 0xffff);
  return addressSum(source) + addressSum(destination) + protocol + lengthWords;
}

function addressSum({ word0, word1, word2, word3 }: IpAddress): number {
  return wordSum(word0) + wordSum(word1) + wordSum(word2) + wordSum(word3);
}

function wordSum(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/**
 * The checksum of a packet in which `before` became `after`, as NAT computes it (RFC 1624,
 * equation 3). Both have the same even length, and stand at an even offset.
 */
export function updateChecksum(checksum: number, before: Uint8Array, after: Uint8Array): number {
  const isAligned = before.length === after.length && before.length % 2 === 0;
  assert(isAligned, "a checksum is updated for words that replace as many words");
  let sum = ~checksum & 0xffff;
  for (let at = 0; at < before.length; at++) {
    const shift = at % 2 === 0 ? 8 : 0;
    sum += (~(before[at] as number) & 0xff) << shift;
    sum += (after[at] as number) << shift;
  }
  return foldChecksum(sum);
}
