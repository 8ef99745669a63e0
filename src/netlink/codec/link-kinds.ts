import type {
  BridgeDetails,
  LinkDetails,
  LinkKindSpec,
  MacvlanDetails,
  TunDetails,
  VxlanDetails,
} from "../model/link.ts";
import type { Attributes } from "./attributes.ts";
import type { MessageWriter } from "./writer.ts";

const INFO = { KIND: 1, DATA: 2 } as const;
const VETH_PEER = 1;
const VXLAN = {
  ID: 1,
  GROUP: 2,
  LINK: 3,
  LOCAL: 4,
  TTL: 5,
  TOS: 6,
  LEARNING: 7,
  PORT_RANGE: 10,
  PORT: 15,
  GROUP6: 16,
  LOCAL6: 17,
  UDP_CSUM: 18,
  UDP_ZERO_CSUM6_TX: 19,
  UDP_ZERO_CSUM6_RX: 20,
  COLLECT_METADATA: 25,
} as const;
const BRIDGE = {
  FORWARD_DELAY: 1,
  AGEING_TIME: 4,
  STP_STATE: 5,
  VLAN_FILTERING: 7,
  MCAST_SNOOPING: 23,
} as const;
/** A bridge counts time in hundredths of a second. */
const BRIDGE_TICK_MS = 10;
const TUN = { TYPE: 3, PI: 4, VNET_HDR: 5, PERSIST: 6, MULTI_QUEUE: 7 } as const;
const TUN_TYPE_TUN = 1;
const VLAN = { ID: 1, PROTOCOL: 5 } as const;
const VLAN_PROTOCOL = 0x8100;
const MACVLAN_MODE = 1;
const MACVLAN_MODES: Readonly<Record<number, MacvlanDetails["mode"]>> = {
  1: "private",
  2: "vepa",
  4: "bridge",
  8: "passthru",
  16: "source",
};
const DEFAULT_VXLAN_PORT = 8472;

/** Of IFLA_LINKINFO. */
export function readDetails(info: Attributes | undefined): LinkDetails | undefined {
  const kind = info?.text(INFO.KIND);
  if (info === undefined || kind === undefined) return undefined;
  const data = info.nested(INFO.DATA);
  switch (kind) {
    case "veth":
    case "ifb":
    case "dummy":
    case "wireguard":
      return { kind };
    case "vxlan":
      return readVxlan(data);
    case "bridge":
      return readBridge(data);
    case "tun":
      return readTun(data);
    case "vlan":
      return {
        kind,
        id: data?.u16(VLAN.ID) ?? 0,
        protocol: data?.u16be(VLAN.PROTOCOL) ?? VLAN_PROTOCOL,
      };
    case "macvlan":
      return { kind, mode: MACVLAN_MODES[data?.u32(MACVLAN_MODE) ?? 0] ?? "unknown" };
    default:
      return { kind: "other", name: kind, data: info.bytes(INFO.DATA) ?? new Uint8Array(0) };
  }
}

function readVxlan(data: Attributes | undefined): VxlanDetails {
  const ports = data?.u16pairBe(VXLAN.PORT_RANGE);
  // The range 0 to 0 means that the kernel chooses.
  const hasPorts = ports !== undefined && ports[1] !== 0;
  const parent = data?.u32(VXLAN.LINK);
  return {
    kind: "vxlan",
    isExternal: isOn(data, VXLAN.COLLECT_METADATA),
    id: data?.u32(VXLAN.ID) ?? 0,
    parent: parent === 0 ? undefined : parent,
    local: data?.ip(VXLAN.LOCAL, 4) ?? data?.ip(VXLAN.LOCAL6, 6),
    remote: data?.ip(VXLAN.GROUP, 4) ?? data?.ip(VXLAN.GROUP6, 6),
    port: data?.u16be(VXLAN.PORT) ?? DEFAULT_VXLAN_PORT,
    sourcePorts: hasPorts ? { first: ports[0], last: ports[1] } : undefined,
    isLearning: isOn(data, VXLAN.LEARNING),
    ttl: data?.u8(VXLAN.TTL) ?? 0,
    tos: data?.u8(VXLAN.TOS) ?? 0,
    hasUdpChecksum: isOn(data, VXLAN.UDP_CSUM),
    isUdp6ZeroChecksumSent: isOn(data, VXLAN.UDP_ZERO_CSUM6_TX),
    isUdp6ZeroChecksumTaken: isOn(data, VXLAN.UDP_ZERO_CSUM6_RX),
  };
}

function readBridge(data: Attributes | undefined): BridgeDetails {
  return {
    kind: "bridge",
    forwardDelayMs: (data?.u32(BRIDGE.FORWARD_DELAY) ?? 0) * BRIDGE_TICK_MS,
    ageingMs: (data?.u32(BRIDGE.AGEING_TIME) ?? 0) * BRIDGE_TICK_MS,
    isStp: (data?.u32(BRIDGE.STP_STATE) ?? 0) !== 0,
    isVlanFiltering: isOn(data, BRIDGE.VLAN_FILTERING),
    isMulticastSnooping: isOn(data, BRIDGE.MCAST_SNOOPING),
  };
}

