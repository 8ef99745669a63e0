/** Texts that are addresses and blocks of them. */
import { Cidr, IpAddress } from "#base";
import type { View } from "./view.ts";

const IP_WORDS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const LEADING_ZERO = /(?:^|[:.])0\d+\.|\.0\d+(?:$|[./])|\/0\d/;
const MAPPED = /^::ffff:\d+\.\d+\.\d+\.\d+/i;
const CIDR_WORDS = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

const LOOPBACK = ["127.0.0.0/8", "::1/128"].map((text) => Cidr.parse(text));
const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"].map((text) => Cidr.parse(text));
const LINK_MULTICAST = ["224.0.0.0/24", "ff02::/16"].map((text) => Cidr.parse(text));
const UNSPECIFIED = ["0.0.0.0/32", "::/128"].map((text) => Cidr.parse(text));

export const isIp = (text: string): boolean => IpAddress.tryParse(text) !== undefined;

export const familyOf = (text: string): 4 | 6 | undefined => IpAddress.tryParse(text)?.family;

export const canonical = (text: string): string => IpAddress.tryParse(text)?.toString() ?? "";

/** Only what has a length is a block here. */
function parseBlock(text: string): Cidr | undefined {
  return text.includes("/") ? Cidr.tryParse(text) : undefined;
}

/** Undefined where it is none. One that others could read in another way is told of, and read. */
export function validateBlock(block: View): Cidr | undefined {
  const hasZero = LEADING_ZERO.test(block.text);
  const parsed = parseBlock(hasZero ? withoutLeadingZeros(block.text) : block.text);
  if (parsed === undefined) {
    block.invalid(CIDR_WORDS, block.text);
    return undefined;
  }
  if (hasZero) block.invalid("must not have leading 0s in IP or prefix length");
  if (MAPPED.test(block.text)) block.invalid("must not have an IPv4-mapped IPv6 address");
  const given = IpAddress.tryParse(block.text.slice(0, block.text.indexOf("/")));
  if (given !== undefined && given.toBigInt() !== parsed.first.toBigInt()) {
    block.invalid("must not have bits set beyond the prefix length");
  }
  return parsed;
}

/** False where it is none; `view` is told of what is wrong. */
export function validateAddress(view: View): boolean {
  const hasZero = LEADING_ZERO.test(view.text);
  if (!isIp(hasZero ? withoutLeadingZeros(view.text) : view.text)) {
    view.invalid(IP_WORDS, view.text);
    return false;
  }
  if (hasZero) view.invalid("must not have leading 0s");
  if (MAPPED.test(view.text)) view.invalid("must not be an IPv4-mapped IPv6 address");
  return !hasZero;
}

function withoutLeadingZeros(text: string): string {
  return text.replaceAll(/(^|[.:/])0+(?=\d)/g, "$1");
}

/** Not what means this machine, this link or nobody. */
export function validateOrdinaryAddress(view: View): void {
  const address = IpAddress.tryParse(view.text);
  if (address === undefined) return;
  const isIn = (blocks: readonly Cidr[]): boolean => blocks.some((each) => each.contains(address));
  if (isIn(UNSPECIFIED)) view.invalid(`may not be unspecified (${view.text})`);
  if (isIn(LOOPBACK)) view.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (isIn(LINK_LOCAL)) {
    view.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (isIn(LINK_MULTICAST)) {
    view.invalid("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
}
