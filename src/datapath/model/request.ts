import { DropReason, Family, PolicyFlag, TrafficDirection, Verdict } from "#abi";
import { type Judgement, NOT_JUDGED, type Party } from "./decision.ts";
import { judge } from "./judge.ts";
import type { World } from "./pass.ts";

/** What may begin a flow, from him who would begin it. */
export interface Request {
  readonly family: number;
  readonly initiator: Uint8Array;
  readonly responder: Uint8Array;
  readonly protocol: number;
  readonly port: number;
  /** The slots as far as the hook knows them; 0 where it does not. */
  readonly initiatorSlot: number;
  readonly responderSlot: number;
}

/** What the policies of both ends say of a request. */
export interface Ruling {
  /** Why it is denied; 0 if it is not. */
  readonly reason: number;
  readonly initiator: Party;
  readonly responder: Party;
  readonly egress: Judgement;
  readonly ingress: Judgement;
  readonly proxyPort: number;
}

/** A party, and what its endpoint is under if it is local. */
interface KnownParty extends Party {
  readonly policy: number;
}

export function judgeRequest(world: World, request: Request, timeNs: bigint): Ruling {
  const initiator = partyOf(world, request.family, request.initiator, request.initiatorSlot);
  const responder = partyOf(world, request.family, request.responder, request.responderSlot);
  const ruling: Ruling = {
    reason: DropReason.notDropped,
    initiator,
    responder,
    egress: NOT_JUDGED,
    ingress: NOT_JUDGED,
    proxyPort: 0,
  };
  // What a pod says to itself is nobody's business.
  if (initiator.slot !== 0 && initiator.slot === responder.slot) return ruling;
  const { egress: out, ingress: into } = TrafficDirection;
  const egress = judgeSide(world, request, out, initiator, responder, timeNs);
  if (egress.verdict === Verdict.denied) return { ...ruling, egress, reason: egress.reason };
  const ingress = judgeSide(world, request, into, responder, initiator, timeNs);
  const proxyPort = egress.proxyPort === 0 ? ingress.proxyPort : egress.proxyPort;
  return { ...ruling, egress, ingress, reason: ingress.reason, proxyPort };
}

function judgeSide(
  world: World,
  request: Request,
  direction: number,
  own: KnownParty,
  peer: Party,
  timeNs: bigint,
): Judgement {
  if (own.slot === 0) return NOT_JUDGED;
  const isEgress = direction === TrafficDirection.egress;
  const flag = isEgress ? PolicyFlag.policyEgressBlocks : PolicyFlag.policyIngressBlocks;
  const usesBlocks = ((world.tables.policy(own.policy)?.flags ?? 0) & flag) !== 0;
  const address = isEgress ? request.responder : request.initiator;
  const question = {
    policy: own.policy,
    direction,
    protocol: request.protocol,
    port: request.port,
    own: own.identity,
    peer: peer.identity,
    block: usesBlocks ? world.tables.blockIdentity(request.family, address) : 0,
  };
  return judge(world, question, timeNs);
}

function partyOf(world: World, family: number, address: Uint8Array, knownSlot: number): KnownParty {
  const { tables, settings } = world;
  const slot = knownSlot === 0 ? tables.slotOf(address) : knownSlot;
  const endpoint = slot === 0 ? undefined : tables.endpoint(slot);
  if (endpoint !== undefined) {
    const { generation } = tables.nodeState();
    const policy = endpoint.policy[generation & 1] ?? 0;
    return { slot, identity: endpoint.identity, policy };
  }
  const isIpv4 = family === Family.ipv4;
  const outside = isIpv4 ? settings.world_ipv4_identity : settings.world_ipv6_identity;
  const identity = tables.peerIdentity(family, address) ?? outside;
  return { slot: 0, identity, policy: 0 };
}
