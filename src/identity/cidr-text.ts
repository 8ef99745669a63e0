import { Cidr } from "#base";

/**
 * The key of a range's label. Colons mean something in selectors, so that those of IPv6 are `-`,
 * and keys neither begin nor end with `-`: `10.0.0.0/8`, `0--1/128`, `fd00--0/64`.
 */
export function cidrLabelKey(cidr: Cidr): string {
  if (cidr.family === 4) return cidr.key;
  let address = cidr.network.key.replaceAll(":", "-");
  if (address.startsWith("-")) address = `0${address}`;
  if (address.endsWith("-")) address = `${address}0`;
  return `${address}/${cidr.prefixLength}`;
}

/** The range of such a key; undefined of other keys. */
export function cidrOfLabelKey(key: string): Cidr | undefined {
  return Cidr.tryParse(key.includes("-") ? key.replaceAll("-", ":") : key);
}
