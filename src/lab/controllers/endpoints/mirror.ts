/** Endpoints that somebody wrote for a service without a selector, once more as slices. */
import { warning } from "../engine/operations.ts";
import type { Operation, Plan } from "../engine/operations.ts";
import { ENDPOINT_SLICES } from "../engine/resources.ts";
import { isControlledBy, isTerminating } from "../model/object.ts";
import { canonical } from "../model/same.ts";
import type {
  Endpoint,
  EndpointAddress,
  EndpointPort,
  Endpoints,
  EndpointSlice,
  Service,
} from "../model/service.ts";
import { endpointKey, type Group, reconcileSlices } from "./fill.ts";
import { familyOf } from "./members.ts";
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from "./slices.ts";

const MIRROR_MANAGER = "endpointslicemirroring-controller.k8s.io";
const SKIP_LABEL = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const NOT_MIRRORED = [
  "endpoints.kubernetes.io/last-change-trigger-time",
  "kubectl.kubernetes.io/last-applied-configuration",
];
const MAX_ENDPOINTS = 1_000;

interface MirrorFacts {
  readonly service: Service | undefined;
  readonly endpoints: Endpoints | undefined;
  /** Of the service's name. */
  readonly slices: readonly EndpointSlice[];
}

export function planMirror({ service, endpoints, slices }: MirrorFacts): Plan {
  const own = slices.filter((slice) => isMirrored(slice) && !isTerminating(slice));
  if (service === undefined || endpoints === undefined || !isToMirror(service, endpoints)) {
    return { operations: own.map(removal) };
  }
  // Those of Endpoints of the same name that are gone are no longer anybody's.
  const [mine, others] = [
    own.filter((slice) => isControlledBy(slice, endpoints)),
    own.filter((slice) => !isControlledBy(slice, endpoints)),
  ];
  const { groups, invalid } = groupsOf(endpoints);
  const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
  const event = warning("InvalidIPAddress", message);
  return {
    operations: [
      ...(invalid === 0 ? [] : [{ verb: "event", about: endpoints, event } as const]),
      ...reconcileSlices(groups, mine, {
        owner: { ...endpoints, apiVersion: "v1", kind: "Endpoints" },
        labels: labelsOf(endpoints),
        annotations: annotationsOf(endpoints),
        maxEndpoints: MAX_ENDPOINTS,
      }),
      ...others.map(removal),
    ],
  };
}

export function isMirrored(slice: EndpointSlice): boolean {
  return slice.metadata.labels?.[MANAGED_BY_LABEL] === MIRROR_MANAGER;
}

function removal(target: EndpointSlice): Operation {
  return { verb: "delete", resource: ENDPOINT_SLICES, target };
}

function isToMirror({ spec }: Service, { metadata }: Endpoints): boolean {
  return (
    spec?.selector === undefined &&
    metadata.labels?.[SKIP_LABEL] !== "true" &&
    metadata.annotations?.[LEADER] === undefined
  );
}

function groupsOf({ subsets = [] }: Endpoints): { groups: Group[]; invalid: number } {
  const groups = new Map<string, Group & { endpoints: Map<string, Endpoint> }>();
  let invalid = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    for (const { address, ready } of all) {
      const family = familyOf(address.ip);
      if (family === undefined) {
        invalid++;
        continue;
      }
      const named = ports.map((port): EndpointPort => ({ ...port, name: port.name ?? "" }));
      const key = `${family} ${canonical(named)}`;
      const group = groups.get(key) ?? { family, ports: named, endpoints: new Map() };
      groups.set(key, group);
      const endpoint = endpointOf(address, ready);
      group.endpoints.set(endpointKey(endpoint), endpoint);
    }
  }
  return { groups: [...groups.values()], invalid };
}

function endpointOf(address: EndpointAddress, ready: boolean): Endpoint {
  const { ip, hostname = "", nodeName, targetRef } = address;
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === "" ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(targetRef === undefined ? {} : { targetRef }),
  };
}

function labelsOf({ metadata }: Endpoints): Record<string, string> {
  return {
    ...metadata.labels,
    [SERVICE_NAME_LABEL]: metadata.name,
    [MANAGED_BY_LABEL]: MIRROR_MANAGER,
  };
}

function annotationsOf({ metadata }: Endpoints): Record<string, string> {
  const entries = Object.entries(metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([key]) => !NOT_MIRRORED.includes(key)));
}
