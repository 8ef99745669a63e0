import { IpAddress } from "#base";

/**
 * Addresses in names: `4.3.2.1.in-addr.arpa` and its IPv6 kin, and the `1-2-3-4` of pods and of
 * endpoints without a hostname.
 */

const IPV6_NIBBLES = 32;

export function parseReverseName(name: string): IpAddress | undefined {
  const v4 = cutSuffix(name, ".in-addr.arpa");
  if (v4 !== undefined) return v4.split(".").length === 4 ? parseReversed(v4, ".") : undefined;
  const v6 = cutSuffix(name, ".ip6.arpa");
  const nibbles = v6?.split(".").toReversed() ?? [];
  const isWhole =
    nibbles.length === IPV6_NIBBLES && nibbles.every((nibble) => /^[0-9a-f]$/.test(nibble));
  if (!isWhole) return undefined;
  return IpAddress.fromBytes(Buffer.from(nibbles.join(""), "hex"));
}

/** What CoreDNS calls an endpoint that has no name. */
export function dashed(address: IpAddress): string {
  return address.key.replaceAll(/[.:]/g, "-");
}

export function parseDashed(label: string): IpAddress | undefined {
  const isV4 = /^\d+-\d+-\d+-\d+$/.test(label);
  return IpAddress.tryParse(label.replaceAll("-", isV4 ? "." : ":"));
}

/** What stands before a suffix; undefined where it is not there. */
function cutSuffix(name: string, suffix: string): string | undefined {
  return name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
}

function parseReversed(text: string, separator: string): IpAddress | undefined {
  return IpAddress.tryParse(text.split(separator).toReversed().join(separator));
}
