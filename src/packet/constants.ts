/** What an Ethernet header or a VLAN tag says comes next. Below 0x600 it is a length (802.3). */
export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  /** 802.1Q: a tag follows. */
  vlan: 0x8100,
  ipv6: 0x86dd,
  /** 802.1ad: an outer tag follows, and within it another (QinQ). */
  serviceVlan: 0x88a8,
  /** For experiments on one's own network: what the builder says where nothing else fits. */
  localExperiment: 0x88b5,
} as const;

/** What an IPv4 header, an IPv6 header or an extension header says comes next. */
export const IpProtocol = {
  hopByHop: 0,
  icmp: 1,
  /** IPv4 in IP. */
  ipv4: 4,
  tcp: 6,
  udp: 17,
  /** IPv6 in IP. */
  ipv6: 41,
  routing: 43,
  fragment: 44,
  icmpv6: 58,
  /** Nothing follows an IPv6 header. */
  none: 59,
  destinationOptions: 60,
  sctp: 132,
  /** For experiments (RFC 3692): what the builder says where nothing else fits. */
  experiment: 253,
} as const;

/** The kinds of IPv6 routing header whose addresses this module understands. */
export const RoutingType = {
  /** Deprecated (RFC 5095), and still to be dropped by whoever meets it. */
  source: 0,
  /** Mobile IPv6. */
  mobile: 2,
  /** Segment routing (RFC 8754): its list begins with the last segment. */
  segment: 4,
} as const;

/** Options of an IPv4 header that stand alone, without a length. */
export const Ipv4OptionType = { end: 0, nop: 1 } as const;

/** Options in hop-by-hop and destination options headers that only fill space. */
export const Ipv6OptionType = { pad1: 0, padN: 1 } as const;

export const TcpOptionType = {
  end: 0,
  nop: 1,
  mss: 2,
  windowScale: 3,
  sackPermitted: 4,
  sack: 5,
  timestamps: 8,
} as const;

/** In the order of their bits, the lowest first. AE was NS once (RFC 9768). */
export const TCP_FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"] as const;

export type TcpFlag = (typeof TCP_FLAGS)[number];

export const SctpChunkType = {
  data: 0,
  init: 1,
  initAck: 2,
  sack: 3,
  heartbeat: 4,
  heartbeatAck: 5,
  abort: 6,
  shutdown: 7,
  shutdownAck: 8,
  error: 9,
  cookieEcho: 10,
  cookieAck: 11,
  shutdownComplete: 14,
} as const;

export const Icmpv4Type = {
  echoReply: 0,
  unreachable: 3,
  redirect: 5,
  echoRequest: 8,
  timeExceeded: 11,
  parameterProblem: 12,
} as const;

/** Codes of an ICMPv4 unreachable. */
export const Icmpv4UnreachableCode = {
  network: 0,
  host: 1,
  protocol: 2,
  port: 3,
  /** The packet is larger than the next link takes, and may not be fragmented: see its MTU. */
  fragmentationNeeded: 4,
  administrativelyProhibited: 13,
} as const;

export const Icmpv6Type = {
  unreachable: 1,
  packetTooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
  echoRequest: 128,
  echoReply: 129,
  multicastListenerQuery: 130,
  multicastListenerReport: 131,
  multicastListenerDone: 132,
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighbourSolicitation: 135,
  neighbourAdvertisement: 136,
  redirect: 137,
  multicastListenerReport2: 143,
} as const;

/** Codes of an ICMPv6 unreachable. */
export const Icmpv6UnreachableCode = {
  noRoute: 0,
  administrativelyProhibited: 1,
  beyondScope: 2,
  address: 3,
  port: 4,
} as const;

/** Options of neighbour discovery (RFC 4861, 4.6). */
export const NeighbourOptionType = {
  sourceLinkLayer: 1,
  targetLinkLayer: 2,
  prefix: 3,
  redirectedHeader: 4,
  mtu: 5,
} as const;

export const ArpOperation = { request: 1, reply: 2 } as const;

/** UDP and TCP ports whose payload this module can read. */
export const Port = {
  dns: 53,
  /** VXLAN by RFC 7348. */
  vxlan: 4789,
  /** VXLAN as Linux has it by default, and Cilium. */
  vxlanLinux: 8472,
} as const;

/** The flag by which a VXLAN header says that its VNI counts. */
export const VXLAN_HAS_VNI = 0x08;

export const DnsType = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  SVCB: 64,
  HTTPS: 65,
  ANY: 255,
} as const;

export const DnsResponseCode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
} as const;

/** The Internet: the one class in use. */
export const DNS_CLASS_INTERNET = 1;
