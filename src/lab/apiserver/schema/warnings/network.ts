/** What is odd in Services, and in what says where traffic may go. */
import type { View } from "../validate/view.ts";
import { addressWarnings, blockWarnings } from "./addresses.ts";

const HINTS = "service.kubernetes.io/topology-aware-hints";
const MODE = "service.kubernetes.io/topology-mode";
const INGRESS_CLASS = "kubernetes.io/ingress.class";
const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
const CONTROLLERS = [
  "endpoint-controller",
  "endpointslice-controller.k8s.io",
  "endpointslicemirroring-controller.k8s.io",
];

type Warned = readonly [boolean, string];

const told = (warned: readonly Warned[]): string[] =>
  warned.filter(([isSo]) => isSo).map(([, words]) => words);

export function serviceWarnings(service: View): string[] {
  const spec = service.at("spec");
  const isHeadless = spec.at("type").text === "ClusterIP" && spec.at("clusterIP").text === "None";
  const isName = spec.at("type").text === "ExternalName";
  const addresses = spec.at("externalIPs").items();
  const balancer = spec.at("loadBalancerIP");
  const hasAddresses = addresses.length > 0;
  const isSticky = spec.at("sessionAffinity").text !== "None";
  return [
    ...told([
      [
        service.at("metadata", "annotations").key(HINTS).isThere,
        `annotation ${HINTS} is deprecated, please use ${MODE} instead`,
      ],
    ]),
    ...(isHeadless || isName ? [] : spec.at("clusterIPs").items().flatMap(addressWarnings)),
    ...told([
      [isHeadless && balancer.text !== "", "spec.loadBalancerIP is ignored for headless services"],
      [isHeadless && hasAddresses, "spec.externalIPs is ignored for headless services"],
      [isHeadless && isSticky, "spec.SessionAffinity is ignored for headless services"],
    ]),
    ...addresses.flatMap(addressWarnings),
    ...told([
      [
        hasAddresses && !isHeadless && !isName,
        "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
      ],
    ]),
    ...addressWarnings(balancer),
    ...spec.at("loadBalancerSourceRanges").items().flatMap(blockWarnings),
    ...told([
      [isName && hasAddresses, 'spec.externalIPs is ignored when spec.type is "ExternalName"'],
      [
        !isName && spec.at("externalName").text !== "",
        'spec.externalName is ignored when spec.type is not "ExternalName"',
      ],
      [
        spec.at("trafficDistribution").text === "PreferClose",
        'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
      ],
    ]),
  ];
}

/** Of what people write: the controllers' own is as it should be. */
function isByController(object: View): boolean {
  return CONTROLLERS.includes(object.at("metadata", "labels").key(MANAGED_BY).text);
}

export function endpointsWarnings(endpoints: View): string[] {
  if (isByController(endpoints)) return [];
  return endpoints
    .at("subsets")
    .items()
    .flatMap((subset) => [
      ...subset.at("addresses").items(),
      ...subset.at("notReadyAddresses").items(),
    ])
    .flatMap((address) => addressWarnings(address.at("ip")));
}

export function sliceWarnings(slice: View, old: View | undefined): string[] {
  const isNames = old === undefined && slice.at("addressType").text === "FQDN";
  const names = isNames ? ["spec.addressType: FQDN endpoints are deprecated"] : [];
  if (isByController(slice) || slice.at("addressType").text === "FQDN") return names;
  const addresses = slice
    .at("endpoints")
    .items()
    .flatMap((each) => each.at("addresses").items());
  return [...names, ...addresses.flatMap(addressWarnings)];
}

export function ingressWarnings(ingress: View, old: View | undefined): string[] {
  const hasClass = ingress.at("metadata", "annotations").key(INGRESS_CLASS).isThere;
  if (old !== undefined || !hasClass || ingress.at("spec", "ingressClassName").isThere) return [];
  return [
    `annotation "${INGRESS_CLASS}" is deprecated, please use 'spec.ingressClassName' instead`,
  ];
}

export function networkPolicyWarnings(policy: View): string[] {
  const peers = [
    ...policy
      .at("spec", "ingress")
      .items()
      .flatMap((rule) => rule.at("from").items()),
    ...policy
      .at("spec", "egress")
      .items()
      .flatMap((rule) => rule.at("to").items()),
  ];
  return peers.flatMap((peer) => [
    ...blockWarnings(peer.at("ipBlock", "cidr")),
    ...peer.at("ipBlock", "except").items().flatMap(blockWarnings),
  ]);
}
