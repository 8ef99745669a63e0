/** ICMP types, which stand where other protocols have ports. */
import { quote } from "#base";
import type { IcmpRule } from "#kube/types";
import { type PortMatch, PROTOCOL } from "../rule.ts";
import type { ImportContext } from "./context.ts";

const MAX_ICMP_FIELDS_A_RULE = 40;
const MAX_TYPE = 255;

const TYPES_V4: ReadonlyMap<string, number> = new Map([
  ["EchoReply", 0],
  ["DestinationUnreachable", 3],
  ["Redirect", 5],
  ["Echo", 8],
  ["EchoRequest", 8],
  ["RouterAdvertisement", 9],
  ["RouterSelection", 10],
  ["TimeExceeded", 11],
  ["ParameterProblem", 12],
  ["Timestamp", 13],
  ["TimestampReply", 14],
  ["Photuris", 40],
  ["ExtendedEchoRequest", 42],
  ["ExtendedEchoReply", 43],
]);

const TYPES_V6: ReadonlyMap<string, number> = new Map([
  ["DestinationUnreachable", 1],
  ["PacketTooBig", 2],
  ["TimeExceeded", 3],
  ["ParameterProblem", 4],
  ["EchoRequest", 128],
  ["EchoReply", 129],
  ["MulticastListenerQuery", 130],
  ["MulticastListenerReport", 131],
  ["MulticastListenerDone", 132],
  ["RouterSolicitation", 133],
  ["RouterAdvertisement", 134],
  ["NeighborSolicitation", 135],
  ["NeighborAdvertisement", 136],
  ["RedirectMessage", 137],
  ["RouterRenumbering", 138],
  ["ICMPNodeInformationQuery", 139],
  ["ICMPNodeInformationResponse", 140],
  ["InverseNeighborDiscoverySolicitation", 141],
  ["InverseNeighborDiscoveryAdvertisement", 142],
  ["HomeAgentAddressDiscoveryRequest", 144],
  ["HomeAgentAddressDiscoveryReply", 145],
  ["MobilePrefixSolicitation", 146],
  ["MobilePrefixAdvertisement", 147],
  ["DuplicateAddressRequestCodeSuffix", 157],
  ["DuplicateAddressConfirmationCodeSuffix", 158],
  ["ExtendedEchoRequest", 160],
  ["ExtendedEchoReply", 161],
]);

export function readIcmp(rule: IcmpRule, path: string, context: ImportContext): PortMatch[] {
  const fields = rule.fields ?? [];
  if (fields.length > MAX_ICMP_FIELDS_A_RULE) {
    const what = `has ${fields.length} types; ${MAX_ICMP_FIELDS_A_RULE} are the most: write several entries of icmps`;
    context.report.error("too-many-icmp-fields", `${path}.fields`, what);
    return [];
  }
  return fields.flatMap((field, index): PortMatch[] => {
    const at = `${path}.fields[${index}]`;
    const family = field.family || "IPv4";
    if (family !== "IPv4" && family !== "IPv6") {
      const what = `${quote(family)} is no family: write IPv4 or IPv6`;
      context.report.error("bad-icmp-family", `${at}.family`, what);
      return [];
    }
    const type = readType(field.type, family === "IPv4" ? TYPES_V4 : TYPES_V6);
    if (type === undefined) {
      const what = `${quote(String(field.type))} is no ICMP type of ${family}: write a number from 0 to ${MAX_TYPE}, or a name such as EchoRequest`;
      context.report.error("bad-icmp-type", `${at}.type`, what);
      return [];
    }
    const protocol = family === "IPv4" ? PROTOCOL.icmp : PROTOCOL.icmpv6;
    return [{ protocol, port: { first: type, last: type } }];
  });
}

function readType(given: string | number, names: ReadonlyMap<string, number>): number | undefined {
  if (typeof given === "string" && !/^(0|[1-9][0-9]{0,2})$/.test(given)) return names.get(given);
  const type = Number(given);
  return Number.isInteger(type) && type >= 0 && type <= MAX_TYPE ? type : undefined;
}
