/** EndpointSlices of a service: one list a family and set of ports, in slices of at most 100. */
import type { Operation, Plan } from "../engine/operations.ts";
import { ENDPOINT_SLICES } from "../engine/resources.ts";
import {
  byAge,
  compareText,
  controllerReference,
  isControlledBy,
  isTerminating,
} from "../model/object.ts";
import { type Node, ZONE_LABEL } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { canonical, isSame } from "../model/same.ts";
import type { Endpoint, EndpointPort, EndpointSlice, Service } from "../model/service.ts";
import { conditionsOf } from "./conditions.ts";
import {
  addressOf,
  familiesOf,
  type Family,
  hostnameIn,
  isHeadless,
  membersOf,
  portsOf,
} from "./members.ts";

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "endpointslice-controller.k8s.io";
export const HEADLESS_LABEL = "service.kubernetes.io/headless";
const MAX_ENDPOINTS_PER_SLICE = 100;

interface SliceFacts {
  readonly service: Service;
  /** Of its namespace. */
  readonly pods: readonly Pod[];
  /** Of its namespace; those of others are left alone. */
  readonly slices: readonly EndpointSlice[];
  readonly nodes: ReadonlyMap<string, Node>;
}

/** Endpoints that have the same ports. */
interface Group {
  readonly family: Family;
  readonly ports: EndpointPort[];
  readonly endpoints: Map<string, Endpoint>;
}

export function planSlices(facts: SliceFacts): Plan {
  const { service, pods } = facts;
  if (isTerminating(service)) return { operations: [] };
  const members = membersOf(service, pods);
  if (members === undefined) return { operations: [] };
  const own = facts.slices.filter((slice) => isOwn(service, slice) && !isTerminating(slice));
  const used = new Set<EndpointSlice>();
  const operations: Operation[] = [];
  for (const group of groupsOf(service, members, facts.nodes)) {
    operations.push(...fill(service, group, own, used));
  }
  const unused = own.filter((slice) => !used.has(slice)).toSorted(byAge);
  const deletions = unused.map(
    (target): Operation => ({ verb: "delete", resource: ENDPOINT_SLICES, target }),
  );
  // New endpoints first: in between, there are rather too many than too few.
  return { operations: [...operations, ...deletions] };
}

function isOwn(service: Service, slice: EndpointSlice): boolean {
  const { labels } = slice.metadata;
  return (
    labels?.[SERVICE_NAME_LABEL] === service.metadata.name &&
    labels[MANAGED_BY_LABEL] === MANAGER &&
    isControlledBy(slice, service)
  );
}

/** At least one group a family: a service without endpoints has a slice that says so. */
function groupsOf(
  service: Service,
  members: readonly Pod[],
  nodes: ReadonlyMap<string, Node>,
): Group[] {
  return familiesOf(service).flatMap((family) => {
    const groups = new Map<string, Group>();
    for (const pod of members) {
      const address = addressOf(pod, family);
      if (address === undefined) continue;
      const ports = portsOf(service, pod);
      const key = canonical(ports);
      const group = groups.get(key) ?? { family, ports, endpoints: new Map() };
      groups.set(key, group);
      const endpoint = endpointOf(service, pod, address, nodes);
      group.endpoints.set(endpointKey(endpoint), endpoint);
    }
    return groups.size > 0 ? [...groups.values()] : [{ family, ports: [], endpoints: new Map() }];
  });
}

function endpointOf(
  service: Service,
  pod: Pod,
  address: string,
  nodes: ReadonlyMap<string, Node>,
): Endpoint {
  const { name, namespace = "", uid = "" } = pod.metadata;
  const { nodeName } = pod.spec;
  const zone = nodes.get(nodeName ?? "")?.metadata.labels?.[ZONE_LABEL];
  return {
    addresses: [address],
    conditions: conditionsOf(service, pod),
    ...hostnameIn(service, pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

function endpointKey({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ""} ${addresses.join(",")}`;
}

/** Endpoints stay in the slice they are in; new ones go where there is room, then into new slices. */
function fill(
  service: Service,
  group: Group,
  own: readonly EndpointSlice[],
  used: Set<EndpointSlice>,
): Operation[] {
  const rest = new Map(group.endpoints);
  const reusable = own
    .filter((slice) => slice.addressType === group.family && isSame(slice.ports, group.ports))
    .toSorted(byAge);
  const contents = reusable.map((slice) => ({ slice, endpoints: kept(slice, rest) }));
  for (const { endpoints } of contents) topUp(endpoints, rest);
  const operations: Operation[] = [];
  const isPlaceholder = group.endpoints.size === 0;
  for (const { slice, endpoints } of contents) {
    const isFirstPlaceholder = isPlaceholder && slice === reusable[0];
    if (endpoints.length === 0 && !isFirstPlaceholder) continue;
    used.add(slice);
    operations.push(...update(service, slice, endpoints));
  }
  while (rest.size > 0 || (isPlaceholder && reusable.length === 0 && operations.length === 0)) {
    const endpoints: Endpoint[] = [];
    topUp(endpoints, rest);
    const object = newSlice(service, group, endpoints);
    operations.push({ verb: "create", resource: ENDPOINT_SLICES, object });
    if (isPlaceholder) break;
  }
  return operations;
}

function kept(slice: EndpointSlice, rest: Map<string, Endpoint>): Endpoint[] {
  return (slice.endpoints ?? []).flatMap((endpoint) => {
    const key = endpointKey(endpoint);
    const wanted = rest.get(key);
    rest.delete(key);
    return wanted ?? [];
  });
}

function topUp(endpoints: Endpoint[], rest: Map<string, Endpoint>): void {
  for (const [key, endpoint] of rest) {
    if (endpoints.length >= MAX_ENDPOINTS_PER_SLICE) return;
    endpoints.push(endpoint);
    rest.delete(key);
  }
}

function update(service: Service, slice: EndpointSlice, endpoints: Endpoint[]): Operation[] {
  const labels = labelsOf(service);
  const isCurrent = isSame(slice.metadata.labels, labels) && isSameSet(slice.endpoints, endpoints);
  if (isCurrent) return [];
  const object: EndpointSlice = {
    ...slice,
    metadata: { ...slice.metadata, labels },
    endpoints,
  };
  return [{ verb: "update", resource: ENDPOINT_SLICES, object }];
}

function isSameSet(before: readonly Endpoint[] | undefined, after: readonly Endpoint[]): boolean {
  const sorted = (endpoints: readonly Endpoint[]): string[] =>
    endpoints.map(canonical).toSorted(compareText);
  return isSame(sorted(before ?? []), sorted(after));
}

function newSlice(service: Service, group: Group, endpoints: Endpoint[]): EndpointSlice {
  const { name, namespace = "" } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: "",
      generateName: `${name}-`,
      namespace,
      labels: labelsOf(service),
      ownerReferences: [controllerReference(service)],
    },
    addressType: group.family,
    endpoints,
    ports: group.ports,
  };
}

function labelsOf(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _own, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: "" } : {}),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [MANAGED_BY_LABEL]: MANAGER,
  };
}
