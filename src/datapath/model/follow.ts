import { DropReason, Family, type Flow, FlowFlag, FlowState } from "#abi";
import { type Decision, type Party, undecided } from "./decision.ts";
import {
  isExpired,
  isOpeningSyn,
  type LiveFlow,
  Role,
  roleOf,
  seePacket,
  tellPacket,
  TOLD_TCP_FLAGS,
} from "./flow.ts";
import { isIcmp } from "./parse.ts";
import type { Pass } from "./pass.ts";
import { judgeRequest, type Request, type Ruling } from "./request.ts";
import { type Subject, subjectOf } from "./subject.ts";
import { type Place, placeOf, type Tuple } from "./tuple.ts";
import { Protocol, TcpBit } from "./wire.ts";

/** The identity of the node itself. */
const HOST_IDENTITY = 1;

/** A flow that is there, and who of it has sent the packet. */
interface Known {
  readonly flow: LiveFlow;
  readonly role: Role;
}

/** Follows the flow of a packet, and begins it where there is none. */
export function follow(pass: Pass): Decision {
  const reason = unfollowable(pass);
  if (reason !== DropReason.notDropped) return { ...beforeFollow(pass), reason };
  const subject = subjectOf(pass.headers, pass.frame, pass.hook);
  if (subject.kind === "single") return single(pass);
  const place = placeOf(subject.tuple);
  const { epoch } = pass.tables.nodeState();
  const known = findKnown(pass, subject, place, epoch);
  if (known !== undefined) return passOn(pass, subject, place, epoch, known);
  return subject.kind === "own" ? begin(pass, subject.tuple, place, epoch) : single(pass);
}

/** What is decided of a packet as long as only its endpoint is known. */
export function beforeFollow({ hook, slot, endpoint }: Pass): Decision {
  const own: Party = { slot, identity: endpoint.identity };
  const other: Party = { slot: 0, identity: 0 };
  return hook === "from_pod" ? undecided(own, other) : undecided(other, own);
}

function unfollowable({ headers: { family, protocol, tcpFlags } }: Pass): number {
  if (protocol === Protocol.tcp) {
    const isContradiction =
      (tcpFlags & TcpBit.syn) !== 0 && (tcpFlags & (TcpBit.fin | TcpBit.rst)) !== 0;
    const isNothing = (tcpFlags & (TcpBit.syn | TcpBit.rst | TcpBit.ack)) === 0;
    return isContradiction || isNothing ? DropReason.dropInvalidPacket : DropReason.notDropped;
  }
  // Each family has an ICMP of its own.
  const icmp = family === Family.ipv4 ? Protocol.icmp : Protocol.icmpv6;
  const isKnown = protocol === Protocol.udp || protocol === Protocol.sctp || protocol === icmp;
  return isKnown ? DropReason.notDropped : DropReason.dropUnknownTransport;
}

function findKnown(
  pass: Pass,
  subject: Exclude<Subject, { kind: "single" }>,
  place: Place,
  epoch: number,
): Known | undefined {
  const { protocol } = subject.tuple;
  const flow = pass.tables.flow(place.table, place.key) as LiveFlow | undefined;
  if (flow === undefined || isExpired(flow, protocol, pass.now, pass.settings)) return undefined;
  const role = roleOf(flow, place.isSenderHigh);
  if (isReversed(pass, subject, role)) return undefined;
  const isOfAnother = flow.epoch !== epoch && isOfPredecessor(pass, flow, subject.tuple);
  return isOfAnother ? undefined : { flow, role };
}

/** Whether it is from before one of its pods came, and so of one that had the address before. */
function isOfPredecessor({ hook, endpoint, tables }: Pass, { epoch }: Flow, tuple: Tuple): boolean {
  const peer = tables.slotOf(hook === "from_pod" ? tuple.destination : tuple.source);
  const pods = [endpoint, peer === 0 ? undefined : tables.endpoint(peer)];
  return pods.some((pod) => pod !== undefined && ((epoch - pod.since) | 0) < 0);
}

/** Whether it is of a flow the other way round: on the same ports, or with the echo id 0. */
function isReversed({ headers }: Pass, { kind, tuple }: Subject & { tuple: Tuple }, role: Role) {
  if (kind === "answer") return role === Role.initiator;
  if (kind !== "own" || role !== Role.responder) return false;
  const isEcho = tuple.protocol === Protocol.icmp || tuple.protocol === Protocol.icmpv6;
  return isEcho || isOpeningSyn(tuple.protocol, headers.tcpFlags);
}

