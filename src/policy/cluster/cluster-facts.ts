/** What the objects of a cluster say, in the few words that policy needs. */
import { IpAddress } from "#base";
import type {
  CiliumCIDRGroup,
  EndpointSlice,
  Endpoints,
  Namespace,
  Node,
  Pod,
  Service,
} from "#kube/types";
import { PROTOCOL } from "../rule.ts";
import type { NamedPorts } from "../subject.ts";

/** Kubernetes puts objects there that name no namespace. */
export const DEFAULT_NAMESPACE = "default";
/** A label that the API server gives every namespace. */
export const NAMESPACE_NAME_LABEL = "kubernetes.io/metadata.name";

interface ContainerPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: number;
}

export interface PodFact {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly serviceAccount: string;
  readonly node?: string;
  readonly isHostNetwork: boolean;
  /** Of the object's status; the model gives one to a pod that has none. */
  readonly addresses: readonly IpAddress[];
  /** What the containers declare, in their order, each port of a protocol once. */
  readonly ports: readonly ContainerPort[];
  /** By `name/PROTOCOL`. */
  readonly namedPorts: NamedPorts;
}

export interface NodeFact {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly addresses: readonly IpAddress[];
}

export interface ServicePort {
  readonly name?: string;
  readonly protocol: number;
  readonly port: number;
  readonly targetPort?: number | string;
}

export interface ServiceEntry {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
  readonly clusterAddresses: readonly IpAddress[];
  readonly ports: readonly ServicePort[];
}

/** Endpoints and EndpointSlices of one service. */
export interface BackendFact {
  readonly service: string;
  readonly addresses: readonly IpAddress[];
}

const PROTOCOL_NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries(PROTOCOL).map(([name, number]) => [name.toUpperCase(), number]),
);

/** Of a name in any case, or a number; TCP where nothing is said, as in Kubernetes' objects. */
export function protocolNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return PROTOCOL.tcp;
  const named = PROTOCOL_NAMES.get(text.toUpperCase());
  if (named !== undefined) return named;
  const number = /^[0-9]{1,3}$/.test(text) ? Number(text) : 256;
  return number <= 255 ? number : undefined;
}

/** `TCP`; a number's digits where it has no name here. */
export function protocolName(protocol: number): string {
  for (const [name, number] of PROTOCOL_NAMES) if (number === protocol) return name;
  return String(protocol);
}

export function namedPortKey(name: string, protocol: number): string {
  return `${name.toLowerCase()}/${protocolName(protocol)}`;
}

export function podFact(pod: Pod): PodFact {
  const namespace = namespaceOf(pod.metadata);
  const name = pod.metadata.name ?? "";
  const spec = pod.spec;
  const ports = declaredPorts(pod);
  const namedPorts = new Map<string, number>();
  for (const port of ports.filter((each) => each.name !== undefined)) {
    const key = namedPortKey(port.name ?? "", port.protocol);
    if (!namedPorts.has(key)) namedPorts.set(key, port.port);
  }
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    labels: pod.metadata.labels ?? {},
    serviceAccount: spec?.serviceAccountName ?? "default",
    ...(spec?.nodeName === undefined ? {} : { node: spec.nodeName }),
    isHostNetwork: spec?.hostNetwork ?? false,
    addresses: parseAddresses([
      ...(pod.status?.podIPs ?? []).map((each) => each.ip),
      pod.status?.podIP,
    ]),
    ports: uniquePorts(ports),
    namedPorts,
  };
}

export function nodeFact(node: Node): NodeFact {
  return {
    name: node.metadata.name ?? "",
    labels: node.metadata.labels ?? {},
    addresses: parseAddresses((node.status?.addresses ?? []).map((each) => each.address)),
  };
}

export function serviceEntry(service: Service): ServiceEntry {
  const namespace = namespaceOf(service.metadata);
  const name = service.metadata.name ?? "";
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    labels: service.metadata.labels ?? {},
    selector: service.spec?.selector ?? {},
    clusterAddresses: parseAddresses([
      ...(service.spec?.clusterIPs ?? []),
      service.spec?.clusterIP,
    ]),
    ports: (service.spec?.ports ?? []).flatMap((port) => {
      const protocol = protocolNumber(port.protocol);
      if (protocol === undefined) return [];
      return [
        {
          ...(port.name === undefined ? {} : { name: port.name }),
          protocol,
          port: port.port,
          ...(port.targetPort === undefined ? {} : { targetPort: port.targetPort }),
        },
      ];
    }),
  };
}

export function endpointsFact(endpoints: Endpoints): BackendFact {
  const subsets = endpoints.subsets ?? [];
  return {
    service: `${namespaceOf(endpoints.metadata)}/${endpoints.metadata.name ?? ""}`,
    addresses: parseAddresses(
      subsets.flatMap((subset) => (subset.addresses ?? []).map((each) => each.ip)),
    ),
  };
}

/** A slice says by a label whose it is. */
export function endpointSliceFact(slice: EndpointSlice): BackendFact {
  const service = slice.metadata.labels?.["kubernetes.io/service-name"] ?? "";
  return {
    service: `${namespaceOf(slice.metadata)}/${service}`,
    addresses: parseAddresses((slice.endpoints ?? []).flatMap((each) => each.addresses ?? [])),
  };
}

export function namespaceLabels(namespace: Namespace): Record<string, string> {
  return { ...namespace.metadata.labels, [NAMESPACE_NAME_LABEL]: namespace.metadata.name ?? "" };
}

export function cidrGroupFact(group: CiliumCIDRGroup): {
  labels: Record<string, string>;
  cidrs: string[];
} {
  return { labels: group.metadata.labels ?? {}, cidrs: [...(group.spec?.externalCIDRs ?? [])] };
}

function namespaceOf(metadata: { readonly namespace?: string | undefined }): string {
  const namespace = metadata.namespace;
  return namespace === undefined || namespace === "" ? DEFAULT_NAMESPACE : namespace;
}

/** Of containers that run beside each other; init containers that restart always are such too. */
function declaredPorts(pod: Pod): ContainerPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(
    (container) => container.restartPolicy === "Always",
  );
  const containers = [...sidecars, ...(pod.spec?.containers ?? [])];
  return containers.flatMap((container) =>
    (container.ports ?? []).flatMap((port) => {
      const protocol = protocolNumber(port.protocol);
      if (protocol === undefined) return [];
      const name = port.name === undefined || port.name === "" ? {} : { name: port.name };
      return [{ ...name, port: port.containerPort, protocol }];
    }),
  );
}

function uniquePorts(ports: readonly ContainerPort[]): ContainerPort[] {
  const unique = new Map<string, ContainerPort>();
  for (const port of ports) {
    const key = `${port.protocol}/${port.port}`;
    if (!unique.has(key)) unique.set(key, port);
  }
  return [...unique.values()];
}

function parseAddresses(texts: readonly (string | undefined)[]): IpAddress[] {
  const addresses = new Map<string, IpAddress>();
  for (const text of texts) {
    const address = text === undefined ? undefined : IpAddress.tryParse(text);
    if (address !== undefined && !addresses.has(address.key)) addresses.set(address.key, address);
  }
  return [...addresses.values()];
}
