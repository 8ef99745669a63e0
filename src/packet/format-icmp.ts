import { unreachable } from "#base";
import { Icmpv4UnreachableCode, Icmpv6UnreachableCode } from "./constants.ts";
import type { Icmpv4 } from "./icmpv4.ts";
import type { Icmpv6 } from "./icmpv6.ts";

const UNREACHABLE_V4: ReadonlyMap<number, string> = new Map([
  [Icmpv4UnreachableCode.network, "network"],
  [Icmpv4UnreachableCode.host, "host"],
  [Icmpv4UnreachableCode.protocol, "protocol"],
  [Icmpv4UnreachableCode.port, "port"],
  [Icmpv4UnreachableCode.fragmentationNeeded, "fragmentation needed"],
  [Icmpv4UnreachableCode.administrativelyProhibited, "prohibited"],
]);

const UNREACHABLE_V6: ReadonlyMap<number, string> = new Map([
  [Icmpv6UnreachableCode.noRoute, "no route"],
  [Icmpv6UnreachableCode.administrativelyProhibited, "prohibited"],
  [Icmpv6UnreachableCode.beyondScope, "beyond scope"],
  [Icmpv6UnreachableCode.address, "address"],
  [Icmpv6UnreachableCode.port, "port"],
]);

/** "ICMP echo-request id 1 seq 2", without the packet that an error brings back. */
export function formatIcmpv4(icmp: Icmpv4): string {
  switch (icmp.message) {
    case "echo-request":
    case "echo-reply":
      return `ICMP ${icmp.message} id ${icmp.identifier} seq ${icmp.sequence}`;
    case "unreachable": {
      const mtu = icmp.mtu > 0 ? ` mtu ${icmp.mtu}` : "";
      return `ICMP unreachable ${UNREACHABLE_V4.get(icmp.code) ?? `code ${icmp.code}`}${mtu}`;
    }
    case "time-exceeded":
      return `ICMP time-exceeded code ${icmp.code}`;
    case "parameter-problem":
      return `ICMP parameter-problem at byte ${icmp.pointer}`;
    case "redirect":
      return `ICMP redirect to ${icmp.gateway.key}`;
    case "other":
      return `ICMP type ${icmp.type} code ${icmp.code}`;
    default:
      return unreachable(icmp);
  }
}

/** "ICMPv6 neighbour-solicitation who-has fd00::1", as above. */
export function formatIcmpv6(icmp: Icmpv6): string {
  switch (icmp.message) {
    case "echo-request":
    case "echo-reply":
      return `ICMPv6 ${icmp.message} id ${icmp.identifier} seq ${icmp.sequence}`;
    case "unreachable":
      return `ICMPv6 unreachable ${UNREACHABLE_V6.get(icmp.code) ?? `code ${icmp.code}`}`;
    case "time-exceeded":
      return `ICMPv6 time-exceeded code ${icmp.code}`;
    case "packet-too-big":
      return `ICMPv6 packet-too-big mtu ${icmp.mtu}`;
    case "parameter-problem":
      return `ICMPv6 parameter-problem at byte ${icmp.pointer}`;
    case "router-solicitation":
      return "ICMPv6 router-solicitation";
    case "router-advertisement":
      return `ICMPv6 router-advertisement lifetime ${icmp.lifetimeSeconds} s`;
    case "neighbour-solicitation":
      return `ICMPv6 neighbour-solicitation who-has ${icmp.target.key}`;
    case "neighbour-advertisement":
      return `ICMPv6 neighbour-advertisement ${icmp.target.key} is here`;
    case "redirect":
      return `ICMPv6 redirect to ${icmp.target.key} for ${icmp.destination.key}`;
    case "other":
      return `ICMPv6 type ${icmp.type} code ${icmp.code}`;
    default:
      return unreachable(icmp);
  }
}
