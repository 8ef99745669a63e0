// What is inside an IP packet, in a word or two, as Hubble's tools say it.

const Protocol = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const;

/** Bits of the TCP header, in the order in which they are told. */
const TCP_FLAG_NAMES: readonly (readonly [bit: number, name: string])[] = [
  [0x02, "SYN"],
  [0x10, "ACK"],
  [0x04, "RST"],
  [0x01, "FIN"],
  [0x08, "PSH"],
  [0x20, "URG"],
  [0x40, "ECE"],
  [0x80, "CWR"],
];

const ICMPV4_TYPES: ReadonlyMap<number, string> = new Map([
  [0, "EchoReply"],
  [3, "DestinationUnreachable"],
  [5, "Redirect"],
  [8, "EchoRequest"],
  [11, "TimeExceeded"],
  [12, "ParameterProblem"],
]);

const ICMPV6_TYPES: ReadonlyMap<number, string> = new Map([
  [1, "DestinationUnreachable"],
  [2, "PacketTooBig"],
  [3, "TimeExceeded"],
  [4, "ParameterProblem"],
  [128, "EchoRequest"],
  [129, "EchoReply"],
  [133, "RouterSolicitation"],
  [134, "RouterAdvertisement"],
  [135, "NeighborSolicitation"],
  [136, "NeighborAdvertisement"],
  [137, "Redirect"],
]);

interface Transport {
  readonly protocol: number;
  readonly tcpFlags: number;
  /** Of ICMP, the type; so the code for the next. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** `TCP Flags: SYN, ACK`, `ICMPv4 EchoRequest`. */
export function summaryOf(transport: Transport): string {
  const { protocol, tcpFlags } = transport;
  switch (protocol) {
    case Protocol.tcp:
      return `TCP Flags: ${tcpFlagNames(tcpFlags).join(", ")}`;
    case Protocol.udp:
      return "UDP";
    case Protocol.sctp:
      return "SCTP";
    case Protocol.icmp:
      return `ICMPv4 ${icmpName(ICMPV4_TYPES, transport)}`;
    case Protocol.icmpv6:
      return `ICMPv6 ${icmpName(ICMPV6_TYPES, transport)}`;
    default:
      return `protocol ${protocol}`;
  }
}

export function hasPorts(protocol: number): boolean {
  return protocol === Protocol.tcp || protocol === Protocol.udp || protocol === Protocol.sctp;
}

function tcpFlagNames(flags: number): string[] {
  return TCP_FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

function icmpName(
  names: ReadonlyMap<number, string>,
  { sourcePort: type, destinationPort: code }: Transport,
): string {
  const name = names.get(type) ?? `type ${type}`;
  return code === 0 ? name : `${name} (code ${code})`;
}
