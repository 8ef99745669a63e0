/** Names for what events have numbers for. */
import { type EventNames, machineStartedAtMs } from "#datapath";
import { RESERVED } from "#identity";
import type { RuleRef } from "#policy";
import type { World } from "./world.ts";

export function eventNames(world: World): EventNames {
  const { engine } = world.desired;
  const pods = new Map(
    [...world.pods.values()].flatMap(({ name, ipv4, ipv6 }) => [
      [ipv4.key, name],
      [ipv6.key, name],
    ]),
  );
  const reserved = new Map<number, string>(
    Object.entries(RESERVED).map(([name, identity]) => [identity, name]),
  );
  return {
    startedAtMs: machineStartedAtMs(),
    endpoint: (address) => pods.get(address.key),
    reservedIdentity: (identity) => reserved.get(identity),
    policies(cookie) {
      const { deniedBy = [], allowedBy = [] } = engine.cookies.resolve(cookie) ?? {};
      return policyNames([...deniedBy, ...allowedBy]);
    },
    defaultDeny(slot, direction) {
      const state = engine.state(world.subjectAt(slot));
      return policyNames(state?.defaultDenyBy(direction) ?? []);
    },
  };
}

function policyNames(refs: readonly RuleRef[]): string[] {
  return [...new Set(refs.map(({ policy }) => `${policy.namespace}/${policy.name}`))];
}
