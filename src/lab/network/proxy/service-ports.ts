import { IpAddress, type IpFamily } from "#base";
import {
  clusterIpsOf,
  type EndpointSliceObject,
  type ServiceObject,
  type ServicePortSpec,
  slicesByService,
} from "../objects.ts";

type Protocol = "tcp" | "udp" | "sctp";

/** Where a port of a service leads to: one endpoint. */
export interface Backend {
  readonly address: IpAddress;
  readonly port: number;
}

/** One port of a service in one family, with what a node needs to carry it. */
export interface ServicePort {
  /** `namespace/name:port`, with the family: what people call it. */
  readonly key: string;
  readonly family: IpFamily;
  readonly protocol: Protocol;
  readonly port: number;
  readonly clusterIps: readonly IpAddress[];
  /** From outside the cluster: externalIPs and those of load balancers. */
  readonly externalIps: readonly IpAddress[];
  readonly nodePort: number | undefined;
  /** Where traffic to the cluster's own addresses goes. */
  readonly internal: readonly Backend[];
  /** Where traffic from outside goes. */
  readonly external: readonly Backend[];
  /** Traffic from outside stays on this node and keeps its source. */
  readonly isExternalLocal: boolean;
  /** What comes from inside stays on its node. */
  readonly isInternalLocal: boolean;
  /** On any node. */
  readonly hasEndpoints: boolean;
  /** How long a client stays with its endpoint; undefined: not at all. */
  readonly affinitySeconds: number | undefined;
}

/** Kubernetes' default of sessionAffinityConfig. */
const DEFAULT_AFFINITY_SECONDS = 10_800;
const PROTOCOLS: Readonly<Record<string, Protocol>> = { TCP: "tcp", UDP: "udp", SCTP: "sctp" };

interface ServiceState {
  readonly services: Iterable<ServiceObject>;
  readonly slices: Iterable<EndpointSliceObject>;
  /** The node that asks: for policies that keep traffic where it is. */
  readonly node: string;
}

/** Every port that a node has to carry, in an order that depends on names alone. */
export function servicePorts({ services, slices, node }: ServiceState): ServicePort[] {
  const byService = slicesByService(slices);
  const ports: ServicePort[] = [];
  for (const service of services) {
    if (isForeign(service) || clusterIpsOf(service).length === 0) continue;
    const { namespace = "", name = "" } = service.metadata;
    const own = byService.get(`${namespace}/${name}`) ?? [];
    for (const port of service.spec?.ports ?? []) {
      for (const family of [4, 6] as const) {
        const made = servicePort({ service, port, family, slices: own, node });
        if (made !== undefined) ports.push(made);
      }
    }
  }
  return ports.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** Labels by which a service asks for another proxy, or says that its slices are of no interest. */
function isForeign({ metadata }: ServiceObject): boolean {
  const { labels = {} } = metadata;
  const isOthers = labels["service.kubernetes.io/service-proxy-name"] !== undefined;
  return isOthers || labels["service.kubernetes.io/headless"] !== undefined;
}

interface PortSource {
  readonly service: ServiceObject;
  readonly port: ServicePortSpec;
  readonly family: IpFamily;
  readonly slices: readonly EndpointSliceObject[];
  readonly node: string;
}

function servicePort(source: PortSource): ServicePort | undefined {
  const { service, port, family } = source;
  const { spec, status, metadata } = service;
  const protocol = PROTOCOLS[port.protocol ?? "TCP"];
  const clusterIps = addressesOf(clusterIpsOf(service), family);
  if (protocol === undefined || spec === undefined || clusterIps.length === 0) return undefined;
  const balancers = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? "");
  const isExternalLocal = spec.externalTrafficPolicy === "Local";
  const all = endpointsOf(source);
  const local = all.filter(({ isLocal }) => isLocal);
  const hasAffinity = spec.sessionAffinity === "ClientIP";
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  return {
    key: `${metadata.namespace}/${metadata.name}:${port.name ?? port.port}/${protocol} IPv${family}`,
    family,
    protocol,
    port: port.port,
    clusterIps,
    externalIps: addressesOf([...(spec.externalIPs ?? []), ...balancers], family),
    nodePort: port.nodePort === 0 ? undefined : port.nodePort,
    internal: usable(spec.internalTrafficPolicy === "Local" ? local : all),
    external: usable(isExternalLocal ? local : all),
    isExternalLocal,
    isInternalLocal: spec.internalTrafficPolicy === "Local",
    hasEndpoints: usable(all).length > 0,
    affinitySeconds: hasAffinity ? (timeout ?? DEFAULT_AFFINITY_SECONDS) : undefined,
  };
}

interface Endpoint extends Backend {
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isLocal: boolean;
}

function endpointsOf({ port, family, slices, node }: PortSource): Endpoint[] {
  const endpoints = new Map<string, Endpoint>();
  for (const slice of slices) {
    if (slice.addressType !== `IPv${family}`) continue;
    const own = (slice.ports ?? []).find(
      ({ name, protocol }) =>
        (name ?? "") === (port.name ?? "") && (protocol ?? "TCP") === (port.protocol ?? "TCP"),
    );
    if (own?.port === undefined) continue;
    for (const { addresses, conditions = {}, nodeName } of slice.endpoints ?? []) {
      // All addresses of an endpoint are equivalent; everybody uses the first.
      const address = IpAddress.tryParse(addresses[0] ?? "");
      if (address === undefined) continue;
      const isReady = conditions.ready ?? true;
      const isServing = conditions.serving ?? isReady;
      const isLocal = nodeName === node;
      const key = `${address.key} ${own.port}`;
      endpoints.set(key, { address, port: own.port, isReady, isServing, isLocal });
    }
  }
  return [...endpoints.values()].toSorted(
    (a, b) => a.address.compare(b.address) || a.port - b.port,
  );
}

/** Those that are ready; where none is, those that end and still serve. */
function usable(endpoints: readonly Endpoint[]): Backend[] {
  const ready = endpoints.filter(({ isReady }) => isReady);
  const chosen = ready.length > 0 ? ready : endpoints.filter(({ isServing }) => isServing);
  return chosen.map(({ address, port }) => ({ address, port }));
}

function addressesOf(texts: readonly string[], family: IpFamily): IpAddress[] {
  return texts
    .map((text) => IpAddress.tryParse(text))
    .filter((address) => address !== undefined)
    .filter((address) => address.family === family);
}
