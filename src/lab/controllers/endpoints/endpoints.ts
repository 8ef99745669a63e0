/** The older Endpoints of a service: one object, one family, ready addresses and others. */
import type { Operation, Plan } from "../engine/operations.ts";
import { warning } from "../engine/operations.ts";
import { ENDPOINTS } from "../engine/resources.ts";
import { compareText, isTerminating, joinKey } from "../model/object.ts";
import { isReady, type Pod } from "../model/pod.ts";
import { canonical, isSame } from "../model/same.ts";
import type {
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSubset,
  Service,
} from "../model/service.ts";
import { addressOf, familiesOf, hostnameIn, isHeadless, membersOf, portsOf } from "./members.ts";
import { HEADLESS_LABEL } from "./slices.ts";

export const ENDPOINTS_MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by";
export const ENDPOINTS_MANAGER = "endpoint-controller";
/** What one object may list. */
const MAX_ADDRESSES = 1_000;

interface EndpointsFacts {
  readonly service: Service;
  readonly pods: readonly Pod[];
  readonly endpoints: Endpoints | undefined;
}

export function planEndpoints({ service, pods, endpoints }: EndpointsFacts): Plan {
  if (isTerminating(service)) return { operations: [] };
  const members = membersOf(service, pods);
  if (members === undefined) return { operations: [] };
  const subsets = subsetsOf(service, members);
  const labels = labelsOf(service);
  if (endpoints === undefined) {
    const { name, namespace = "" } = service.metadata;
    const object: Endpoints = {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name, namespace, labels },
      subsets,
    };
    return { operations: [write(service, "create", object)] };
  }
  const isCurrent = isSame(endpoints.metadata.labels, labels) && isSame(endpoints.subsets, subsets);
  if (isCurrent) return { operations: [] };
  const object: Endpoints = {
    ...endpoints,
    metadata: { ...endpoints.metadata, labels },
    subsets,
  };
  return { operations: [write(service, "update", object)] };
}

function write(service: Service, verb: "create" | "update", object: Endpoints): Operation {
  const key = joinKey(service.metadata.namespace, service.metadata.name);
  const failed =
    verb === "create"
      ? warning("FailedToCreateEndpoint", `Failed to create endpoint for service ${key}: {error}`)
      : warning("FailedToUpdateEndpoint", `Failed to update endpoint ${key}: {error}`);
  return { verb, resource: ENDPOINTS, object, note: { about: object, failed } };
}

function labelsOf(service: Service): Record<string, string> {
  const { [HEADLESS_LABEL]: _own, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: "" } : {}),
    [ENDPOINTS_MANAGED_BY_LABEL]: ENDPOINTS_MANAGER,
  };
}

/** Addresses with the same ports, ready or not, stand together, in an order that does not change. */
function subsetsOf(service: Service, members: readonly Pod[]): EndpointSubset[] {
  const [family = "IPv4"] = familiesOf(service);
  const subsets = new Map<string, Required<EndpointSubset>>();
  for (const pod of members.toSorted(byName).slice(0, MAX_ADDRESSES)) {
    const ip = addressOf(pod, family);
    const ports = portsOf(service, pod).map(unnamed).toSorted(byPort);
    if (ip === undefined || isLeftOut(service, pod, ports)) continue;
    const key = canonical(ports);
    const subset = subsets.get(key) ?? { addresses: [], notReadyAddresses: [], ports };
    subsets.set(key, subset);
    const isPublished = service.spec?.publishNotReadyAddresses === true || isReady(pod);
    (isPublished ? subset.addresses : subset.notReadyAddresses).push(address(service, pod, ip));
  }
  return [...subsets]
    .toSorted(([one], [other]) => compareText(one, other))
    .map(([, { addresses, notReadyAddresses, ports }]) => ({
      ...(addresses.length === 0 ? {} : { addresses: addresses.toSorted(byIp) }),
      ...(notReadyAddresses.length === 0
        ? {}
        : { notReadyAddresses: notReadyAddresses.toSorted(byIp) }),
      ...(ports.length === 0 ? {} : { ports }),
    }));
}

/** On its way out, or without a port where the service has some. */
function isLeftOut(service: Service, pod: Pod, ports: readonly EndpointPort[]): boolean {
  if (isTerminating(pod) && service.spec?.publishNotReadyAddresses !== true) return true;
  const isPortless = (service.spec?.ports ?? []).length === 0;
  return ports.length === 0 && !(isPortless && isHeadless(service));
}

function address(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name, namespace = "", uid = "" } = pod.metadata;
  const { nodeName } = pod.spec;
  return {
    ip,
    ...hostnameIn(service, pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

/** Unlike slices, Endpoints leave an empty name out. */
function unnamed({ name, ...port }: EndpointPort): EndpointPort {
  return name === undefined || name === "" ? port : { name, ...port };
}

function byPort(left: EndpointPort, right: EndpointPort): number {
  return compareText(left.name ?? "", right.name ?? "") || (left.port ?? 0) - (right.port ?? 0);
}

function byIp(left: EndpointAddress, right: EndpointAddress): number {
  return compareText(left.ip, right.ip);
}

function byName(left: Pod, right: Pod): number {
  return compareText(left.metadata.name, right.metadata.name);
}
