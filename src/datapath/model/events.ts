import { flowEventCodec, FlowEventKind } from "#abi";
import type { Decision } from "./decision.ts";
import type { Headers } from "./parse.ts";

/** Of a packet, as much as an event carries. */
const MAX_CAPTURE_BYTES = 48;

interface Told {
  readonly timeNs: bigint;
  readonly frame: Uint8Array;
  readonly headers: Headers;
  readonly decision: Decision;
  /** ObservationPoint */
  readonly point: number;
  readonly isDrop: boolean;
}

/** An event as the ring buffer has it. */
export function encodeEvent({ timeNs, frame, headers, decision, point, isDrop }: Told): Uint8Array {
  const { egress, ingress, source, destination } = decision;
  const packet = new Uint8Array(MAX_CAPTURE_BYTES);
  packet.set(frame.subarray(0, MAX_CAPTURE_BYTES));
  return flowEventCodec.encode({
    timeNs,
    identity: [source.identity, destination.identity],
    cookie: [egress.cookie, ingress.cookie],
    length: frame.length,
    slot: [source.slot & 0xffff, destination.slot & 0xffff],
    sourcePort: headers.sourcePort,
    destinationPort: headers.destinationPort,
    kind: isDrop ? FlowEventKind.eventDrop : FlowEventKind.eventTrace,
    reason: isDrop ? decision.reason : 0,
    point,
    captured: Math.min(frame.length, MAX_CAPTURE_BYTES),
    verdict: [egress.verdict, ingress.verdict],
    shape: Uint8Array.of(egress.shape, ingress.shape),
    protocol: headers.protocol,
    tcpFlags: headers.tcpFlags,
    family: headers.family,
    state: decision.state,
    source: { bytes: headers.source },
    destination: { bytes: headers.destination },
    packet,
  });
}
