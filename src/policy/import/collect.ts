/** What policies name: prefixes that need identities, names that DNS must be watched for, ports. */
import type { Cidr } from "#base";
import type { CiliumRule, EgressDenyRule, EgressRule } from "#kube/types";
import type { PeerSelector, PolicySpec } from "../rule.ts";
import type { PolicyObject } from "./import-policy.ts";

interface Prefixes {
  /** Of toCIDR and its kin, with what they except. */
  readonly cidrs: Cidr[];
  /** Of ipBlocks, with what they except. */
  readonly blocks: Cidr[];
}

export function prefixesOf(spec: PolicySpec): Prefixes {
  const cidrs = new Map<string, Cidr>();
  const blocks = new Map<string, Cidr>();
  for (const peer of peersOf(spec)) {
    if (peer.kind !== "cidr" && peer.kind !== "block") continue;
    const found = peer.kind === "cidr" ? cidrs : blocks;
    for (const prefix of [peer.cidr, ...peer.except]) found.set(prefix.toString(), prefix);
  }
  return { cidrs: [...cidrs.values()], blocks: [...blocks.values()] };
}

/** Patterns of toFQDNs. */
export function fqdnsOf(spec: PolicySpec): string[] {
  const patterns = new Set<string>();
  for (const peer of peersOf(spec)) if (peer.kind === "fqdn") patterns.add(peer.pattern);
  return [...patterns];
}

/** A named port that each peer resolves for itself. */
interface PeerPort {
  readonly name: string;
  readonly protocol: number;
  /** Whether some rule combines it with ipBlocks. */
  readonly hasBlocks: boolean;
}

export function peerPortsOf(spec: PolicySpec): PeerPort[] {
  const found = new Map<string, PeerPort>();
  for (const rule of spec.rules) {
    if (rule.ports === "any") continue;
    const isOfBlocks = rule.peers !== "any" && rule.peers.some(({ kind }) => kind === "block");
    for (const { protocol, port } of rule.ports) {
      if (!("name" in port) || port.resolve !== "peer") continue;
      const key = `${port.name}/${protocol}`;
      const hasBlocks = isOfBlocks || (found.get(key)?.hasBlocks ?? false);
      found.set(key, { name: port.name, protocol, hasBlocks });
    }
  }
  return [...found.values()];
}

function* peersOf(spec: PolicySpec): Generator<PeerSelector> {
  for (const rule of spec.rules) if (rule.peers !== "any") yield* rule.peers;
}

/** Whether an import of the object asks the facts for services: to be done again when they change. */
export function namesServices(object: PolicyObject): boolean {
  return egressOf(object).some(
    ({ toServices, toEntities }) =>
      (toServices ?? []).length > 0 || (toEntities ?? []).includes("dns"),
  );
}

/** Whether an import of the object asks the facts for CIDR groups. */
export function namesCidrGroups(object: PolicyObject): boolean {
  return rulesOf(object).some((rule) => {
    const sources = [...(rule.ingress ?? []), ...(rule.ingressDeny ?? [])];
    const destinations = [...(rule.egress ?? []), ...(rule.egressDeny ?? [])];
    const sets = [
      ...sources.flatMap(({ fromCIDRSet }) => fromCIDRSet ?? []),
      ...destinations.flatMap(({ toCIDRSet }) => toCIDRSet ?? []),
    ];
    return sets.some(
      ({ cidrGroupRef, cidrGroupSelector }) =>
        Boolean(cidrGroupRef) || cidrGroupSelector !== undefined,
    );
  });
}

function rulesOf(object: PolicyObject): CiliumRule[] {
  if (object.kind === "NetworkPolicy") return [];
  return [...(object.spec === undefined ? [] : [object.spec]), ...(object.specs ?? [])];
}

function egressOf(object: PolicyObject): (EgressRule | EgressDenyRule)[] {
  return rulesOf(object).flatMap((rule) => [...(rule.egress ?? []), ...(rule.egressDeny ?? [])]);
}
