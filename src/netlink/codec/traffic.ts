import { toHex } from "#base";
import {
  type BpfFilter,
  type BpfFilterSpec,
  type Filter,
  type FilterHook,
  type FilterKey,
  type Qdisc,
  type QdiscSpec,
  TrafficHandle,
} from "../model/traffic.ts";
import type { Attributes } from "./attributes.ts";
import type { Message } from "./message.ts";
import { AF } from "./wire.ts";
import type { MessageWriter } from "./writer.ts";

export const TRAFFIC_HEADER_BYTES = 20;
export const TCA = { KIND: 1, OPTIONS: 2, CHAIN: 11 } as const;
const BPF = { FD: 6, NAME: 7, FLAGS: 8, TAG: 10, ID: 11 } as const;
const DIRECT_ACTION = 1;
const ETH_P_ALL = 3;

const HOOK_PARENTS: Readonly<Record<FilterHook, number>> = {
  ingress: TrafficHandle.ingressFilters,
  egress: TrafficHandle.egressFilters,
};

interface Header {
  link: number;
  handle: number;
  parent: number;
  info: number;
}

function readHeader(message: Message): Header {
  const header = message.header(TRAFFIC_HEADER_BYTES, "tcmsg");
  header.skip(4);
  const link = header.i32le();
  return { link, handle: header.u32le(), parent: header.u32le(), info: header.u32le() };
}

export function writeTrafficHeader(writer: MessageWriter, header: Partial<Header>): void {
  const { link = 0, handle = 0, parent = 0, info = 0 } = header;
  writer.bytes.u32le(AF.UNSPEC).i32le(link).u32le(handle).u32le(parent).u32le(info);
}

export function readQdisc(message: Message): Qdisc {
  const { link, handle, parent } = readHeader(message);
  const attributes = message.attributes(TRAFFIC_HEADER_BYTES);
  return {
    link,
    handle,
    parent,
    kind: attributes.text(TCA.KIND) ?? "",
    options: attributes.bytes(TCA.OPTIONS) ?? new Uint8Array(0),
  };
}

export function writeQdisc(writer: MessageWriter, spec: QdiscSpec): void {
  const isClsact = spec.kind === "clsact";
  writeTrafficHeader(writer, {
    link: spec.link,
    parent: spec.parent ?? (isClsact ? TrafficHandle.clsact : TrafficHandle.root),
    handle: spec.handle ?? (isClsact ? TrafficHandle.clsactHandle : 0),
  });
  writer.text(TCA.KIND, spec.kind);
  if (spec.options !== undefined && spec.options.length > 0) writer.raw(TCA.OPTIONS, spec.options);
}

/** Undefined for what the kernel sends of a priority before its filters: the place, with none. */
export function readFilter(message: Message): Filter | undefined {
  const { link, handle, parent, info } = readHeader(message);
  if (handle === 0) return undefined;
  const attributes = message.attributes(TRAFFIC_HEADER_BYTES);
  const kind = attributes.text(TCA.KIND) ?? "";
  return {
    link,
    parent,
    hook: hookOf(parent),
    priority: info >>> 16,
    handle,
    chain: attributes.u32(TCA.CHAIN) ?? 0,
    protocol: swapped(info & 0xffff),
    kind,
    bpf: kind === "bpf" ? readBpf(attributes.nested(TCA.OPTIONS)) : undefined,
  };
}

function readBpf(options: Attributes | undefined): BpfFilter {
  const tag = options?.bytes(BPF.TAG);
  return {
    name: options?.text(BPF.NAME) ?? "",
    programId: options?.u32(BPF.ID),
    programTag: tag === undefined ? undefined : toHex(tag),
    isDirectAction: ((options?.u32(BPF.FLAGS) ?? 0) & DIRECT_ACTION) !== 0,
  };
}

function hookOf(parent: number): FilterHook | undefined {
  if (parent === TrafficHandle.ingressFilters) return "ingress";
  return parent === TrafficHandle.egressFilters ? "egress" : undefined;
}

export function hookParent(hook: FilterHook): number {
  return HOOK_PARENTS[hook];
}

export function writeFilter(writer: MessageWriter, spec: BpfFilterSpec): void {
  writeFilterKey(writer, spec);
  writer.text(TCA.KIND, "bpf");
  writer.nest(TCA.OPTIONS, () => {
    writer.u32(BPF.FD, spec.programFd);
    writer.text(BPF.NAME, spec.name);
    writer.u32(BPF.FLAGS, DIRECT_ACTION);
  });
}

export function writeFilterDelete(writer: MessageWriter, key: FilterKey): void {
  writeFilterKey(writer, key);
  writer.text(TCA.KIND, "bpf");
}

function writeFilterKey(writer: MessageWriter, { link, hook, priority, handle }: FilterKey): void {
  const info = ((priority << 16) | swapped(ETH_P_ALL)) >>> 0;
  writeTrafficHeader(writer, { link, handle, parent: hookParent(hook), info });
}

/** Of all priorities of a hook. */
export function writeFilterDeleteAll(writer: MessageWriter, link: number, hook: FilterHook): void {
  writeTrafficHeader(writer, { link, parent: hookParent(hook) });
}

/** The protocol alone of the header is in network byte order. */
function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}
