/** Whom a rule of a Cilium policy speaks of. */
import { isInside } from "./address.ts";
import { CLUSTER_NAME, type Party, type SourcedLabel } from "./party.ts";
import {
  namespaceOf,
  type RawCidrRule,
  type RawObject,
  type RawRule,
  type RawSelector,
  type RawService,
} from "./raw.ts";
import { type Demand, demandsOf, meets, peerDemands } from "./selector.ts";

export interface PeerScope {
  readonly objects: readonly RawObject[];
  /** Undefined for policies of the whole cluster. */
  readonly namespace: string | undefined;
  readonly isSubjectInit: boolean;
}

function isReserved(party: Party, ...names: string[]): boolean {
  return party.labels.some((label) => label.source === "reserved" && names.includes(label.key));
}

const CLUSTER_ENTITIES = [
  "host",
  "remote-node",
  "init",
  "ingress",
  "health",
  "unmanaged",
  "kube-apiserver",
];

const KUBE_DNS: Demand[] = [
  { source: "k8s", key: "io.kubernetes.pod.namespace", operator: "In", values: ["kube-system"] },
  { source: "k8s", key: "k8s-app", operator: "In", values: ["kube-dns", "coredns"] },
];

export function isEntity(scope: PeerScope, party: Party, entity: string): boolean {
  switch (entity) {
    case "all":
      return true;
    case "none":
      return false;
    case "world":
      return isReserved(party, "world", "world-ipv4", "world-ipv6");
    case "cluster":
      return (
        isReserved(party, ...CLUSTER_ENTITIES) ||
        party.labels.some(
          (label) => label.key === "io.cilium.k8s.policy.cluster" && label.value === CLUSTER_NAME,
        )
      );
    case "dns":
      return (
        meets(party.labels, KUBE_DNS) ||
        isService(scope, party, {
          k8sService: { serviceName: "kube-dns", namespace: "kube-system" },
        })
      );
    default:
      return isReserved(party, entity);
  }
}

function isCidr(scope: PeerScope, party: Party, rule: RawCidrRule): boolean {
  const address = party.address;
  if (!party.isOutside || address === undefined) return false;
  const prefixes = rule.cidr === undefined ? groupPrefixes(scope.objects, rule) : [rule.cidr];
  return (
    prefixes.some((prefix) => isInside(address, prefix)) &&
    !(rule.except ?? []).some((except) => isInside(address, except))
  );
}

function groupPrefixes(objects: readonly RawObject[], rule: RawCidrRule): readonly string[] {
  return objects
    .filter((object) => object.kind === "CiliumCIDRGroup")
    .filter((group) => {
      if (rule.cidrGroupRef !== undefined) return group.metadata.name === rule.cidrGroupRef;
      return (
        rule.cidrGroupSelector !== undefined &&
        meets(labelList(group.metadata.labels, "cidrgroup"), demandsOf(rule.cidrGroupSelector))
      );
    })
    .flatMap((group) => (group.spec as { externalCIDRs?: string[] }).externalCIDRs ?? []);
}

function labelList(
  labels: Readonly<Record<string, string>> | undefined,
  source: string,
): SourcedLabel[] {
  return Object.entries(labels ?? {}).map(([key, value]) => ({ source, key, value }));
}

/** A service with a selector is the pods that it selects; one without, its endpoints' addresses. */
function isService(scope: PeerScope, party: Party, wanted: RawService): boolean {
  return scope.objects
    .filter((object) => object.kind === "Service" && isWanted(object, wanted))
    .some((service) => {
      const namespace = namespaceOf(service);
      const selector = (service.spec as { selector?: Record<string, string> }).selector ?? {};
      if (Object.keys(selector).length === 0) {
        const addresses = scope.objects
          .filter((object) => object.kind === "Endpoints" && namespaceOf(object) === namespace)
          .filter((object) => object.metadata.name === service.metadata.name)
          .flatMap((object) => (object.subsets ?? []).flatMap((subset) => subset.addresses ?? []));
        return addresses.some(({ ip }) => isCidr(scope, party, { cidr: `${ip}/32` }));
      }
      const demands = Object.entries(selector).map(([key, value]) => ({
        source: "k8s",
        key,
        operator: "In",
        values: [value],
      }));
      const pod = party.pod;
      return pod !== undefined && namespaceOf(pod) === namespace && meets(party.labels, demands);
    });
}

function isWanted(service: RawObject, wanted: RawService): boolean {
  const { k8sService: byName, k8sServiceSelector: byLabels } = wanted;
  const namespace = byName?.namespace ?? byLabels?.namespace ?? "";
  if (namespace !== "" && namespace !== namespaceOf(service)) return false;
  if (byName !== undefined) return byName.serviceName === service.metadata.name;
  return (
    byLabels !== undefined &&
    meets(labelList(service.metadata.labels, "k8s"), demandsOf(byLabels.selector))
  );
}

/** A run of stars is any part of a label; in front, two and a dot are any labels. */
function isName(name: string, selector: { matchName?: string; matchPattern?: string }): boolean {
  const own = name.toLowerCase().replace(/\.$/, "");
  if (selector.matchName !== undefined) {
    return own === selector.matchName.trim().toLowerCase().replace(/\.$/, "");
  }
  const pattern = (selector.matchPattern ?? "").trim().toLowerCase().replace(/\.$/, "");
  if (/^\*+$/.test(pattern)) return true;
  const anyDepth = /^\*\*+\./.exec(pattern)?.[0] ?? "";
  const text = pattern
    .slice(anyDepth.length)
    .replaceAll(".", "[.]")
    .replaceAll(/\*+/g, "[-a-z0-9_]*");
  const prefix = anyDepth === "" ? "" : "([-a-z0-9_]+[.])+";
  return new RegExp(`^${prefix}${text}$`).test(own);
}

function isEndpoint(scope: PeerScope, party: Party, selector: RawSelector): boolean {
  return meets(party.labels, peerDemands(selector, scope.namespace, scope.isSubjectInit));
}

/** What a rule lists on the other side, in one list of tests; undefined where it lists nothing. */
export function peerTests(
  scope: PeerScope,
  rule: RawRule,
): readonly ((party: Party) => boolean)[] | undefined {
  const lists = [
    (rule.fromEndpoints ?? rule.toEndpoints)?.map(
      (selector) => (party: Party) => isEndpoint(scope, party, selector),
    ),
    (rule.fromEntities ?? rule.toEntities)?.map(
      (entity) => (party: Party) => isEntity(scope, party, entity),
    ),
    (rule.fromCIDR ?? rule.toCIDR)?.map((cidr) => (party: Party) => isCidr(scope, party, { cidr })),
    (rule.fromCIDRSet ?? rule.toCIDRSet)?.map(
      (cidr) => (party: Party) => isCidr(scope, party, cidr),
    ),
    rule.toServices?.map((service) => (party: Party) => isService(scope, party, service)),
    rule.toFQDNs?.map(
      (selector) => (party: Party) =>
        party.dnsName !== undefined && isName(party.dnsName, selector),
    ),
    // Groups of a cloud are nobody here.
    (rule.fromGroups ?? rule.toGroups)?.map(() => () => false),
  ].filter((list) => list !== undefined);
  return lists.length === 0 ? undefined : lists.flat();
}
