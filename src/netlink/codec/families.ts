import { assert, Cidr, IpAddress, type IpFamily } from "#base";
import { AF } from "./wire.ts";

/** The family of a message; undefined for those that are not IP. */
export function familyOf(number: number): IpFamily | undefined {
  if (number === AF.INET) return 4;
  return number === AF.INET6 ? 6 : undefined;
}

export function familyNumber(family: IpFamily): number {
  return family === 4 ? AF.INET : AF.INET6;
}

const NOWHERE: Readonly<Record<IpFamily, IpAddress>> = {
  4: IpAddress.v4(0),
  6: IpAddress.fromWords(0, 0, 0, 0),
};

/**
 * A range as a message of this family counts it: in 32 bits, or in 128, mapped IPv4 too. The
 * kernel leaves the address out where the length is 0.
 */
export function readCidr(address: IpAddress | undefined, length: number, family: IpFamily): Cidr {
  const first = address ?? NOWHERE[family];
  return family === 4 ? Cidr.of(first, length) : Cidr.of128(first, length);
}

export function prefixLengthIn(cidr: Cidr, family: IpFamily): number {
  assert(family === 6 || cidr.family === 4, `${cidr.key} is in a request about IPv4`);
  return family === 4 ? cidr.prefixLength : cidr.prefixLength128;
}
