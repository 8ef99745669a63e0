import { bytesEqual } from "#base";
import { Family } from "#abi";
import type { Hook } from "./pass.ts";
import { type Headers, isIcmp } from "./parse.ts";
import type { Tuple } from "./tuple.ts";
import {
  IcmpType,
  Icmpv6Type,
  IPV4_BYTES,
  IPV6_BYTES,
  Protocol,
  read16,
  readIpv4,
} from "./wire.ts";

/** What a packet is about. */
export type Subject =
  /** A flow of its own, which it may begin. */
  | { readonly kind: "own"; readonly tuple: Tuple }
  /** A flow that must be there: it is an answer to an echo, or an error about a packet. */
  | { readonly kind: "answer" | "related"; readonly tuple: Tuple }
  /** No flow. */
  | { readonly kind: "single" };

const ICMP_BYTES = 8;
/** Of the transport header behind the inner IP header, as much as routers must send back. */
const INNER_TRANSPORT_BYTES = 8;
const SINGLE: Subject = { kind: "single" };

export function subjectOf(headers: Headers, frame: Uint8Array, hook: Hook): Subject {
  if (!isIcmp(headers)) return { kind: "own", tuple: headers };
  const type = headers.sourcePort;
  const echo = echoTuple(headers, type, headers.echoId);
  if (echo !== undefined) {
    return { kind: isEchoReply(headers.protocol, type) ? "answer" : "own", tuple: echo };
  }
  if (!isError(headers.protocol, type) || headers.isLaterFragment) return SINGLE;
  const inner = readInner(headers, frame);
  if (inner === undefined || !bytesEqual(inner.source, headers.destination)) return SINGLE;
  // A pod reports only about what was sent to it; routers report about any.
  const isOfAnother = !bytesEqual(inner.destination, headers.source);
  if (hook === "from_pod" && isOfAnother) return SINGLE;
  return { kind: "related", tuple: reversed(inner) };
}

function isEchoReply(protocol: number, type: number): boolean {
  return type === (protocol === Protocol.icmp ? IcmpType.echoReply : Icmpv6Type.echoReply);
}

function isEcho(protocol: number, type: number): boolean {
  return type === (protocol === Protocol.icmp ? IcmpType.echo : Icmpv6Type.echo);
}

function isError(protocol: number, type: number): boolean {
  if (protocol === Protocol.icmpv6) return type < Icmpv6Type.echo;
  const { unreachable, timeExceeded, parameter } = IcmpType;
  return type === unreachable || type === timeExceeded || type === parameter;
}

/** The id stands where a port would, at him who asks. Undefined for what is no echo. */
function echoTuple(
  ends: Pick<Tuple, "source" | "destination" | "protocol">,
  type: number,
  id: number,
): Tuple | undefined {
  const { source, destination, protocol } = ends;
  const tuple = { source, destination, protocol };
  if (isEcho(protocol, type)) return { ...tuple, sourcePort: id, destinationPort: 0 };
  if (isEchoReply(protocol, type)) return { ...tuple, sourcePort: 0, destinationPort: id };
  return undefined;
}

function reversed(tuple: Tuple): Tuple {
  return {
    source: tuple.destination,
    destination: tuple.source,
    sourcePort: tuple.destinationPort,
    destinationPort: tuple.sourcePort,
    protocol: tuple.protocol,
  };
}

/** The packet that an error is about; undefined if it cannot be known. */
function readInner(headers: Headers, frame: Uint8Array): Tuple | undefined {
  const at = headers.transportAt + ICMP_BYTES;
  const ends = headers.family === Family.ipv4 ? innerIpv4(frame, at) : innerIpv6(frame, at);
  if (ends === undefined || frame.length < ends.transportAt + INNER_TRANSPORT_BYTES)
    return undefined;
  const { protocol, transportAt } = ends;
  if (protocol === Protocol.tcp || protocol === Protocol.udp || protocol === Protocol.sctp) {
    const sourcePort = read16(frame, transportAt);
    return { ...ends, sourcePort, destinationPort: read16(frame, transportAt + 2) };
  }
  if (!isIcmp(ends)) return undefined;
  return echoTuple(ends, frame[transportAt] ?? 0, read16(frame, transportAt + 4));
}

interface InnerEnds {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly transportAt: number;
}

function innerIpv4(frame: Uint8Array, at: number): InnerEnds | undefined {
  if (frame.length < at + IPV4_BYTES) return undefined;
  const first = frame[at] ?? 0;
  const headerBytes = (first & 0x0f) * 4;
  const isLaterFragment = (read16(frame, at + 6) & 0x1fff) !== 0;
  if (first >> 4 !== 4 || headerBytes < IPV4_BYTES || isLaterFragment) return undefined;
  return {
    source: readIpv4(frame, at + 12),
    destination: readIpv4(frame, at + 16),
    protocol: frame[at + 9] ?? 0,
    transportAt: at + headerBytes,
  };
}

function innerIpv6(frame: Uint8Array, at: number): InnerEnds | undefined {
  const isWhole = frame.length >= at + IPV6_BYTES;
  if (!isWhole || (frame[at] ?? 0) >> 4 !== 6) return undefined;
  return {
    source: frame.slice(at + 8, at + 24),
    destination: frame.slice(at + 24, at + 40),
    protocol: frame[at + 6] ?? 0,
    transportAt: at + IPV6_BYTES,
  };
}
