import { DnsResponseCode, DnsType, IpProtocol, SctpChunkType } from "./constants.ts";

/** The names of the values of a table of constants, where it has them. */
function namesOf(table: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(table).map(([name, value]) => [value, name]));
}

const DNS_TYPES = namesOf(DnsType);
const DNS_RESPONSE_CODES = namesOf(DnsResponseCode);
const SCTP_CHUNKS = namesOf(SctpChunkType);

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [IpProtocol.icmp, "ICMP"],
  [IpProtocol.ipv4, "IPIP"],
  [IpProtocol.tcp, "TCP"],
  [IpProtocol.udp, "UDP"],
  [IpProtocol.ipv6, "IPv6-in-IP"],
  [IpProtocol.icmpv6, "ICMPv6"],
  [IpProtocol.none, "no next header"],
  [IpProtocol.sctp, "SCTP"],
]);

export function protocolName(protocol: number): string {
  return PROTOCOLS.get(protocol) ?? `protocol ${protocol}`;
}

/** As zone files have them, unknown ones by RFC 3597. */
export function dnsTypeName(type: number): string {
  return DNS_TYPES.get(type) ?? `TYPE${type}`;
}

export function dnsResponseName(code: number): string {
  return DNS_RESPONSE_CODES.get(code) ?? `RCODE${code}`;
}

/** "INIT_ACK", as RFC 9260 has them but for the blanks. */
export function sctpChunkName(type: number): string {
  const name = SCTP_CHUNKS.get(type);
  return name?.replace(/[A-Z]/g, "_$&").toUpperCase() ?? `chunk-${type}`;
}
