import type { ByteReader, ByteWriter } from "#base";
import { VXLAN_HAS_VNI } from "./constants.ts";
import { bits, type Draft, needBytes } from "./draft.ts";

/** An Ethernet frame follows. */
export interface Vxlan {
  readonly kind: "vxlan";
  /** VXLAN_HAS_VNI, and whatever extensions define. */
  readonly flags: number;
  /** The 24-bit number of the virtual network; in Cilium's tunnels, the sender's identity. */
  readonly vni: number;
  /** The 24 bits before the VNI: to be zero, but extensions use them (group policy). */
  readonly reserved: number;
  /** The byte after the VNI: to be zero. */
  readonly reservedEnd: number;
}

const VXLAN_BYTES = 8;

/** Whether a VXLAN header with a VNI can stand here. */
export function isVxlan(reader: ByteReader): boolean {
  return reader.remaining >= VXLAN_BYTES && (reader.peekU8() & VXLAN_HAS_VNI) !== 0;
}

export function readVxlan(reader: ByteReader): Vxlan {
  needBytes(reader, VXLAN_BYTES, "VXLAN header");
  const first = reader.u32be();
  const second = reader.u32be();
  return {
    kind: "vxlan",
    flags: first >>> 24,
    vni: second >>> 8,
    reserved: first & 0xffffff,
    reservedEnd: second & 0xff,
  };
}

export function writeVxlan(writer: ByteWriter, draft: Draft<Vxlan>): void {
  const { flags = VXLAN_HAS_VNI, vni = 0, reserved = 0, reservedEnd = 0 } = draft;
  const high = (bits(flags, 8, "VXLAN flags") << 24) | bits(reserved, 24, "the reserved bits");
  const low = (bits(vni, 24, "a VNI") << 8) | bits(reservedEnd, 8, "the reserved byte");
  writer.u32be(high >>> 0).u32be(low >>> 0);
}
