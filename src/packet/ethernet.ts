import { type ByteReader, type ByteWriter, MacAddress } from "#base";
import { putMac, takeMac } from "./address.ts";
import { EtherType } from "./constants.ts";
import { type AnyLayer, bits, type Draft, needBytes } from "./draft.ts";

export interface Ethernet {
  readonly kind: "ethernet";
  readonly destination: MacAddress;
  readonly source: MacAddress;
  /** What follows: one of EtherType, or below 0x600 the length of an 802.3 frame's payload. */
  readonly etherType: number;
}

/** An 802.1Q tag. Which of two it is says the EtherType before it. */
export interface Vlan {
  readonly kind: "vlan";
  /** 0 to 7, the highest being the most urgent. */
  readonly priority: number;
  readonly dropEligible: boolean;
  /** 0 to 4095; 0 means priority only. */
  readonly id: number;
  readonly etherType: number;
}

const ETHERNET_BYTES = 14;
const VLAN_BYTES = 4;

const DEFAULT_SOURCE = MacAddress.parse("02:00:00:00:00:01");
const DEFAULT_DESTINATION = MacAddress.parse("02:00:00:00:00:02");

const ETHER_TYPE_OF: ReadonlyMap<string, number> = new Map([
  ["ipv4", EtherType.ipv4],
  ["ipv6", EtherType.ipv6],
  ["arp", EtherType.arp],
]);

export function isVlanTag(etherType: number): boolean {
  return etherType === EtherType.vlan || etherType === EtherType.serviceVlan;
}

export function readEthernet(reader: ByteReader): Ethernet {
  needBytes(reader, ETHERNET_BYTES, "Ethernet header");
  return {
    kind: "ethernet",
    destination: takeMac(reader),
    source: takeMac(reader),
    etherType: reader.u16be(),
  };
}

export function writeEthernet(
  writer: ByteWriter,
  draft: Draft<Ethernet>,
  layers: readonly AnyLayer[],
  index: number,
): void {
  putMac(writer, draft.destination ?? DEFAULT_DESTINATION);
  putMac(writer, draft.source ?? DEFAULT_SOURCE);
  writer.u16be(draft.etherType ?? etherTypeAfter(layers, index));
}

export function readVlan(reader: ByteReader): Vlan {
  needBytes(reader, VLAN_BYTES, "VLAN tag");
  const control = reader.u16be();
  return {
    kind: "vlan",
    priority: control >> 13,
    dropEligible: (control & 0x1000) !== 0,
    id: control & 0xfff,
    etherType: reader.u16be(),
  };
}

export function writeVlan(
  writer: ByteWriter,
  draft: Draft<Vlan>,
  layers: readonly AnyLayer[],
  index: number,
): void {
  const priority = bits(draft.priority ?? 0, 3, "a VLAN priority");
  const id = bits(draft.id ?? 0, 12, "a VLAN id");
  writer.u16be((priority << 13) | (draft.dropEligible ? 0x1000 : 0) | id);
  writer.u16be(draft.etherType ?? etherTypeAfter(layers, index));
}

/** The EtherType that is true of what stands after the layer at `index`. */
function etherTypeAfter(layers: readonly AnyLayer[], index: number): number {
  const next = layers[index + 1]?.kind ?? "";
  if (next !== "vlan") return ETHER_TYPE_OF.get(next) ?? EtherType.localExperiment;
  return layers[index + 2]?.kind === "vlan" ? EtherType.serviceVlan : EtherType.vlan;
}
