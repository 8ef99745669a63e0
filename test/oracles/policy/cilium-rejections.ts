/** For what a Cilium policy is refused as a whole: those reasons that generated cases can have. */
import { isPrefix } from "./address.ts";
import { isNumber, portProtocols } from "./cilium-ports.ts";
import type { RawCidrRule, RawCiliumSpec, RawPortRule, RawRule, RawSelector } from "./raw.ts";
import type { Direction } from "./saying.ts";

const ENTITIES = [
  "all",
  "world",
  "cluster",
  "host",
  "init",
  "ingress",
  "unmanaged",
  "remote-node",
  "health",
  "none",
  "kube-apiserver",
  "world-ipv4",
  "world-ipv6",
  "dns",
];

export function isRejected(spec: RawCiliumSpec, isNamespaced: boolean): boolean {
  const hasBoth = spec.endpointSelector !== undefined && spec.nodeSelector !== undefined;
  const hasNone = spec.endpointSelector === undefined && spec.nodeSelector === undefined;
  if (hasBoth || hasNone || (isNamespaced && spec.nodeSelector !== undefined)) return true;
  const { ingress, ingressDeny, egress, egressDeny } = spec;
  const hasRules = ingress !== undefined || egress !== undefined;
  if (!hasRules && (ingressDeny ?? []).length + (egressDeny ?? []).length === 0) return true;
  const isNode = spec.nodeSelector !== undefined;
  return (
    [...(ingress ?? []), ...(ingressDeny ?? [])].some((rule) => isBad(rule, "ingress", isNode)) ||
    [...(egress ?? []), ...(egressDeny ?? [])].some((rule) => isBad(rule, "egress", isNode))
  );
}

function isBad(rule: RawRule, direction: Direction, isNode: boolean): boolean {
  const members = [
    rule.fromEndpoints ?? rule.toEndpoints,
    rule.fromEntities ?? rule.toEntities,
    rule.fromCIDR ?? rule.toCIDR,
    rule.fromCIDRSet ?? rule.toCIDRSet,
    rule.fromNodes ?? rule.toNodes,
    rule.fromGroups ?? rule.toGroups,
    rule.toServices,
    rule.toFQDNs,
  ].filter((list) => (list ?? []).length > 0);
  if (members.length > 1) return true;
  if ((rule.fromNodes ?? rule.toNodes ?? []).length > 0) return true;
  if ((rule.icmps ?? []).length > 0 && (rule.toPorts ?? []).length > 0) return true;
  const selectors = [...(rule.fromEndpoints ?? []), ...(rule.toEndpoints ?? [])];
  if (selectors.some(isBadSelector)) return true;
  const entities = rule.fromEntities ?? rule.toEntities ?? [];
  if (entities.some((entity) => !ENTITIES.includes(entity))) return true;
  if (direction === "ingress" && entities.includes("dns")) return true;
  const cidrs = rule.fromCIDRSet ?? rule.toCIDRSet ?? [];
  if (cidrs.some(isBadCidr)) return true;
  return (rule.toPorts ?? []).some((ports) => isBadPorts(ports, direction, isNode));
}

/** In and NotIn need values. */
function isBadSelector({ matchExpressions = [] }: RawSelector): boolean {
  return matchExpressions.some(
    ({ operator, values = [] }) => operator.endsWith("In") && values.length === 0,
  );
}

function isBadCidr(rule: RawCidrRule): boolean {
  const given = [rule.cidr, rule.cidrGroupRef, rule.cidrGroupSelector];
  if (given.filter((each) => each !== undefined).length !== 1) return true;
  return rule.cidr !== undefined && !isPrefix(rule.cidr);
}

function isBadPorts(rule: RawPortRule, direction: Direction, isNode: boolean): boolean {
  const { http = [], dns = [], kafka = [], l7proto = "" } = rule.rules ?? {};
  const ports = rule.ports ?? [];
  const kinds = [http.length > 0, dns.length > 0, kafka.length > 0, l7proto !== ""];
  const count = kinds.filter(Boolean).length;
  if (count > 1) return true;
  if (count === 0) return false;
  if (isNode && (direction === "ingress" || dns.length === 0)) return true;
  if (ports.some((port) => isNumber(port) && Number(port.port) === 0)) return true;
  if (dns.length > 0) {
    const hasRange = ports.some((port) => (port.endPort ?? 0) > Number(port.port));
    return direction === "ingress" || ports.length === 0 || hasRange;
  }
  return ports.some((port) => portProtocols(port, rule).join() !== "TCP");
}
