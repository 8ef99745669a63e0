/** What the maps hold, decoded, beside what they should hold. */
import assert from "node:assert/strict";
import {
  type Endpoint,
  endpointsMap,
  localAddressesMap,
  policiesMap,
  PolicyAuthentication,
  PolicyEffect,
  policyEntriesMap,
  prefixCodec,
  peerCodec,
  TrafficDirection,
} from "#abi";
import { assertDefined, Cidr, IpAddress, toHex } from "#base";
import type { DatapathMaps, EndpointRow, PrefixRow } from "#datapath";
import { type Entry, type PolicyEngine, precedenceNumber, type SubjectState } from "#policy";
import type { BpfMap } from "#ebpf";
import { readNodeState, testProxyPort } from "./map-judge.ts";

const EFFECTS = {
  none: PolicyEffect.effectNone,
  allow: PolicyEffect.effectAllow,
  redirect: PolicyEffect.effectRedirect,
  deny: PolicyEffect.effectDeny,
};
const AUTHENTICATIONS = {
  disabled: PolicyAuthentication.authenticationDisabled,
  required: PolicyAuthentication.authenticationRequired,
  "test-always-fail": PolicyAuthentication.authenticationFails,
};

/** Nothing is under way: the policies that records name are the engine's, and there are no others. */
export function checkPolicies(
  maps: DatapathMaps,
  engine: PolicyEngine,
  rows: Iterable<EndpointRow>,
): void {
  const expected: string[] = [];
  const numbers = new Map<string, number>();
  for (const { slot, subject } of rows) {
    const policy = policyAt(maps, slot);
    assert.deepEqual(readEndpoint(maps, slot).policy, [policy, policy], "whichever holds");
    const state = engine.state(subject);
    assert.equal(policy !== 0, state !== undefined, `slot ${slot} has policy ${policy}`);
    if (state === undefined) continue;
    assert.equal(policy, numbers.get(subject) ?? policy, "one subject, one policy");
    if (numbers.has(subject)) continue;
    numbers.set(subject, policy);
    for (const entry of state.entries()) expected.push(entryText(policy, entry));
    checkShapes(maps, policy, state);
  }
  assert.equal(new Set(numbers.values()).size, numbers.size, "each subject has its own number");
  assert.deepEqual(policyTexts(maps).toSorted(), expected.toSorted());
  const inUse = new Set<number>();
  for (const [key, value] of maps.policies.entries()) {
    if (value.some((byte) => byte !== 0)) inUse.add(policiesMap.key.decode(key));
  }
  assert.deepEqual(inUse, new Set([...numbers.values()].toSorted((left, right) => left - right)));
}

export function checkEndpoints(maps: DatapathMaps, rows: readonly EndpointRow[]): void {
  const bySlot = new Map(rows.map((row) => [row.slot, row]));
  for (const [key, value] of maps.endpoints.entries()) {
    const record = endpointsMap.value.decode(value);
    const row = bySlot.get(endpointsMap.key.decode(key));
    assert.equal(record.flags, row === undefined ? 0 : 1);
    if (row === undefined) {
      assert(value.every((byte) => byte === 0));
      continue;
    }
    assert.deepEqual([record.identity, record.id], [row.identity, row.id]);
    assert.equal(toHex(record.mac), toHex(row.mac.bytes));
    assert.equal(toHex(record.ipv4.bytes), toHex(row.ipv4?.bytes ?? new Uint8Array(16)));
    assert.equal(toHex(record.ipv6.bytes), toHex(row.ipv6?.bytes ?? new Uint8Array(16)));
  }
  const addresses = [...maps.localAddresses.entries()].map(([key, value]) => {
    return `${IpAddress.fromBytes(key).key} ${localAddressesMap.value.decode(value).slot}`;
  });
  const expected = rows.flatMap(({ ipv4, ipv6, slot }) => {
    return [ipv4, ipv6].flatMap((each) => (each === undefined ? [] : [`${each.key} ${slot}`]));
  });
  assert.deepEqual(addresses.toSorted(), expected.toSorted());
}

export function checkPrefixes(map: BpfMap, rows: readonly PrefixRow[]): void {
  const held = [...map.entries()].map(([key, value]) => {
    const { length, family, address } = prefixCodec.decode(key);
    const cidr = Cidr.of128(IpAddress.fromBytes(address.bytes), length - 32);
    return `${family} ${cidr.key} ${peerCodec.decode(value).identity}`;
  });
  const expected = rows.map(({ prefix, identity }) => `${prefix.family} ${prefix.key} ${identity}`);
  assert.deepEqual(held.toSorted(), expected.toSorted());
}

export function readEndpoint(maps: DatapathMaps, slot: number): Endpoint {
  const value = maps.endpoints.lookup(endpointsMap.key.encode(slot));
  return endpointsMap.value.decode(assertDefined(value, `there is a slot ${slot}`));
}

/** That which holds. */
export function policyAt(maps: DatapathMaps, slot: number): number {
  return readEndpoint(maps, slot).policy[readNodeState(maps).generation & 1] ?? 0;
}

export function policyTexts(maps: DatapathMaps): string[] {
  return [...maps.policyEntries.entries()].map(([key, value]) =>
    JSON.stringify([policyEntriesMap.key.decode(key), policyEntriesMap.value.decode(value)]),
  );
}

function entryText(policy: number, { key, value }: Entry): string {
  const isRedirect = value.effect === "redirect" && value.listener !== undefined;
  return JSON.stringify([
    {
      policy,
      identity: key.identity,
      port: key.port,
      protocol: key.protocol,
      direction: TrafficDirection[key.direction],
      portPrefix: key.portPrefix,
    },
    {
      cookie: value.cookie,
      precedence: precedenceNumber(value),
      proxyPort: isRedirect && value.listener !== undefined ? testProxyPort(value.listener) : 0,
      effect: EFFECTS[value.effect],
      authentication:
        value.authentication === undefined ? 0 : AUTHENTICATIONS[value.authentication],
      flags: (value.isAuditDeny ? 1 : 0) + (value.isAuditAllow ? 2 : 0),
    },
  ]);
}

function checkShapes(maps: DatapathMaps, policy: number, state: SubjectState): void {
  const bytes = maps.policies.lookup(policiesMap.key.encode(policy));
  const record = policiesMap.value.decode(assertDefined(bytes, "a policy has a record"));
  for (const direction of ["egress", "ingress"] as const) {
    const held = direction === "egress" ? record.egressShapes : record.ingressShapes;
    const count = record.shapeCount[TrafficDirection[direction]] ?? 0;
    const shapes = [...held.subarray(0, count)].map((shape) => ({
      isAnyIdentity: (shape & 0x40) !== 0,
      isAnyProtocol: (shape & 0x20) !== 0,
      portPrefix: shape & 0x1f,
    }));
    assert.deepEqual(shapes, state.shapes(direction));
  }
  assert.equal((record.flags & 2) !== 0, state.isAudit);
}
