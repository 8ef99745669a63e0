/** Addresses that are right, but not as they should be written. */
import { Cidr, IpAddress } from "#base";
import type { View } from "../validate/view.ts";

export function addressWarnings({ text, path }: View): string[] {
  const address = IpAddress.tryParse(text);
  if (address?.family !== 6 || address.toString() === text) return [];
  const canonical = JSON.stringify(address.toString());
  return [
    `${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${canonical})`,
  ];
}

export function blockWarnings({ text, path }: View): string[] {
  const block = Cidr.tryParse(text);
  if (block?.first.family !== 6 || block.toString() === text) return [];
  const canonical = JSON.stringify(block.toString());
  return [
    `${path}: IPv6 CIDR value ${JSON.stringify(text)} should be in RFC 5952 canonical format (${canonical})`,
  ];
}
