/** Which prefixes policies tell addresses apart by. */
import type { Cidr } from "#base";
import type { ImportedPolicy, PeerSelector, PolicyRule } from "../rule.ts";

export interface PolicyPrefixes {
  /** Of toCIDR and its kin. */
  readonly cidrs: readonly Cidr[];
  /** Of ipBlocks. */
  readonly blocks: readonly Cidr[];
  /** Patterns of toFQDNs. */
  readonly fqdns: readonly string[];
  /** Names of ports, with their protocol, that rules resolve by the pods of peers. */
  readonly peerPorts: ReadonlySet<string>;
  /** Those of them that stand beside an ipBlock. */
  readonly blockPorts: ReadonlySet<string>;
}

/** Calls `each` for every rule of every policy. */
function* allRules(policies: Iterable<ImportedPolicy>): Generator<PolicyRule> {
  for (const policy of policies) {
    for (const spec of policy.specs) yield* spec.rules;
  }
}

export function collectPrefixes(
  policies: Iterable<ImportedPolicy>,
  portKey: (name: string, protocol: number) => string,
): PolicyPrefixes {
  const cidrs = new Map<string, Cidr>();
  const blocks = new Map<string, Cidr>();
  const fqdns = new Set<string>();
  const peerPorts = new Set<string>();
  const blockPorts = new Set<string>();
  for (const rule of allRules(policies)) {
    const peers = rule.peers === "any" ? [] : rule.peers;
    for (const peer of peers) collectPeer(peer, cidrs, blocks, fqdns);
    if (rule.ports === "any") continue;
    const hasBlock = peers.some((peer) => peer.kind === "block");
    for (const { port, protocol } of rule.ports) {
      if (!("name" in port) || port.resolve === "own") continue;
      peerPorts.add(portKey(port.name, protocol));
      if (hasBlock) blockPorts.add(portKey(port.name, protocol));
    }
  }
  return {
    cidrs: [...cidrs.values()],
    blocks: [...blocks.values()],
    fqdns: [...fqdns],
    peerPorts,
    blockPorts,
  };
}

function collectPeer(
  peer: PeerSelector,
  cidrs: Map<string, Cidr>,
  blocks: Map<string, Cidr>,
  fqdns: Set<string>,
): void {
  if (peer.kind === "fqdn") fqdns.add(peer.pattern);
  if (peer.kind !== "cidr" && peer.kind !== "block") return;
  const prefixes = peer.kind === "cidr" ? cidrs : blocks;
  for (const cidr of [peer.cidr, ...peer.except]) prefixes.set(cidr.key, cidr);
}
