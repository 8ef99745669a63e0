import type { Message } from "./message.ts";
import type { MessageWriter } from "./writer.ts";

export const GENERIC_HEADER_BYTES = 4;
/** The family that tells of families; its number is fixed. */
export const CONTROL_FAMILY = 0x10;
export const CONTROL_VERSION = 2;
export const ControlCommand = { newFamily: 1, getFamily: 3 } as const;
export const CTRL = {
  FAMILY_ID: 1,
  FAMILY_NAME: 2,
  VERSION: 3,
  HDRSIZE: 4,
  MAXATTR: 5,
  OPS: 6,
  MCAST_GROUPS: 7,
} as const;
const OP_ID = 1;
const GROUP = { NAME: 1, ID: 2 } as const;

/** A part of the kernel that speaks generic netlink. */
export interface GenericFamily {
  /** The type of its messages, which differs from boot to boot. */
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /** What stands between the generic header and the attributes. */
  readonly headerBytes: number;
  readonly maxAttribute: number;
  readonly commands: readonly number[];
  /** Ids of multicast groups by name. */
  readonly groups: ReadonlyMap<string, number>;
}

export function readGenericFamily(message: Message): GenericFamily {
  message.header(GENERIC_HEADER_BYTES, "genlmsghdr");
  const attributes = message.attributes(GENERIC_HEADER_BYTES);
  const groups = new Map<string, number>();
  for (const group of attributes.nestedList(CTRL.MCAST_GROUPS)) {
    groups.set(group.text(GROUP.NAME) ?? "", group.u32(GROUP.ID) ?? 0);
  }
  return {
    id: attributes.u16(CTRL.FAMILY_ID) ?? 0,
    name: attributes.text(CTRL.FAMILY_NAME) ?? "",
    version: attributes.u32(CTRL.VERSION) ?? 0,
    headerBytes: attributes.u32(CTRL.HDRSIZE) ?? 0,
    maxAttribute: attributes.u32(CTRL.MAXATTR) ?? 0,
    commands: attributes.nestedList(CTRL.OPS).map((each) => each.u32(OP_ID) ?? 0),
    groups,
  };
}

export function writeGenericHeader(writer: MessageWriter, command: number, version: number): void {
  writer.bytes.u8(command).u8(version).u16le(0);
}
