/** EndpointSlices of a service: one list a family and set of ports, in slices of at most 100. */
import type { Plan } from "../engine/operations.ts";
import { isControlledBy, isTerminating } from "../model/object.ts";
import { type Node, ZONE_LABEL } from "../model/node.ts";
import type { Pod } from "../model/pod.ts";
import { canonical } from "../model/same.ts";
import type { Endpoint, EndpointSlice, Service } from "../model/service.ts";
import { conditionsOf } from "./conditions.ts";
import { endpointKey, type Group, reconcileSlices } from "./fill.ts";
import { addressOf, familiesOf, hostnameIn, isHeadless, membersOf, portsOf } from "./members.ts";

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

export function planSlices(facts: SliceFacts): Plan {
  const { service, pods } = facts;
  if (isTerminating(service)) return { operations: [] };
  const members = membersOf(service, pods);
  if (members === undefined) return { operations: [] };
  const own = facts.slices.filter((slice) => isOwn(service, slice) && !isTerminating(slice));
  const operations = reconcileSlices(groupsOf(service, members, facts.nodes), own, {
    owner: service,
    labels: labelsOf(service),
    maxEndpoints: MAX_ENDPOINTS_PER_SLICE,
  });
  return { operations };
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
  return familiesOf(service).flatMap((family): Group[] => {
    const groups = new Map<string, Group & { endpoints: Map<string, Endpoint> }>();
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
  const conditions = conditionsOf(service, pod);
  return {
    addresses: [address],
    conditions,
    ...(conditions.ready ? hintsOf(service, nodeName, zone) : {}),
    ...hostnameIn(service, pod),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

const KEEP_CLOSE: ReadonlySet<string> = new Set(["PreferClose", "PreferSameZone"]);
const KEEP_ON_NODE = "PreferSameNode";

/** Whose traffic an endpoint is for, where the service is to keep it close. */
function hintsOf(
  { spec }: Service,
  nodeName: string | undefined,
  zone: string | undefined,
): Pick<Endpoint, "hints"> {
  const { trafficDistribution = "" } = spec ?? {};
  const isOnNode = trafficDistribution === KEEP_ON_NODE;
  if (!isOnNode && !KEEP_CLOSE.has(trafficDistribution)) return {};
  const forNodes = isOnNode && nodeName !== undefined ? [{ name: nodeName }] : [];
  const forZones = zone === undefined ? [] : [{ name: zone }];
  if (forNodes.length + forZones.length === 0) return {};
  return {
    hints: {
      ...(forZones.length === 0 ? {} : { forZones }),
      ...(forNodes.length === 0 ? {} : { forNodes }),
    },
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
