/** Which prefixes policies tell addresses apart by. */
import type { Cidr } from "#base";
import { fqdnsOf, prefixesOf } from "../import/collect.ts";
import type { ImportedPolicy, PolicyRule } from "../rule.ts";

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

export function collectPrefixes(
  policies: Iterable<ImportedPolicy>,
  portKey: (name: string, protocol: number) => string,
): PolicyPrefixes {
  const cidrs = new Map<string, Cidr>();
  const blocks = new Map<string, Cidr>();
  const fqdns = new Set<string>();
  const peerPorts = new Set<string>();
  const blockPorts = new Set<string>();
  const collectPorts = ({ peers, ports }: PolicyRule): void => {
    if (ports === "any") return;
    const hasBlock = peers !== "any" && peers.some(({ kind }) => kind === "block");
    for (const { port, protocol } of ports) {
      if (!("name" in port) || port.resolve === "own") continue;
      peerPorts.add(portKey(port.name, protocol));
      if (hasBlock) blockPorts.add(portKey(port.name, protocol));
    }
  };
  for (const spec of [...policies].flatMap((policy) => policy.specs)) {
    const prefixes = prefixesOf(spec);
    for (const cidr of prefixes.cidrs) cidrs.set(cidr.key, cidr);
    for (const block of prefixes.blocks) blocks.set(block.key, block);
    for (const pattern of fqdnsOf(spec)) fqdns.add(pattern);
    for (const rule of spec.rules) collectPorts(rule);
  }
  return {
    cidrs: [...cidrs.values()],
    blocks: [...blocks.values()],
    fqdns: [...fqdns],
    peerPorts,
    blockPorts,
  };
}