function passOn(
  pass: Pass,
  subject: Exclude<Subject, { kind: "single" }>,
  place: Place,
  epoch: number,
  known: Known,
): Decision {
  const { flow, role } = known;
  const isStale = flow.epoch !== epoch;
  if (isStale) {
    const request = requestOf(pass, subject.tuple, role, flow.port);
    const ruling = judgeRequest(pass, request, pass.timeNs);
    if (ruling.reason !== DropReason.notDropped)
      return { ...ruledDecision(ruling, role), state: FlowState.stateUnknown };
    settle(flow, ruling, epoch);
  }
  const isRelated = subject.kind === "related";
  const passing = isRelated ? relatedDecision(known) : knownDecision(known);
  const decision = refuseImpostor(pass, passing);
  // What an impostor sends leaves no trace on the flow.
  const isSeen = !isRelated && decision.reason === DropReason.notDropped;
  const isTold = isSeen ? see(pass, known, subject.tuple) : isRelated;
  if (isStale || isSeen) pass.tables.putFlow(place.table, place.key, flow);
  return { ...decision, isTold };
}

function settle(flow: LiveFlow, ruling: Ruling, epoch: number): void {
  flow.epoch = epoch;
  flow.identity = [ruling.initiator.identity, ruling.responder.identity];
  flow.slot = [ruling.initiator.slot, ruling.responder.slot];
  flow.proxyPort = ruling.proxyPort;
}

/** Notes the packet on its flow. Answers whether it is to be told of. */
function see(pass: Pass, { flow, role }: Known, { protocol }: Tuple): boolean {
  const { headers, now, settings } = pass;
  const tcpFlags = protocol === Protocol.tcp ? headers.tcpFlags : 0;
  seePacket(flow, role, protocol, tcpFlags, now);
  return tellPacket(flow, role, tcpFlags, now, settings);
}

function knownDecision({ flow, role }: Known): Decision {
  const isInitiator = role === Role.initiator;
  return {
    ...undecided(partyOf(flow, role), partyOf(flow, otherRole(role))),
    state: isInitiator ? FlowState.stateEstablished : FlowState.stateReply,
    proxyPort: isInitiator ? flow.proxyPort : 0,
  };
}

function relatedDecision({ flow, role }: Known): Decision {
  return {
    ...undecided(partyOf(flow, role), partyOf(flow, otherRole(role))),
    state: FlowState.stateRelated,
    isTold: true,
  };
}

function otherRole(role: Role): Role {
  return role === Role.initiator ? Role.responder : Role.initiator;
}

function partyOf(flow: Flow, role: Role): Party {
  return { slot: flow.slot[role] ?? 0, identity: flow.identity[role] ?? 0 };
}

/** A packet with no flow, judged as sent by the one or the other. */
interface Beginning {
  readonly role: Role;
  readonly ruling: Ruling;
  readonly decision: Decision;
}

function begin(pass: Pass, tuple: Tuple, place: Place, epoch: number): Decision {
  const { tcpFlags } = pass.headers;
  const isRecovered = tuple.protocol === Protocol.tcp && !isOpeningSyn(tuple.protocol, tcpFlags);
  const beginning = judgeBeginning(pass, tuple, isRecovered);
  const { decision } = beginning;
  const isReset = tuple.protocol === Protocol.tcp && (tcpFlags & TcpBit.rst) !== 0;
  if (decision.reason !== DropReason.notDropped || isReset) return decision;
  // In the place of one that has expired or is over.
  const isRenewed = pass.tables.flow(place.table, place.key) !== undefined;
  if (!tryPut(pass, place, newFlow(pass, tuple, place, beginning, epoch))) {
    pass.counts.countFlow(place.table, "failed");
    return { ...decision, reason: DropReason.dropConntrackInsertFailed };
  }
  if (!isRenewed) pass.counts.countFlow(place.table, "created");
  if (isRecovered) pass.counts.countFlow(place.table, "recovered");
  return decision;
}

