import { assert, IpAddress } from "#base";
import { addWords, foldChecksum, pseudoHeaderSum } from "./checksum.ts";
import { IpProtocol, RoutingType } from "./constants.ts";
import { crc32c } from "./crc32c.ts";
import type { AnyLayer } from "./draft.ts";

/** A packet's bytes, and where the headers in them begin. */
export interface Stack {
  readonly bytes: Uint8Array;
  readonly layers: readonly AnyLayer[];
  readonly offsets: readonly number[];
}

const IPV4_SOURCE_AT = 12;
const IPV6_SOURCE_AT = 8;
const IPV6_BYTES = 16;
const CRC_BYTES = 4;
const NO_CRC = new Uint8Array(CRC_BYTES);

/** Where in its header each layer that has a checksum has it. */
const CHECKSUM_AT: ReadonlyMap<string, number> = new Map([
  ["ipv4", 10],
  ["tcp", 16],
  ["udp", 6],
  ["sctp", 8],
  ["icmpv4", 2],
  ["icmpv6", 2],
]);

/** The offset in the packet of the checksum of the layer at `index`, if it is of a kind with one. */
export function checksumOffset({ layers, offsets }: Stack, index: number): number | undefined {
  const at = CHECKSUM_AT.get(layers[index]?.kind ?? "");
  return at === undefined ? undefined : (offsets[index] as number) + at;
}

/** Puts a checksum where `checksumOffset` says. */
export function putChecksum(stack: Stack, index: number, checksum: number): void {
  const at = checksumOffset(stack, index);
  assert(at !== undefined, "only a layer with a checksum is given one");
  const view = new DataView(stack.bytes.buffer, stack.bytes.byteOffset, stack.bytes.byteLength);
  if (stack.layers[index]?.kind === "sctp") view.setUint32(at, checksum, true);
  else view.setUint16(at, checksum);
}

/**
 * What the checksum of the layer at `index` ought to be, whatever stands there now. `end` is
 * where the data ends that it covers, its own header at least. Who the packet is for in the end
 * comes from IPv6 routing headers, but not from IPv4 source routes or mobile home addresses.
 */
export function computeChecksum(stack: Stack, index: number, end: number): number {
  const { bytes, layers, offsets } = stack;
  const start = offsets[index] as number;
  const at = checksumOffset(stack, index) as number;
  const { kind } = layers[index] as AnyLayer;
  switch (kind) {
    case "ipv4":
      return sumAround(bytes, start, at, start + ((bytes[start] as number) & 0x0f) * 4, 0);
    case "tcp":
      return sumAround(bytes, start, at, end, pseudoSum(stack, index, IpProtocol.tcp, end));
    case "udp": {
      const sum = pseudoSum(stack, index, IpProtocol.udp, end);
      // Zero would say that there is none; its complement is the same number.
      return sumAround(bytes, start, at, end, sum) || 0xffff;
    }
    case "icmpv6":
      return sumAround(bytes, start, at, end, pseudoSum(stack, index, IpProtocol.icmpv6, end));
    case "icmpv4":
      return sumAround(bytes, start, at, end, 0);
    default: {
      assert(kind === "sctp", `${kind} has no checksum`);
      const before = crc32c(bytes.subarray(start, at));
      return crc32c(bytes.subarray(at + CRC_BYTES, end), crc32c(NO_CRC, before));
    }
  }
}

/** The Internet checksum from `start` to `end` as if zero stood at `at`. */
function sumAround(bytes: Uint8Array, start: number, at: number, end: number, sum: number): number {
  return foldChecksum(addWords(bytes, at + 2, end, addWords(bytes, start, at, sum)));
}

function pseudoSum(stack: Stack, index: number, protocol: number, end: number): number {
  const { bytes, layers, offsets } = stack;
  const ip = layers.findLastIndex((layer, at) => at < index && /^ipv[46]$/.test(layer.kind));
  assert(ip >= 0, `${layers[index]?.kind} without an IP header before it: give its checksum`);
  const start = offsets[ip] as number;
  const length = end - (offsets[index] as number);
  if (layers[ip]?.kind === "ipv4") {
    const source = addressAt(bytes, start + IPV4_SOURCE_AT, 4);
    const destination = addressAt(bytes, start + IPV4_SOURCE_AT + 4, 4);
    return pseudoHeaderSum(source, destination, protocol, length);
  }
  const source = addressAt(bytes, start + IPV6_SOURCE_AT, IPV6_BYTES);
  let destination = addressAt(bytes, start + IPV6_SOURCE_AT + IPV6_BYTES, IPV6_BYTES);
  for (let at = ip + 1; at < index; at++) {
    if (layers[at]?.kind !== "routing") continue;
    destination = finalDestination(bytes, offsets[at] as number) ?? destination;
  }
  return pseudoHeaderSum(source, destination, protocol, length);
}

/** Where a routing header takes the packet in the end; undefined if it is there, or unknown. */
function finalDestination(bytes: Uint8Array, at: number): IpAddress | undefined {
  const [, units = 0, type = 0, segmentsLeft = 0] = bytes.subarray(at, at + 4);
  const isEmpty = units < IPV6_BYTES / 8;
  if (segmentsLeft === 0 || isEmpty) return undefined;
  const end = at + (units + 1) * 8;
  switch (type) {
    case RoutingType.source:
    case RoutingType.mobile:
      return addressAt(bytes, end - IPV6_BYTES, IPV6_BYTES);
    case RoutingType.segment:
      return addressAt(bytes, at + 8, IPV6_BYTES);
    default:
      return undefined;
  }
}

function addressAt(bytes: Uint8Array, at: number, length: number): IpAddress {
  return IpAddress.fromBytes(bytes.subarray(at, at + length));
}
