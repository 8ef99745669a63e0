import type { IpAddress, MacAddress } from "#base";

/** A network namespace as messages name it: by a descriptor of this process. */
export interface NamespaceRef {
  readonly fd: number;
}

/** A link by its index or by its name. The index costs the kernel less and cannot be renamed. */
export type LinkRef = number | string;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** RFC 2863's states, as the kernel keeps them. */
export type OperationalState =
  | "unknown"
  | "not-present"
  | "down"
  | "lower-layer-down"
  | "testing"
  | "dormant"
  | "up";

/** Bits of `Link.flags`. */
export const LinkFlag = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
  promiscuous: 0x100,
  allMulticast: 0x200,
  multicast: 0x1000,
  lowerUp: 0x1_0000,
} as const;

/** A network device, as the kernel reports it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_*: 1 Ethernet, 772 loopback, 65534 none (tun). */
  readonly hardwareType: number;
  readonly mtu: number;
  /** Undefined for devices that have no Ethernet address. */
  readonly mac: MacAddress | undefined;
  /** Bits of LinkFlag. */
  readonly flags: number;
  readonly isUp: boolean;
  /** The lower layer can carry packets; of a veth: its peer is up. */
  readonly hasCarrier: boolean;
  /** Some milliseconds after it has a carrier it is "up"; what is sent before that is lost. */
  readonly operationalState: OperationalState;
  /** The index of the bridge or other device that this one is a port of. */
  readonly master: number | undefined;
  /**
   * The index of the device under this one: a veth's peer, a VLAN's device. It counts in the
   * namespace `parentNamespaceId` where that is told, else in this one.
   */
  readonly parent: number | undefined;
  readonly parentNamespaceId: number | undefined;
  readonly group: number;
  readonly txQueueLength: number;
  readonly txQueues: number;
  readonly rxQueues: number;
  /** The kind of its root queueing discipline: `noqueue`. */
  readonly qdisc: string;
  readonly alias: string | undefined;
  /** Other names that it answers to. */
  readonly alternativeNames: readonly string[];
  readonly gsoMaxSize: number | undefined;
  readonly gsoMaxSegments: number | undefined;
  readonly groMaxSize: number | undefined;
  /** Since Linux 6.3. */
  readonly gsoIpv4MaxSize: number | undefined;
  readonly groIpv4MaxSize: number | undefined;
  /** The id of the XDP program attached in the driver's or the generic hook. */
  readonly xdpProgramId: number | undefined;
  /** What the device is, with the options of its kind; undefined for hardware and loopback. */
  readonly details: LinkDetails | undefined;
  readonly statistics: LinkStatistics;
}

/** Counted since the device was made. */
export interface LinkStatistics {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  readonly multicast: number;
  readonly rxNoHandler: number;
}

export interface VethDetails {
  readonly kind: "veth";
}

export interface VxlanDetails {
  readonly kind: "vxlan";
  /** Identifier and addresses come with each packet, from a program or a route. */
  readonly isExternal: boolean;
  /** The VNI; 0 where it is external. */
  readonly id: number;
  /** The device that it sends on. */
  readonly parent: number | undefined;
  readonly local: IpAddress | undefined;
  /** The one other end, or a multicast group. */
  readonly remote: IpAddress | undefined;
  /** The UDP destination port. */
  readonly port: number;
  readonly sourcePorts: PortRange | undefined;
  readonly isLearning: boolean;
  readonly ttl: number;
  readonly tos: number;
  /** Sends UDP checksums over IPv4; over IPv6 it does, unless `isUdp6ZeroChecksumSent`. */
  readonly hasUdpChecksum: boolean;
  readonly isUdp6ZeroChecksumSent: boolean;
  readonly isUdp6ZeroChecksumTaken: boolean;
}

export interface BridgeDetails {
  readonly kind: "bridge";
  readonly forwardDelayMs: number;
  readonly ageingMs: number;
  readonly isStp: boolean;
  readonly isVlanFiltering: boolean;
  readonly isMulticastSnooping: boolean;
}

