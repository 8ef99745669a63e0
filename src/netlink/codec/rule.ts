import type { PortRange } from "../model/link.ts";
import type { Rule, RuleAction, RuleSpec } from "../model/rule.ts";
import { RouteProtocol } from "../model/route.ts";
import { familyNumber, familyOf, prefixLengthIn, readCidr } from "./families.ts";
import type { Message } from "./message.ts";
import type { MessageWriter } from "./writer.ts";

export const RULE_HEADER_BYTES = 12;
export const FRA = {
  DST: 1,
  SRC: 2,
  IIFNAME: 3,
  GOTO: 4,
  PRIORITY: 6,
  FWMARK: 10,
  SUPPRESS_PREFIXLEN: 14,
  TABLE: 15,
  FWMASK: 16,
  OIFNAME: 17,
  L3MDEV: 19,
  PROTOCOL: 21,
  IP_PROTO: 22,
  SPORT_RANGE: 23,
  DPORT_RANGE: 24,
} as const;
const INVERTED = 0x2;
const ALL_BITS = 0xffff_ffff;

const ACTIONS: Readonly<Record<number, RuleAction>> = {
  0: "unspecified",
  1: "table",
  2: "goto",
  3: "nop",
  6: "blackhole",
  7: "unreachable",
  8: "prohibit",
};

/** Undefined for families that are not IP. */
export function readRule(message: Message): Rule | undefined {
  const header = message.header(RULE_HEADER_BYTES, "fib_rule_hdr");
  const family = familyOf(header.u8());
  if (family === undefined) return undefined;
  const destinationLength = header.u8();
  const sourceLength = header.u8();
  const tos = header.u8();
  const table = header.u8();
  header.skip(2);
  const action = ACTIONS[header.u8()] ?? "unknown";
  const flags = header.u32le();
  const attributes = message.attributes(RULE_HEADER_BYTES);
  const source = attributes.ip(FRA.SRC, family);
  const destination = attributes.ip(FRA.DST, family);
  const markMask = attributes.u32(FRA.FWMASK);
  const suppressed = attributes.i32(FRA.SUPPRESS_PREFIXLEN);
  const isL3mdev = (attributes.u8(FRA.L3MDEV) ?? 0) !== 0;
  return {
    family,
    // The kernel leaves 0 out, which is the table `local`'s.
    priority: attributes.u32(FRA.PRIORITY) ?? 0,
    action,
    table: action === "table" && !isL3mdev ? (attributes.u32(FRA.TABLE) ?? table) : undefined,
    target: attributes.u32(FRA.GOTO),
    source: source && readCidr(source, sourceLength, family),
    destination: destination && readCidr(destination, destinationLength, family),
    // A mask without a mark is about the mark 0.
    mark: attributes.u32(FRA.FWMARK) ?? (markMask === undefined ? undefined : 0),
    markMask,
    inputLink: attributes.text(FRA.IIFNAME),
    outputLink: attributes.text(FRA.OIFNAME),
    isL3mdev,
    ipProtocol: attributes.u8(FRA.IP_PROTO),
    sourcePorts: portRange(attributes.u16pair(FRA.SPORT_RANGE)),
    destinationPorts: portRange(attributes.u16pair(FRA.DPORT_RANGE)),
    tos,
    isInverted: (flags & INVERTED) !== 0,
    suppressPrefixLength: suppressed === undefined || suppressed < 0 ? undefined : suppressed,
    protocol: attributes.u8(FRA.PROTOCOL) ?? RouteProtocol.unspecified,
  };
}

function portRange(pair: readonly [number, number] | undefined): PortRange | undefined {
  return pair && { first: pair[0], last: pair[1] };
}

/** `isNew` fills in what a new rule needs; to delete one, what is not given fits any. */
export function writeRule(writer: MessageWriter, spec: RuleSpec, isNew: boolean): void {
  const { family, table, isL3mdev = false, mark, suppressPrefixLength } = spec;
  const action = spec.action ?? (isNew ? "table" : "unspecified");
  const number = Object.entries(ACTIONS).find(([, name]) => name === action)?.[0];
  writer.bytes
    .u8(familyNumber(family))
    .u8(spec.destination === undefined ? 0 : prefixLengthIn(spec.destination, family))
    .u8(spec.source === undefined ? 0 : prefixLengthIn(spec.source, family))
    .u8(spec.tos ?? 0)
    .u8(table !== undefined && table < 256 ? table : 0)
    .u8(0)
    .u8(0)
    .u8(Number(number ?? 0))
    .u32le(spec.isInverted === true ? INVERTED : 0);
  writer.u32(FRA.PRIORITY, spec.priority);
  writer.u32(FRA.TABLE, table);
  writer.u32(FRA.GOTO, spec.target);
  writer.ip(FRA.SRC, spec.source?.network, family);
  writer.ip(FRA.DST, spec.destination?.network, family);
  writer.u32(FRA.FWMARK, mark);
  writer.u32(FRA.FWMASK, spec.markMask ?? (mark === undefined ? undefined : ALL_BITS));
  writer.text(FRA.IIFNAME, spec.inputLink);
  writer.text(FRA.OIFNAME, spec.outputLink);
  if (isL3mdev) writer.u8(FRA.L3MDEV, 1);
  writer.u8(FRA.IP_PROTO, spec.ipProtocol);
  writer.u16pair(FRA.SPORT_RANGE, spec.sourcePorts);
  writer.u16pair(FRA.DPORT_RANGE, spec.destinationPorts);
  writer.u32(FRA.SUPPRESS_PREFIXLEN, suppressPrefixLength);
  const protocol = spec.protocol ?? (isNew ? RouteProtocol.static : undefined);
  writer.u8(FRA.PROTOCOL, protocol);
}
