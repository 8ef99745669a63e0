/** Judging by the bytes of the maps, in as few words as possible. */
import {
  endpointsMap,
  type NodeState,
  nodeStatesMap,
  policiesMap,
  policyEntriesMap,
  PolicyEffect,
  type PolicyEntry,
  TrafficDirection,
} from "#abi";
import { assertDefined } from "#base";
import type { DatapathMaps } from "#datapath";
import { judge, type ListenerKind, type Question, type SubjectState } from "#policy";

const LISTENERS: readonly ListenerKind[] = ["http", "dns", "kafka", "generic", "tls", "listener"];

export function testProxyPort(listener: ListenerKind): number {
  return 10_001 + LISTENERS.indexOf(listener);
}

/** What may happen to a packet; authentication in the order of strictness. */
export interface Ruling {
  readonly passes: boolean;
  readonly proxyPort: number;
  readonly authentication: number;
  readonly cookie: number;
}

export const DENIED: Ruling = { passes: false, proxyPort: 0, authentication: 0, cookie: 0 };

/** Whether one lets nothing pass that the other keeps back, or has looked at. */
export function isWithin(one: Ruling, other: Ruling): boolean {
  if (!one.passes) return true;
  const isSeen = other.proxyPort === 0 || one.proxyPort === other.proxyPort;
  return other.passes && isSeen && demand(one) >= demand(other);
}

/** Saying that none is needed is as good as saying nothing. */
function demand({ authentication }: Ruling): number {
  return authentication > 1 ? authentication : 0;
}

export function readNodeState(maps: DatapathMaps): NodeState {
  const value = maps.nodeStates.lookup(nodeStatesMap.key.encode(0));
  return nodeStatesMap.value.decode(assertDefined(value, "an array has all of its elements"));
}

/** `generation`: that of the node when the packet came, if it was another. */
export function rulingOfSlot(
  maps: DatapathMaps,
  slot: number,
  question: Question,
  generation = readNodeState(maps).generation,
): Ruling {
  const value = maps.endpoints.lookup(endpointsMap.key.encode(slot));
  const policies = value === undefined ? [] : endpointsMap.value.decode(value).policy;
  const policy = policies[generation & 1] ?? 0;
  return policy === 0 ? DENIED : rulingOfMaps(maps, policy, question);
}

/** As the header of the programs says it. */
function rulingOfMaps(maps: DatapathMaps, number: number, question: Question): Ruling {
  const value = maps.policies.lookup(policiesMap.key.encode(number));
  const policy = value && policiesMap.value.decode(value);
  if (policy === undefined || (policy.flags & 1) === 0) return DENIED;
  const direction = TrafficDirection[question.direction];
  const shapes = question.direction === "egress" ? policy.egressShapes : policy.ingressShapes;
  const found: { readonly shape: number; readonly entry: PolicyEntry }[] = [];
  for (const shape of shapes.subarray(0, policy.shapeCount[direction])) {
    const prefix = shape & 0x1f;
    for (const identity of (shape & 0x40) === 0 ? question.peers : [0]) {
      const key = policyEntriesMap.key.encode({
        policy: number,
        identity,
        port: question.port & ~(0xffff >> prefix),
        protocol: (shape & 0x20) === 0 ? question.protocol : 0,
        direction,
        portPrefix: prefix,
      });
      const entry = maps.policyEntries.lookup(key);
      if (entry !== undefined) found.push({ shape, entry: policyEntriesMap.value.decode(entry) });
    }
  }
  const highest = Math.max(0, ...found.map(({ entry }) => entry.precedence));
  const best = found.find(({ entry }) => entry.precedence === highest && highest > 0);
  const effect = best?.entry.effect ?? PolicyEffect.effectNone;
  const isAudit = (policy.flags & 2) !== 0;
  if (
    best === undefined ||
    effect === PolicyEffect.effectDeny ||
    effect === PolicyEffect.effectNone
  )
    return { ...DENIED, passes: isAudit, cookie: best?.entry.cookie ?? 0 };
  const lender = found
    .filter(({ entry }) => entry.authentication !== 0)
    .filter(({ shape, entry }) => entry.precedence >= highest || covers(shape, best.shape))
    .toSorted((left, right) => rankOf(right.shape) - rankOf(left.shape))[0];
  return {
    passes: true,
    proxyPort: best.entry.proxyPort,
    authentication: lender?.entry.authentication ?? 0,
    cookie: best.entry.cookie,
  };
}

function covers(wide: number, narrow: number): boolean {
  return (narrow & ~wide & 0x60) === 0 && (wide & 0x1f) <= (narrow & 0x1f);
}

function rankOf(shape: number): number {
  return 4 * (shape & 0x1f) + ((shape & 0x20) === 0 ? 2 : 0) + ((shape & 0x40) === 0 ? 1 : 0);
}

const AUTHENTICATION = { disabled: 1, required: 2, "test-always-fail": 3 } as const;

/** What the policy engine says of it. */
export function rulingOfState(state: SubjectState | undefined, question: Question): Ruling {
  if (state === undefined) return DENIED;
  const { verdict, redirect, authentication, entry } = judge(state, question);
  return {
    passes: verdict === "allowed",
    proxyPort: redirect === undefined ? 0 : testProxyPort(redirect),
    authentication: authentication === undefined ? 0 : AUTHENTICATION[authentication],
    cookie: entry?.value.cookie ?? 0,
  };
}
