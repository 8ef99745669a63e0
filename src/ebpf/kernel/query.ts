import type { Netlink } from "#netlink";
import { AttachType } from "#ebpf/spec";
import type { Direction } from "../attach-types.ts";
import { Attributes, bpf, Command, memory } from "./bpf-call.ts";
import { hasFeature } from "./features.ts";

/** More programs than anybody puts at one place. */
const MAX_PROGRAMS = 64;

/**
 * The ids of the programs that a packet meets at a device, in order: those attached by links, then
 * those of clsact filters. The device is one of `netlink`'s namespace, in which the thread is.
 */
export function programsAtDevice(
  netlink: Netlink,
  ifindex: number,
  direction: Direction,
): number[] {
  const filters = netlink.filters
    .list({ link: ifindex, hook: direction })
    .flatMap((filter) => filter.bpf?.programId ?? []);
  return [...queryTcx(ifindex, direction), ...filters];
}

function queryTcx(ifindex: number, direction: Direction): number[] {
  if (!hasFeature("tcx")) return [];
  const ids = memory(MAX_PROGRAMS * 4);
  const attachType = direction === "ingress" ? AttachType.tcxIngress : AttachType.tcxEgress;
  const attributes = new Attributes(64).u32(0, ifindex).u32(4, attachType);
  attributes.pointer(16, ids).u32(24, MAX_PROGRAMS);
  bpf(Command.query, attributes, `asking what is attached to tc ${direction} of device ${ifindex}`);
  return [...new Uint32Array(ids.buffer, 0, attributes.getU32(24))];
}