/** A flow that was lost may have begun on either side: whichever policy would allow. */
function judgeBeginning(pass: Pass, tuple: Tuple, isRecovered: boolean): Beginning {
  // With ACK, or it would open.
  const isAnswer = isRecovered && (pass.headers.tcpFlags & TcpBit.syn) !== 0;
  if (isAnswer) return judgeAs(pass, tuple, Role.responder);
  const forward = judgeAs(pass, tuple, Role.initiator);
  if (!isRecovered || forward.decision.reason === DropReason.notDropped) return forward;
  const reply = judgeAs(pass, tuple, Role.responder);
  return reply.decision.reason === DropReason.notDropped ? reply : forward;
}

function judgeAs(pass: Pass, tuple: Tuple, role: Role): Beginning {
  const request = requestOf(pass, tuple, role, portOf(pass, tuple, role));
  const ruling = judgeRequest(pass, request, pass.timeNs);
  const decision = {
    ...ruledDecision(ruling, role),
    state: FlowState.stateNew,
    proxyPort: role === Role.initiator ? ruling.proxyPort : 0,
  };
  return { role, ruling, decision: refuseImpostor(pass, decision) };
}

/** The port that policy is asked about: the responder's; of ICMP the type. */
function portOf({ headers }: Pass, tuple: Tuple, role: Role): number {
  if (isIcmp(tuple)) return headers.sourcePort;
  return role === Role.initiator ? tuple.destinationPort : tuple.sourcePort;
}

function requestOf(pass: Pass, tuple: Tuple, role: Role, port: number): Request {
  const isInitiator = role === Role.initiator;
  const isHookInitiators = (pass.hook === "from_pod") === isInitiator;
  return {
    family: pass.headers.family,
    initiator: isInitiator ? tuple.source : tuple.destination,
    responder: isInitiator ? tuple.destination : tuple.source,
    protocol: tuple.protocol,
    port,
    initiatorSlot: isHookInitiators ? pass.slot : 0,
    responderSlot: isHookInitiators ? 0 : pass.slot,
  };
}

function ruledDecision(ruling: Ruling, role: Role): Decision {
  const isInitiator = role === Role.initiator;
  return {
    reason: ruling.reason,
    state: FlowState.stateUnknown,
    isTold: true,
    source: isInitiator ? ruling.initiator : ruling.responder,
    destination: isInitiator ? ruling.responder : ruling.initiator,
    egress: ruling.egress,
    ingress: ruling.ingress,
    proxyPort: 0,
  };
}

function newFlow(
  pass: Pass,
  tuple: Tuple,
  place: Place,
  { role, ruling }: Beginning,
  epoch: number,
): Flow {
  const { headers, now } = pass;
  const isInitiatorHigh = place.isSenderHigh === (role === Role.initiator);
  const flow: LiveFlow = {
    epoch,
    lastSeen: now,
    lastTold: [now, now],
    identity: [ruling.initiator.identity, ruling.responder.identity],
    slot: [ruling.initiator.slot, ruling.responder.slot],
    port: portOf(pass, tuple, role),
    proxyPort: ruling.proxyPort,
    flags: isInitiatorHigh ? FlowFlag.flowInitiatorIsHigh : 0,
    toldTcpFlags: new Uint8Array(2),
  };
  const tcpFlags = tuple.protocol === Protocol.tcp ? headers.tcpFlags : 0;
  seePacket(flow, role, tuple.protocol, tcpFlags, now);
  flow.toldTcpFlags[role] = tcpFlags & TOLD_TCP_FLAGS;
  return flow;
}

function tryPut(pass: Pass, { table, key }: Place, flow: Flow): boolean {
  try {
    pass.tables.putFlow(table, key, flow);
    return true;
  } catch {
    // The kernel's maps refuse what does not fit; so do stores.
    return false;
  }
}

/** Judged by its own addresses, and forgotten. */
function single(pass: Pass): Decision {
  return judgeAs(pass, pass.headers, Role.initiator).decision;
}

/** What came in by a device may not claim to be the host, or a pod behind another device. */
function refuseImpostor({ hook, cameBy }: Pass, decision: Decision): Decision {
  const { slot, identity } = decision.source;
  if (hook !== "to_pod" || cameBy === 0) return decision;
  const isImpostor = identity === HOST_IDENTITY || (slot !== 0 && slot !== cameBy);
  return isImpostor ? { ...decision, reason: DropReason.dropInvalidSourceIp } : decision;
}
