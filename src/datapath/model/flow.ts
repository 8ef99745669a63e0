import { type Flow, FlowFlag } from "#abi";
import { Aggregation, type ModelSettings } from "./pass.ts";
import { Protocol, TcpBit } from "./wire.ts";

/** Who sends a packet of a flow, as an index of its pairs. */
export const Role = { initiator: 0, responder: 1 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** A flow that can be changed, before it is put back. */
export interface LiveFlow extends Flow {
  epoch: number;
  lastSeen: number;
  lastTold: number[];
  identity: number[];
  slot: number[];
  port: number;
  proxyPort: number;
  flags: number;
}

const { flowInitiatorIsHigh, flowReplySeen, flowClosedByInitiator, flowClosedByResponder } =
  FlowFlag;
const BOTH_CLOSED = flowClosedByInitiator | flowClosedByResponder;
/** TCP's flags that are news. */
export const TOLD_TCP_FLAGS = TcpBit.syn | TcpBit.fin | TcpBit.rst;

/** A SYN that begins, and does not answer. */
export function isOpeningSyn(protocol: number, tcpFlags: number): boolean {
  return protocol === Protocol.tcp && (tcpFlags & (TcpBit.syn | TcpBit.ack)) === TcpBit.syn;
}

export function roleOf(flow: Flow, isSenderHigh: boolean): Role {
  const isInitiatorHigh = (flow.flags & flowInitiatorIsHigh) !== 0;
  return isInitiatorHigh === isSenderHigh ? Role.initiator : Role.responder;
}

export function isExpired(
  flow: Flow,
  protocol: number,
  now: number,
  settings: ModelSettings,
): boolean {
  return ((now - flow.lastSeen) | 0) > timeoutOf(flow, protocol, settings);
}

function timeoutOf(flow: Flow, protocol: number, settings: ModelSettings): number {
  if (protocol !== Protocol.tcp) return settings.other_timeout;
  if ((flow.flags & BOTH_CLOSED) === BOTH_CLOSED) return settings.tcp_closing_timeout;
  const isAnswered = (flow.flags & flowReplySeen) !== 0;
  return isAnswered ? settings.tcp_timeout : settings.tcp_opening_timeout;
}

/** Notes a packet of the flow in it. */
export function seePacket(
  flow: LiveFlow,
  role: Role,
  protocol: number,
  tcpFlags: number,
  now: number,
): void {
  const isAgain = (flow.flags & ~flowInitiatorIsHigh) !== 0;
  if (role === Role.initiator && isOpeningSyn(protocol, tcpFlags) && isAgain) {
    flow.flags &= flowInitiatorIsHigh;
    flow.toldTcpFlags.fill(0);
  }
  if (role === Role.responder) flow.flags |= flowReplySeen;
  if ((tcpFlags & TcpBit.rst) !== 0) flow.flags |= BOTH_CLOSED;
  else if ((tcpFlags & TcpBit.fin) !== 0) {
    flow.flags |= role === Role.initiator ? flowClosedByInitiator : flowClosedByResponder;
  }
  flow.lastSeen = now;
}

/** Whether a packet of a known flow is told; notes in the flow that it was. */
export function tellPacket(
  flow: LiveFlow,
  role: Role,
  tcpFlags: number,
  now: number,
  settings: ModelSettings,
): boolean {
  const { aggregation, trace_interval: interval } = settings;
  if (aggregation === Aggregation.none || aggregation === Aggregation.low) return true;
  const news = tcpFlags & TOLD_TCP_FLAGS;
  const told = flow.toldTcpFlags[role] ?? 0;
  const isTime =
    aggregation === Aggregation.medium && (now - (flow.lastTold[role] ?? 0)) >>> 0 >= interval;
  if ((news & ~told) === 0 && !isTime) return false;
  flow.toldTcpFlags[role] = told | news;
  flow.lastTold[role] = now;
  return true;
}