function readTun(data: Attributes | undefined): TunDetails {
  return {
    kind: "tun",
    mode: data?.u8(TUN.TYPE) === TUN_TYPE_TUN ? "tun" : "tap",
    isPersistent: isOn(data, TUN.PERSIST),
    hasPacketInformation: isOn(data, TUN.PI),
    hasVnetHeader: isOn(data, TUN.VNET_HDR),
    isMultiQueue: isOn(data, TUN.MULTI_QUEUE),
  };
}

function isOn(data: Attributes | undefined, type: number): boolean {
  return (data?.u8(type) ?? 0) !== 0;
}

interface WriteOptions {
  /** Whether the device is made now: what has a default then is left as it is later. */
  isNew: boolean;
  writePeer?: () => void;
}

/** The inside of IFLA_LINKINFO where only the kind is of interest. */
export function writeKind(writer: MessageWriter, kind: string): void {
  writer.text(INFO.KIND, kind);
}

/** The inside of IFLA_LINKINFO. */
export function writeDetails(
  writer: MessageWriter,
  details: LinkKindSpec,
  { isNew, writePeer }: WriteOptions,
): void {
  writeKind(writer, details.kind === "other" ? details.name : details.kind);
  switch (details.kind) {
    case "veth":
      writer.nest(INFO.DATA, () => writer.nest(VETH_PEER, () => writePeer?.()));
      return;
    case "vxlan":
      writer.nest(INFO.DATA, () => writeVxlan(writer, details, isNew));
      return;
    case "bridge":
      writer.nest(INFO.DATA, () => writeBridge(writer, details));
      return;
    case "vlan":
      writer.nest(INFO.DATA, () => {
        writer.u16(VLAN.ID, details.id);
        writer.u16be(VLAN.PROTOCOL, details.protocol);
      });
      return;
    case "macvlan":
      writer.nest(INFO.DATA, () => writer.u32(MACVLAN_MODE, macvlanMode(details.mode)));
      return;
    case "ifb":
    case "dummy":
    case "wireguard":
      return;
    case "other":
      if (details.data.length > 0) writer.raw(INFO.DATA, details.data);
      return;
    default:
      details satisfies never;
  }
}

function writeVxlan(writer: MessageWriter, spec: Partial<VxlanDetails>, isNew: boolean): void {
  const { local, remote, isExternal } = spec;
  // An external device takes what it learns from nobody, so that learning is of no use to it.
  const isLearning = spec.isLearning ?? (isNew && isExternal === true ? false : undefined);
  writer.u32(VXLAN.ID, spec.id);
  writer.bool(VXLAN.COLLECT_METADATA, isExternal === true ? true : undefined);
  writer.u32(VXLAN.LINK, spec.parent);
  if (local !== undefined) {
    writer.ip(local.family === 4 ? VXLAN.LOCAL : VXLAN.LOCAL6, local, local.family);
  }
  if (remote !== undefined) {
    writer.ip(remote.family === 4 ? VXLAN.GROUP : VXLAN.GROUP6, remote, remote.family);
  }
  writer.u8(VXLAN.TTL, spec.ttl);
  writer.u8(VXLAN.TOS, spec.tos);
  writer.bool(VXLAN.LEARNING, isLearning);
  writer.u16be(VXLAN.PORT, spec.port);
  writer.u16pairBe(VXLAN.PORT_RANGE, spec.sourcePorts);
  writer.bool(VXLAN.UDP_CSUM, spec.hasUdpChecksum);
  writer.bool(VXLAN.UDP_ZERO_CSUM6_TX, spec.isUdp6ZeroChecksumSent);
  writer.bool(VXLAN.UDP_ZERO_CSUM6_RX, spec.isUdp6ZeroChecksumTaken);
}

function writeBridge(writer: MessageWriter, spec: Partial<BridgeDetails>): void {
  const ticks = (ms: number | undefined): number | undefined =>
    ms === undefined ? undefined : Math.round(ms / BRIDGE_TICK_MS);
  writer.u32(BRIDGE.FORWARD_DELAY, ticks(spec.forwardDelayMs));
  writer.u32(BRIDGE.AGEING_TIME, ticks(spec.ageingMs));
  writer.u32(BRIDGE.STP_STATE, spec.isStp === undefined ? undefined : Number(spec.isStp));
  writer.bool(BRIDGE.VLAN_FILTERING, spec.isVlanFiltering);
  writer.bool(BRIDGE.MCAST_SNOOPING, spec.isMulticastSnooping);
}

function macvlanMode(mode: MacvlanDetails["mode"] | undefined): number | undefined {
  const found = Object.entries(MACVLAN_MODES).find(([, name]) => name === mode);
  return found === undefined ? undefined : Number(found[0]);
}
