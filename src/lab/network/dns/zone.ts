import { IpAddress } from "#base";
import {
  clusterIpsOf,
  type EndpointSliceObject,
  isHeadless,
  type NamedObject,
  type ServiceObject,
  slicesByService,
} from "../objects.ts";
import { isDnsName } from "./message.ts";
import { dashed } from "./names.ts";

/** A named port of a service, or of one endpoint. */
export interface ZonePort {
  /** Empty where it has none: no `_name._protocol` leads to it. */
  readonly name: string;
  /** `tcp`, in small letters. */
  readonly protocol: string;
  readonly port: number;
}

/** An endpoint of a service that is ready. */
export interface ZoneEndpoint {
  /** Its hostname, or one made of its address. */
  readonly label: string;
  readonly address: IpAddress;
  readonly ports: readonly ZonePort[];
}

export interface ZoneService {
  readonly namespace: string;
  readonly name: string;
  /** The name that an ExternalName service stands for. */
  readonly externalName: string | undefined;
  readonly addresses: readonly IpAddress[];
  readonly ports: readonly ZonePort[];
  /** Its name leads to its endpoints. */
  readonly isHeadless: boolean;
  /** Each has a name too, also where the service has an address. */
  readonly endpoints: readonly ZoneEndpoint[];
}

/** Where an address leads back to. */
interface ZoneOwner {
  readonly service: ZoneService;
  readonly endpoint: ZoneEndpoint | undefined;
}

/** What of a cluster has names, arranged by name and by address. */
export interface ZoneData {
  readonly namespaces: ReadonlySet<string>;
  /** By `namespace/name`. */
  readonly services: ReadonlyMap<string, ZoneService>;
  readonly owners: ReadonlyMap<string, readonly ZoneOwner[]>;
}

interface ZoneState {
  readonly namespaces: Iterable<NamedObject>;
  readonly services: Iterable<ServiceObject>;
  readonly slices: Iterable<EndpointSliceObject>;
}

export function buildZone({ namespaces, services, slices }: ZoneState): ZoneData {
  const byService = slicesByService(slices);
  const zone = {
    namespaces: new Set([...namespaces].map(({ metadata }) => metadata.name ?? "")),
    services: new Map<string, ZoneService>(),
    owners: new Map<string, ZoneOwner[]>(),
  };
  for (const object of services) {
    const { namespace = "", name = "" } = object.metadata;
    const key = `${namespace}/${name}`;
    const service = serviceOf(object, byService.get(key) ?? []);
    zone.services.set(key, service);
    for (const address of service.addresses)
      own(zone.owners, address, { service, endpoint: undefined });
    // The specification asks it of endpoints with a hostname only; CoreDNS does it for all.
    for (const endpoint of service.endpoints)
      own(zone.owners, endpoint.address, { service, endpoint });
  }
  return zone;
}

function own(owners: Map<string, ZoneOwner[]>, { key }: IpAddress, owner: ZoneOwner): void {
  const known = owners.get(key);
  if (known === undefined) owners.set(key, [owner]);
  else known.push(owner);
}

function serviceOf(object: ServiceObject, slices: readonly EndpointSliceObject[]): ZoneService {
  const { metadata, spec } = object;
  const { namespace = "", name = "" } = metadata;
  const external = spec?.type === "ExternalName" ? (spec.externalName ?? "") : "";
  const target = external.replace(/\.$/, "").toLowerCase();
  return {
    namespace,
    name,
    externalName: isDnsName(target) ? target : undefined,
    addresses: clusterIpsOf(object)
      .map((text) => IpAddress.tryParse(text))
      .filter((address) => address !== undefined),
    ports: (spec?.ports ?? []).map(zonePort),
    isHeadless: isHeadless(object),
    endpoints: endpointsOf(slices),
  };
}

function endpointsOf(slices: readonly EndpointSliceObject[]): ZoneEndpoint[] {
  const endpoints = new Map<string, ZoneEndpoint>();
  for (const slice of slices) {
    const ports = (slice.ports ?? []).map(zonePort);
    for (const { addresses, conditions, hostname } of slice.endpoints ?? []) {
      if (conditions?.ready === false) continue;
      for (const text of addresses) {
        const address = IpAddress.tryParse(text);
        if (address === undefined) continue;
        const label = hostname === undefined || hostname === "" ? dashed(address) : hostname;
        // A service with many ports of different pods has an address in several slices.
        const known = endpoints.get(`${label}/${address.key}`)?.ports ?? [];
        const all = [...known, ...ports];
        endpoints.set(`${label}/${address.key}`, { label, address, ports: all });
      }
    }
  }
  return [...endpoints.values()].toSorted((a, b) => a.address.compare(b.address));
}

function zonePort({
  name = "",
  protocol = "TCP",
  port = 0,
}: {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}): ZonePort {
  return { name, protocol: protocol.toLowerCase(), port };
}
