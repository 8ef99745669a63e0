import { IpProtocol } from "./constants.ts";
import type { AnyLayer } from "./draft.ts";

const PROTOCOL_OF: ReadonlyMap<string, number> = new Map([
  ["hop-by-hop", IpProtocol.hopByHop],
  ["icmpv4", IpProtocol.icmp],
  ["ipv4", IpProtocol.ipv4],
  ["tcp", IpProtocol.tcp],
  ["udp", IpProtocol.udp],
  ["ipv6", IpProtocol.ipv6],
  ["routing", IpProtocol.routing],
  ["fragment", IpProtocol.fragment],
  ["icmpv6", IpProtocol.icmpv6],
  ["destination-options", IpProtocol.destinationOptions],
  ["sctp", IpProtocol.sctp],
]);

/** The protocol number that is true of what stands after the layer at `index`. */
export function protocolAfter(layers: readonly AnyLayer[], index: number): number {
  const next = layers[index + 1];
  if (next === undefined || next.kind === "trailer") return IpProtocol.none;
  return PROTOCOL_OF.get(next.kind) ?? IpProtocol.experiment;
}
