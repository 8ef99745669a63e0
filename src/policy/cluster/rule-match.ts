/** What one rule says of one flow, read off the rule itself: for reports, and for L7. */
import type { PolicyRule, PolicySpec, PortMatch } from "../rule.ts";
import type { PeerIdentity, Subject } from "../subject.ts";
import { fqdnLabel } from "#identity";
import type { PeerSelector } from "../rule.ts";
import { namedPortKey } from "./cluster-facts.ts";

/** What names of ports mean where a rule stands. */
export interface PortNames {
  readonly subject: Subject;
  readonly peers: readonly PeerIdentity[];
  /** The one number that all pods of the cluster give a name; undefined where they disagree. */
  readonly cluster: (key: string) => number | undefined;
}

export function selects(spec: PolicySpec, subject: Subject): boolean {
  return spec.subject.kind === subject.kind && spec.subject.selector.matches(subject.labels);
}

/** An address may have two identities: either will do. */
export function matchesPeers(rule: PolicyRule, identities: readonly PeerIdentity[]): boolean {
  if (rule.peers === "any") return true;
  return rule.peers.some((peer) => identities.some((each) => matchesPeer(peer, each)));
}

export function matchesPeer(peer: PeerSelector, identity: PeerIdentity): boolean {
  switch (peer.kind) {
    case "labels":
      return peer.selector.matches(identity.labels);
    case "fqdn":
      return identity.labels.has("fqdn", fqdnLabel(peer.pattern).key);
    case "cidr":
    case "block":
      break;
  }
  const range = peer.kind === "cidr" ? identity.cidr : identity.block;
  if (range === undefined || !peer.cidr.containsCidr(range)) return false;
  return !peer.except.some((except) => except.containsCidr(range));
}

/** The ports of the rule that the flow is to; `any` where the rule speaks of none. */
export function matchingPorts(
  rule: PolicyRule,
  protocol: number,
  port: number,
  names: PortNames,
): "any" | readonly PortMatch[] {
  if (rule.ports === "any") return "any";
  return rule.ports.filter(
    (match) =>
      match.protocol === protocol &&
      rangesOf(match, names).some(({ first, last }) => first <= port && port <= last),
  );
}

/** The numbers that a port match means; several where pods of one identity give several. */
export function rangesOf(
  match: PortMatch,
  names: PortNames,
): readonly { readonly first: number; readonly last: number }[] {
  const { port, protocol } = match;
  if (!("name" in port)) return [port];
  const key = namedPortKey(port.name, protocol);
  const numbers =
    port.resolve === "own"
      ? [names.subject.namedPorts.get(key)]
      : port.resolve === "cluster"
        ? [names.cluster(key)]
        : names.peers.map((peer) => peer.namedPorts?.get(key));
  return numbers.flatMap((number) =>
    number === undefined ? [] : [{ first: number, last: Math.max(number, port.last ?? 0) }],
  );
}