export interface TunDetails {
  readonly kind: "tun";
  readonly mode: "tun" | "tap";
  readonly isPersistent: boolean;
  readonly hasPacketInformation: boolean;
  readonly hasVnetHeader: boolean;
  readonly isMultiQueue: boolean;
}

export interface VlanDetails {
  readonly kind: "vlan";
  readonly id: number;
  /** 0x8100, or 0x88a8 for the outer tag of two. */
  readonly protocol: number;
}

export interface MacvlanDetails {
  readonly kind: "macvlan";
  readonly mode: "private" | "vepa" | "bridge" | "passthru" | "source" | "unknown";
}

/** Kinds without options that matter here. */
export interface PlainDetails {
  readonly kind: "ifb" | "dummy" | "wireguard";
}

/** A kind that this module does not read. */
export interface OtherDetails {
  readonly kind: "other";
  /** The kernel's word for it. */
  readonly name: string;
  /** IFLA_INFO_DATA as it came. */
  readonly data: Uint8Array;
}

export type LinkDetails =
  | VethDetails
  | VxlanDetails
  | BridgeDetails
  | TunDetails
  | VlanDetails
  | MacvlanDetails
  | PlainDetails
  | OtherDetails;

/** What a device can be given, at its making or later. */
export interface LinkSettings {
  readonly mtu?: number;
  readonly mac?: MacAddress;
  readonly isUp?: boolean;
  readonly isPromiscuous?: boolean;
  readonly hasArp?: boolean;
  /** 0 takes it out of its bridge. */
  readonly master?: number;
  readonly group?: number;
  readonly txQueueLength?: number;
  readonly gsoMaxSize?: number;
  readonly groMaxSize?: number;
  /** Since Linux 6.3. */
  readonly gsoIpv4MaxSize?: number;
  readonly groIpv4MaxSize?: number;
  /** Where to move it to, or to make it. It comes out of a move down and without addresses. */
  readonly namespace?: NamespaceRef;
}

/** The other end of a veth. It cannot be made up: bring it up once it is in its namespace. */
export interface VethPeerSpec {
  readonly name: string;
  /** Chosen by the kernel without it. */
  readonly index?: number;
  readonly mtu?: number;
  readonly mac?: MacAddress;
  readonly group?: number;
  readonly txQueueLength?: number;
  readonly gsoMaxSize?: number;
  readonly groMaxSize?: number;
  /** Its own; without it, that of the first end. */
  readonly namespace?: NamespaceRef;
}

export type LinkKindSpec =
  | { readonly kind: "veth"; readonly peer: VethPeerSpec }
  | (Partial<VxlanDetails> & { readonly kind: "vxlan" })
  | (Partial<BridgeDetails> & { readonly kind: "bridge" })
  | { readonly kind: "vlan"; readonly id: number; readonly protocol?: number }
  | { readonly kind: "macvlan"; readonly mode?: Exclude<MacvlanDetails["mode"], "unknown"> }
  | PlainDetails
  | OtherDetails;

/** A device to make. tun devices are made by `createTun`. */
export interface LinkSpec extends LinkSettings {
  readonly name: string;
  readonly details: LinkKindSpec;
  /** Chosen by the kernel without it. Indexes count in each namespace by themselves. */
  readonly index?: number;
  /** The device under it, for kinds that have one: vlan, macvlan. */
  readonly parent?: number;
  readonly txQueues?: number;
  readonly rxQueues?: number;
}

/** A change to a device that is there: its settings, or options of its kind. */
export interface LinkUpdate extends LinkSettings {
  /** Another name, for a link told by its index. EEXIST where it is taken. */
  readonly name?: string;
  /** Free text for people. The kernel takes it only of a device that is there. */
  readonly alias?: string;
  /** Options to change, of the kind that the device has. */
  readonly details?: Exclude<LinkKindSpec, { readonly kind: "veth" }>;
}

/** All of what is given must fit. */
export interface LinkFilter {
  readonly ref?: LinkRef;
  readonly kind?: string;
  readonly master?: number;
}
