/** Kubernetes' NetworkPolicy, as upstream describes it. */
import { isInside } from "./address.ts";
import { namedPort, namespaceLabels } from "./party.ts";
import {
  namespaceOf,
  type RawNetworkRule,
  type RawNetworkSpec,
  type RawObject,
  type RawPeer,
  type RawPort,
} from "./raw.ts";
import type { Direction, Flow, SaidRule, Saying } from "./saying.ts";
import { matchesPlain } from "./selector.ts";

export function networkPolicySaying(objects: readonly RawObject[], policy: RawObject): Saying {
  const spec = (policy.spec ?? {}) as RawNetworkSpec;
  const namespace = namespaceOf(policy);
  const rulesOf = (direction: Direction): SaidRule[] =>
    (spec[direction] ?? []).map((rule) => ({
      direction,
      effect: "allow",
      isL7: false,
      speaksOf: (flow) =>
        speaksOfPeer(objects, namespace, rule, direction, flow) &&
        speaksOfPort(rule.ports ?? [], direction, flow),
    }));
  const given = spec.policyTypes ?? [];
  const hasEgress = (spec.egress ?? []).length > 0;
  const types = given.length > 0 ? given : ["Ingress", ...(hasEgress ? ["Egress"] : [])];
  const isOf = (direction: Direction): boolean =>
    types.includes(direction === "ingress" ? "Ingress" : "Egress");
  return {
    selects: (pod) =>
      namespaceOf(pod) === namespace &&
      matchesPlain(spec.podSelector ?? {}, pod.metadata.labels ?? {}),
    hasDefaultDeny: isOf,
    isAudit: policy.metadata.annotations?.["ciliate.io/enforcement"] === "audit",
    rules: [
      ...(isOf("ingress") ? rulesOf("ingress") : []),
      ...(isOf("egress") ? rulesOf("egress") : []),
    ],
  };
}

function speaksOfPeer(
  objects: readonly RawObject[],
  namespace: string,
  rule: RawNetworkRule,
  direction: Direction,
  flow: Flow,
): boolean {
  const peers = (direction === "ingress" ? rule.from : rule.to) ?? [];
  if (peers.length === 0) return true;
  return peers.some((peer) => isPeer(objects, namespace, peer, flow));
}

function isPeer(
  objects: readonly RawObject[],
  namespace: string,
  peer: RawPeer,
  flow: Flow,
): boolean {
  if (peer.ipBlock !== undefined) {
    const address = flow.peer.address;
    if (address === undefined || !isInside(address, peer.ipBlock.cidr)) return false;
    return !(peer.ipBlock.except ?? []).some((except) => isInside(address, except));
  }
  const pod = flow.peer.pod;
  if (pod === undefined) return false;
  const isNamespaceRight =
    peer.namespaceSelector === undefined
      ? namespaceOf(pod) === namespace
      : matchesPlain(peer.namespaceSelector, namespaceLabels(objects, namespaceOf(pod)));
  return isNamespaceRight && matchesPlain(peer.podSelector ?? {}, pod.metadata.labels ?? {});
}

function speaksOfPort(ports: readonly RawPort[], direction: Direction, flow: Flow): boolean {
  if (ports.length === 0) return true;
  return ports.some((port) => isPort(port, direction, flow));
}

function isPort(port: RawPort, direction: Direction, flow: Flow): boolean {
  if ((port.protocol ?? "TCP") !== flow.protocol) return false;
  if (port.port === undefined) return true;
  if (typeof port.port === "string") {
    // A name is the destination's own.
    const destination = direction === "ingress" ? flow.subject : flow.peer.pod;
    if (destination === undefined) return false;
    return namedPort(destination, port.port, flow.protocol) === flow.port;
  }
  if (port.endPort !== undefined && port.endPort > port.port) {
    return flow.port >= port.port && flow.port <= port.endPort;
  }
  return flow.port === port.port;
}
