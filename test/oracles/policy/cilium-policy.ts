/** CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy, spec by spec. */
import { isEntity, peerTests, type PeerScope } from "./cilium-peers.ts";
import { isL7, speaksOfIcmp, speaksOfPort } from "./cilium-ports.ts";
import { isRejected } from "./cilium-rejections.ts";
import { podParty } from "./party.ts";
import { namespaceOf, type RawCiliumSpec, type RawObject, type RawRule } from "./raw.ts";
import type { Direction, SaidRule, Saying } from "./saying.ts";
import { demandsOf, meets, subjectDemands } from "./selector.ts";

/** Nothing for a policy that is refused: one bad spec takes the others with it. */
export function ciliumPolicySayings(objects: readonly RawObject[], policy: RawObject): Saying[] {
  const namespace = policy.kind === "CiliumNetworkPolicy" ? namespaceOf(policy) : undefined;
  const specs = [
    ...(policy.spec === undefined ? [] : [policy.spec]),
    ...(policy.specs ?? []),
  ] as RawCiliumSpec[];
  if (specs.some((spec) => isRejected(spec, namespace !== undefined))) return [];
  const isAudit = policy.metadata.annotations?.["ciliate.io/enforcement"] === "audit";
  return specs.flatMap((spec) => [
    sayingOf(objects, namespace, spec, isAudit),
    ...(namespace === undefined ? dnsAnswers(objects, spec, isAudit) : []),
  ]);
}

function sayingOf(
  objects: readonly RawObject[],
  namespace: string | undefined,
  spec: RawCiliumSpec,
  isAudit: boolean,
): Saying {
  const selector = spec.endpointSelector;
  const demands = selector === undefined ? undefined : subjectDemands(selector, namespace);
  const isSubjectInit = demandsOf(selector ?? {}).some(
    (each) => each.source === "reserved" && each.key === "init",
  );
  const scope = { objects, namespace, isSubjectInit };
  const rules = (["ingress", "egress"] as const).flatMap((direction) => [
    ...(spec[direction] ?? []).flatMap((rule) => saidRules(scope, rule, direction, "allow")),
    ...(spec[`${direction}Deny`] ?? []).flatMap((rule) =>
      saidRules(scope, rule, direction, "deny"),
    ),
  ]);
  return {
    selects: (pod) => demands !== undefined && meets(podParty(objects, pod).labels, demands),
    hasDefaultDeny: (direction) => hasDefaultDeny(spec, direction),
    isAudit,
    rules,
  };
}

/** Whom a policy of the whole cluster lets ask the DNS, it lets in there. */
function dnsAnswers(
  objects: readonly RawObject[],
  spec: RawCiliumSpec,
  isAudit: boolean,
): Saying[] {
  const names = (spec.egress ?? []).some((rule) => (rule.toEntities ?? []).includes("dns"));
  if (!names || spec.endpointSelector === undefined) return [];
  const askers = subjectDemands(spec.endpointSelector, undefined);
  const scope = { objects, namespace: undefined, isSubjectInit: false };
  return [
    {
      selects: (pod) => isEntity(scope, podParty(objects, pod), "dns"),
      hasDefaultDeny: () => false,
      isAudit,
      rules: [
        {
          direction: "ingress",
          effect: "allow",
          isL7: false,
          speaksOf: ({ peer, protocol, port }) =>
            peer.pod !== undefined &&
            meets(peer.labels, askers) &&
            port === 53 &&
            (protocol === "UDP" || protocol === "TCP"),
        },
      ],
    },
  ];
}

function hasDefaultDeny(spec: RawCiliumSpec, direction: Direction): boolean {
  // An empty list of allow rules counts, as the seeds promise; one of deny rules does not.
  const hasAny = spec[direction] !== undefined || (spec[`${direction}Deny`] ?? []).length > 0;
  return hasAny && (spec.enableDefaultDeny?.[direction] ?? true);
}

function saidRules(
  scope: PeerScope,
  rule: RawRule,
  direction: Direction,
  effect: "allow" | "deny",
): SaidRule[] {
  const tests = peerTests(scope, rule);
  const hasL4 = (rule.toPorts ?? []).length > 0 || (rule.icmps ?? []).length > 0;
  // A rule that says nothing at all speaks of nobody; one of ports alone, of everybody.
  const speaksOfPeer: SaidRule["speaksOf"] = ({ peer }) =>
    tests === undefined ? hasL4 : tests.some((test) => test(peer));
  if ((rule.icmps ?? []).length > 0) {
    return [
      {
        direction,
        effect,
        isL7: false,
        speaksOf: (flow) => speaksOfPeer(flow) && speaksOfIcmp(rule, flow),
      },
    ];
  }
  const isDnsEntity = (rule.toEntities ?? []).includes("dns");
  const toPorts = (rule.toPorts ?? []).length > 0 ? (rule.toPorts ?? []) : undefined;
  if (toPorts === undefined && isDnsEntity) return dnsEntityRules(scope, rule, direction, effect);
  return (toPorts ?? [undefined]).map((ports) => ({
    direction,
    effect,
    isL7: ports !== undefined && effect === "allow" && isL7(ports),
    speaksOf: (flow) => speaksOfPeer(flow) && speaksOfPort(scope.objects, ports, direction, flow),
  }));
}

/** The entity dns means port 53, and says nothing of the ports of other entities beside it. */
function dnsEntityRules(
  scope: PeerScope,
  rule: RawRule,
  direction: Direction,
  effect: "allow" | "deny",
): SaidRule[] {
  const others = (rule.toEntities ?? []).filter((entity) => entity !== "dns");
  const ports = [
    { port: "53", protocol: "UDP" },
    { port: "53", protocol: "TCP" },
  ];
  const dns = peerTests(scope, { toEntities: ["dns"] }) ?? [];
  return [
    ...(others.length > 0
      ? saidRules(scope, { ...rule, toEntities: others }, direction, effect)
      : []),
    {
      direction,
      effect,
      isL7: false,
      speaksOf: (flow) =>
        dns.some((test) => test(flow.peer)) &&
        speaksOfPort(scope.objects, { ports }, direction, flow),
    },
  ];
}
