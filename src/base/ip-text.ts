import { hexDigit } from "./bytes.ts";

/** An address as four 32-bit words, most significant first; IPv4 as ::ffff:a.b.c.d. */
type AddressWords = readonly [number, number, number, number];

/** "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255" */
const MAX_TEXT_CHARACTERS = 45;

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;

/** Strict: every form of RFC 4291, no zones, no leading zeros in IPv4. Undefined if it is none. */
export function parseAddressText(text: string): AddressWords | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) return undefined;
  if (text.includes(":")) return parseIpv6(text);
  const value = parseIpv4(text, 0);
  return value < 0 ? undefined : [0, 0, 0xffff, value];
}

/** The number that the dotted text from `start` to the end stands for; -1 if it is none. */
function parseIpv4(text: string, start: number): number {
  let value = 0;
  let dots = 0;
  let octet = -1;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (octet < 0 || dots === 3) return -1;
      value = value * 256 + octet;
      dots += 1;
      octet = -1;
      continue;
    }
    const digit = code - ZERO;
    // An octet of 0 that goes on is one with a leading zero: octal to some, decimal to others.
    if (digit < 0 || digit > 9 || octet === 0) return -1;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return -1;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1;
}

function parseIpv6(text: string): AddressWords | undefined {
  const groups: number[] = [];
  /** How many groups stand before the "::"; -1 without one. */
  let gap = -1;
  let at = 0;
  if (text.startsWith("::")) {
    gap = 0;
    at = 2;
  }
  while (at < text.length) {
    const start = at;
    let group = 0;
    for (; at < text.length && at - start < 5; at++) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      group = group * 16 + digit;
    }
    if (at < text.length && text.charCodeAt(at) === DOT) {
      const tail = parseIpv4(text, start);
      if (tail < 0) return undefined;
      groups.push(tail >>> 16, tail & 0xffff);
      break;
    }
    if (at === start || at - start > 4) return undefined;
    groups.push(group);
    if (at === text.length) break;
    if (text.charCodeAt(at) !== COLON || groups.length > 7) return undefined;
    at += 1;
    if (at === text.length) return undefined;
    if (text.charCodeAt(at) === COLON) {
      if (gap >= 0) return undefined;
      gap = groups.length;
      at += 1;
    }
  }
  return joinGroups(groups, gap);
}

function joinGroups(groups: number[], gap: number): AddressWords | undefined {
  // "::" stands for one group or more.
  if (gap < 0 ? groups.length !== 8 : groups.length > 7) return undefined;
  const missing = 8 - groups.length;
  const group = (index: number): number => {
    if (gap < 0 || index < gap) return groups[index] as number;
    return index < gap + missing ? 0 : (groups[index - missing] as number);
  };
  const word = (index: number): number => (group(2 * index) << 16) | group(2 * index + 1);
  return [word(0), word(1), word(2), word(3)];
}

export function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

/** The canonical text of RFC 5952: lower case, the longest run of zero groups as "::". */
export function formatIpv6(words: AddressWords): string {
  const groups: number[] = [];
  for (const word of words) groups.push(word >>> 16, word & 0xffff);
  const { start, length } = longestZeroRun(groups);
  let text = "";
  for (let index = 0; index < 8; index++) {
    if (index === start) {
      text += "::";
      index += length - 1;
      continue;
    }
    if (index > 0 && index !== start + length) text += ":";
    text += (groups[index] as number).toString(16);
  }
  return text;
}

/** The first of the longest runs; one group alone is none, and then `start` is -1. */
function longestZeroRun(groups: number[]): { start: number; length: number } {
  let start = -1;
  let length = 1;
  for (let index = 0; index < 8; index++) {
    let end = index;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - index > length) {
      start = index;
      length = end - index;
    }
    index = Math.max(index, end - 1);
  }
  return { start, length };
}
