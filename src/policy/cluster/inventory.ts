/** Objects of a cluster, sorted by what they are to policy. */
import { Cidr, type IpAddress } from "#base";
import type { KnownObject } from "#kube/types";
import type { CidrGroupFact, ClusterFacts, ServiceFact } from "../import/facts.ts";
import type { PolicyObject } from "../import/import-policy.ts";
import type { PolicyOptions } from "../options.ts";
import {
  type BackendFact,
  cidrGroupFact,
  endpointSliceFact,
  endpointsFact,
  namespaceLabels,
  NAMESPACE_NAME_LABEL,
  type NodeFact,
  nodeFact,
  type PodFact,
  podFact,
  type ServiceEntry,
  serviceEntry,
} from "./cluster-facts.ts";

export interface Inventory {
  /** By `namespace/name`, sorted. */
  readonly pods: ReadonlyMap<string, PodFact>;
  /** Keys of pods whose address is made up. */
  readonly madeUp: ReadonlySet<string>;
  readonly nodes: ReadonlyMap<string, NodeFact>;
  /** Labels by name; namespaces that objects name and that are not there are assumed. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly services: ReadonlyMap<string, ServiceEntry>;
  /** Addresses behind services, by `namespace/name`. */
  readonly backends: ReadonlyMap<string, readonly IpAddress[]>;
  readonly apiServers: readonly IpAddress[];
  readonly policies: readonly PolicyObject[];
  readonly facts: ClusterFacts;
}

const API_SERVER_SERVICE = "default/kubernetes";
/** Where made-up addresses come from: the pod range that most clusters begin with. */
const MADE_UP_V4 = Cidr.parse("10.244.0.0/16");
const MADE_UP_V6 = Cidr.parse("fd00:10:244::/112");

export function takeInventory(objects: Iterable<KnownObject>, options: PolicyOptions): Inventory {
  const sorted = sortObjects(objects);
  const { pods, madeUp } = addressPods(sorted.pods, options);
  const namespaces = sorted.namespaces;
  for (const namespace of sorted.namespacesInUse) {
    if (!namespaces.has(namespace)) {
      namespaces.set(namespace, { [NAMESPACE_NAME_LABEL]: namespace });
    }
  }
  for (const pod of pods.values()) {
    if (pod.node !== undefined && !sorted.nodes.has(pod.node)) {
      sorted.nodes.set(pod.node, { name: pod.node, labels: {}, addresses: [] });
    }
  }
  const backends = collectBackends(sorted.services, sorted.backends, pods);
  return {
    pods,
    madeUp,
    nodes: sorted.nodes,
    namespaces,
    services: sorted.services,
    backends,
    apiServers: backends.get(API_SERVER_SERVICE) ?? [],
    policies: sorted.policies,
    facts: {
      services: serviceFacts(sorted.services, backends),
      cidrGroups: sorted.cidrGroups,
    },
  };
}

interface SortedObjects {
  readonly pods: PodFact[];
  readonly nodes: Map<string, NodeFact>;
  readonly namespaces: Map<string, Readonly<Record<string, string>>>;
  readonly namespacesInUse: Set<string>;
  readonly services: Map<string, ServiceEntry>;
  readonly backends: BackendFact[];
  readonly cidrGroups: Map<string, CidrGroupFact>;
  readonly policies: PolicyObject[];
}

function sortObjects(objects: Iterable<KnownObject>): SortedObjects {
  const sorted: SortedObjects = {
    pods: [],
    nodes: new Map(),
    namespaces: new Map(),
    namespacesInUse: new Set(),
    services: new Map(),
    backends: [],
    cidrGroups: new Map(),
    policies: [],
  };
  for (const object of objects) sortObject(object, sorted);
  return sorted;
}

function sortObject(object: KnownObject, sorted: SortedObjects): void {
  switch (object.kind) {
    case "Pod": {
      const pod = podFact(object);
      sorted.pods.push(pod);
      sorted.namespacesInUse.add(pod.namespace);
      return;
    }
    case "Node":
      sorted.nodes.set(object.metadata.name ?? "", nodeFact(object));
      return;
    case "Namespace":
      sorted.namespaces.set(object.metadata.name ?? "", namespaceLabels(object));
      return;
    case "Service": {
      const service = serviceEntry(object);
      sorted.services.set(service.key, service);
      return;
    }
    case "Endpoints":
      sorted.backends.push(endpointsFact(object));
      return;
    case "EndpointSlice":
      sorted.backends.push(endpointSliceFact(object));
      return;
    case "CiliumCIDRGroup":
      sorted.cidrGroups.set(object.metadata.name ?? "", cidrGroupFact(object));
      return;
    case "NetworkPolicy":
    case "CiliumNetworkPolicy":
    case "CiliumClusterwideNetworkPolicy":
      sorted.policies.push(object);
      return;
    case "CiliumEndpoint":
    case "CiliumIdentity":
    case "CiliumNode":
  }
}

/** In order of their names; each pod without an address gets one that depends on its name alone. */
function addressPods(
  found: readonly PodFact[],
  options: PolicyOptions,
): { pods: Map<string, PodFact>; madeUp: Set<string> } {
  const range = options.families.includes(4) ? MADE_UP_V4 : MADE_UP_V6;
  const taken = new Set(found.flatMap((pod) => pod.addresses.map((address) => address.key)));
  const unique = new Map(found.map((pod) => [pod.key, pod]));
  const keys = [...unique.keys()].toSorted();
  const pods = new Map<string, PodFact>();
  const madeUp = new Set<string>();
  for (const key of keys) {
    const pod = unique.get(key);
    if (pod === undefined) continue;
    if (pod.addresses.length > 0 || pod.isHostNetwork) {
      pods.set(key, pod);
      continue;
    }
    const address = freeAddress(key, range, taken);
    pods.set(key, address === undefined ? pod : { ...pod, addresses: [address] });
    madeUp.add(key);
  }
  return { pods, madeUp };
}

function freeAddress(key: string, range: Cidr, taken: Set<string>): IpAddress | undefined {
  const size = Number(range.size) - 2;
  const start = hash(key) % size;
  for (let step = 0; step < size; step++) {
    const address = range.nth(1 + ((start + step) % size));
    if (address === undefined || taken.has(address.key)) continue;
    taken.add(address.key);
    return address;
  }
  return undefined;
}

/** FNV-1a: spreads names over the range, the same in every run. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}

/** What Endpoints and slices say; for services without any, the pods that the selector finds. */
function collectBackends(
  services: ReadonlyMap<string, ServiceEntry>,
  written: readonly BackendFact[],
  pods: ReadonlyMap<string, PodFact>,
): Map<string, readonly IpAddress[]> {
  const backends = new Map<string, IpAddress[]>();
  for (const { service, addresses } of written) {
    const known = backends.get(service) ?? [];
    const isNew = (address: IpAddress): boolean => !known.some((each) => each.equals(address));
    backends.set(service, [...known, ...addresses.filter(isNew)]);
  }
  for (const service of services.values()) {
    const selector = Object.entries(service.selector);
    if (backends.has(service.key) || selector.length === 0) continue;
    const selected = [...pods.values()].filter(
      (pod) =>
        pod.namespace === service.namespace &&
        selector.every(([key, value]) => pod.labels[key] === value),
    );
    backends.set(
      service.key,
      selected.flatMap((pod) => pod.addresses.slice(0, 1)),
    );
  }
  return backends;
}

function serviceFacts(
  services: ReadonlyMap<string, ServiceEntry>,
  backends: ReadonlyMap<string, readonly IpAddress[]>,
): Map<string, ServiceFact> {
  const facts = new Map<string, ServiceFact>();
  for (const { key, namespace, name, labels, selector } of services.values()) {
    const addresses = (backends.get(key) ?? []).map((address) => address.toString());
    const selectorPart = Object.keys(selector).length === 0 ? {} : { selector };
    facts.set(key, { namespace, name, labels, ...selectorPart, addresses });
  }
  return facts;
}
