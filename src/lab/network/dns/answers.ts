import type { IpAddress } from "#base";
import { DNS_CLASS_INTERNET, DnsResponseCode, DnsType } from "#packet";
import type { DnsAnswer, DnsData, DnsQuery, DnsRecord } from "./message.ts";
import { parseDashed, parseReverseName } from "./names.ts";
import type { ZoneData, ZoneEndpoint, ZonePort, ZoneService } from "./zone.ts";

/** What the zone of a cluster is called, and how long its answers may be kept. */
export interface ZoneSettings {
  /** `cluster.local`. */
  readonly domain: string;
  readonly ttlSeconds: number;
  /** For the zone's SOA: it grows when the zone changes. */
  readonly serial: number;
  /** Those of the server itself: the services that lead to them are the zone's name servers. */
  readonly self: readonly IpAddress[];
}

/** Of Kubernetes' DNS specification, as `dns-version` tells it. */
const SPECIFICATION_VERSION = "1.1.0";
/** Shared by the records of one question, as CoreDNS does it. */
const TOTAL_WEIGHT = 100;

/** What a name stands for within the zone, before it is asked which type of record is wanted. */
interface Match {
  readonly name: string;
  readonly addresses: readonly IpAddress[];
  /** Only who asks for addresses is told of it. */
  readonly alias: string | undefined;
  readonly targets: readonly ServiceTarget[];
}

interface ServiceTarget {
  readonly name: string;
  readonly addresses: readonly IpAddress[];
  readonly port: number;
}

const ADDRESS_TYPES: ReadonlySet<number> = new Set([DnsType.A, DnsType.AAAA, DnsType.CNAME]);
const NOTHING: Omit<Match, "name"> = { addresses: [], alias: undefined, targets: [] };

/**
 * The answer that the cluster's zone has to a question. Undefined where the name is not the
 * zone's, and somebody else is to be asked. An alias to a name outside is answered alone.
 */
export function answerFromZone(
  query: DnsQuery,
  zone: ZoneData,
  settings: ZoneSettings,
): DnsAnswer | undefined {
  const { name } = query;
  if (query.class !== DNS_CLASS_INTERNET) return undefined;
  const { domain } = settings;
  if (name.endsWith(".arpa")) return reverseAnswer(query, zone, settings);
  if (name !== domain && !name.endsWith(`.${domain}`)) return undefined;
  if (name === domain) return apexAnswer(query, zone, settings);
  if (name === `dns-version.${domain}` && query.type !== DnsType.TXT) {
    return negative(settings, DnsResponseCode.NXDOMAIN);
  }
  const path = name
    .slice(0, -domain.length - 1)
    .split(".")
    .toReversed();
  const match = find(path, zone, settings);
  if (match === undefined) return negative(settings, DnsResponseCode.NXDOMAIN);
  return recordsOf(query, { ...match, name }, settings);
}

/** `path` is what stands before the domain, from the right. */
function find(
  path: readonly string[],
  zone: ZoneData,
  settings: ZoneSettings,
): Omit<Match, "name"> | undefined {
  const [kind, namespace, service, ...rest] = path;
  if (kind === "dns-version" && namespace === undefined) return NOTHING;
  if (kind === "dns" && namespace === "ns" && service === undefined) {
    return { ...NOTHING, addresses: nameServers(zone, settings).flatMap((each) => each.addresses) };
  }
  if (kind !== "svc" && kind !== "pod") return undefined;
  if (namespace === undefined) return NOTHING;
  if (!zone.namespaces.has(namespace)) return undefined;
  if (service === undefined) return NOTHING;
  // What stands before it is not looked at.
  if (kind === "pod") return rest.length <= 1 ? findPod(service) : undefined;
  const found = zone.services.get(`${namespace}/${service}`);
  return found && findService(found, rest, settings);
}

/** Whoever asks knows the address already: it is given back without looking whether it is used. */
function findPod(label: string): Omit<Match, "name"> | undefined {
  const address = parseDashed(label);
  return address && { ...NOTHING, addresses: [address] };
}

function findService(
  service: ZoneService,
  rest: readonly string[],
  settings: ZoneSettings,
): Omit<Match, "name"> | undefined {
  if (service.externalName !== undefined) {
    return rest.length === 0 ? { ...NOTHING, alias: service.externalName } : undefined;
  }
  const [first, second] = rest;
  if (rest.length === 2 && first?.startsWith("_") && second?.startsWith("_")) {
    return findPort(service, { protocol: first.slice(1), name: second.slice(1) }, settings);
  }
  if (rest.length > 1) return undefined;
  if (first === undefined && !service.isHeadless) {
    const targets = targetsOf(service, undefined, () => true, settings);
    return { ...NOTHING, addresses: service.addresses, targets };
  }
  const endpoints = service.endpoints.filter(({ label }) => first === undefined || label === first);
  // A headless service without endpoints is as if it were not there.
  if (endpoints.length === 0) return undefined;
  const targets = targetsOf(service, endpoints, () => true, settings);
  return { ...NOTHING, addresses: endpoints.map(({ address }) => address), targets };
}

/** `_name._protocol`, with at least one target. */
function findPort(
  service: ZoneService,
  wanted: { readonly protocol: string; readonly name: string },
  settings: ZoneSettings,
): Omit<Match, "name"> | undefined {
  const fits = ({ name, protocol }: ZonePort): boolean =>
    name === wanted.name && protocol === wanted.protocol;
  const endpoints = service.isHeadless ? service.endpoints : undefined;
  const targets = targetsOf(service, endpoints, fits, settings);
  if (targets.length === 0) return undefined;
  const all = targets.flatMap(({ addresses }) => addresses);
  const addresses = new Map(all.map((each) => [each.key, each]));
  return { ...NOTHING, addresses: [...addresses.values()], targets };
}

/** Of its endpoints, or of the service itself where there are none to tell apart. */
function targetsOf(
  service: ZoneService,
  endpoints: readonly ZoneEndpoint[] | undefined,
  fits: (port: ZonePort) => boolean,
  { domain }: ZoneSettings,
): ServiceTarget[] {
  const own = `${service.name}.${service.namespace}.svc.${domain}`;
  if (endpoints === undefined) {
    const { addresses } = service;
    return service.ports.filter(fits).map(({ port }) => ({ name: own, addresses, port }));
  }
  return endpoints.flatMap(({ label, address, ports }) =>
    ports.filter(fits).map(({ port }) => ({ name: `${label}.${own}`, addresses: [address], port })),
  );
}

function recordsOf(query: DnsQuery, match: Match, settings: ZoneSettings): DnsAnswer {
  const { name, alias } = match;
  const make = (data: DnsData, owner = name): DnsRecord => ({
    ...data,
    name: owner,
    ttlSeconds: settings.ttlSeconds,
  });
  if (alias !== undefined) {
    return ADDRESS_TYPES.has(query.type)
      ? positive([make({ type: "CNAME", target: alias })])
      : negative(settings, DnsResponseCode.NOERROR);
  }
  const answers: DnsRecord[] = [];
  const additional = new Map<string, DnsRecord>();
  if (query.type === DnsType.TXT && name === `dns-version.${settings.domain}`) {
    answers.push(make({ type: "TXT", text: SPECIFICATION_VERSION }));
  }
  for (const address of match.addresses) {
    if (query.type === typeOf(address)) answers.push(make(addressData(address)));
  }
  if (query.type === DnsType.SRV) {
    const weight = Math.max(1, Math.floor(TOTAL_WEIGHT / match.targets.length));
    // A port of two protocols is told once.
    const ports = new Map(match.targets.map((each) => [`${each.name} ${each.port}`, each]));
    for (const { name: target, addresses, port } of ports.values()) {
      answers.push(make({ type: "SRV", priority: 0, weight, port, target }));
      for (const each of addresses) {
        additional.set(`${target} ${each.key}`, make(addressData(each), target));
      }
    }
  }
  if (answers.length === 0) return negative(settings, DnsResponseCode.NOERROR);
  return positive(answers, [...additional.values()]);
}

function reverseAnswer(
  query: DnsQuery,
  zone: ZoneData,
  settings: ZoneSettings,
): DnsAnswer | undefined {
  const address = parseReverseName(query.name);
  const owners = address && zone.owners.get(address.key);
  // Somebody else's address, and somebody else's answer.
  if (owners === undefined) return undefined;
  if (query.type !== DnsType.PTR) return negative(settings, DnsResponseCode.NOERROR);
  const { ttlSeconds, domain } = settings;
  return positive(
    owners.map(({ service, endpoint }) => {
      const own = `${service.name}.${service.namespace}.svc.${domain}`;
      const target = endpoint === undefined ? own : `${endpoint.label}.${own}`;
      return { type: "PTR", target, name: query.name, ttlSeconds };
    }),
  );
}

function apexAnswer(query: DnsQuery, zone: ZoneData, settings: ZoneSettings): DnsAnswer {
  const { domain: name, ttlSeconds } = settings;
  if (query.type === DnsType.SOA) return positive([soa(settings)]);
  if (query.type !== DnsType.NS) return negative(settings, DnsResponseCode.NOERROR);
  const servers = nameServers(zone, settings);
  return positive(
    servers.map(({ name: target }) => ({ type: "NS", target, name, ttlSeconds })),
    servers.flatMap(({ name: target, addresses }) =>
      addresses.map((each) => ({ ...addressData(each), name: target, ttlSeconds })),
    ),
  );
}

/** Those by whose names and addresses this server is asked; without a service, the server itself. */
function nameServers(
  { owners }: ZoneData,
  { self, domain }: ZoneSettings,
): Pick<ServiceTarget, "name" | "addresses">[] {
  const services = new Set(
    self.flatMap(({ key }) => (owners.get(key) ?? []).map(({ service }) => service)),
  );
  if (services.size === 0) return [{ name: `ns.dns.${domain}`, addresses: self }];
  return [...services].map(({ name, namespace, addresses, isHeadless }) => ({
    name: `${name}.${namespace}.svc.${domain}`,
    addresses: isHeadless ? self : addresses,
  }));
}

function positive(answers: readonly DnsRecord[], additional: readonly DnsRecord[] = []): DnsAnswer {
  return {
    code: DnsResponseCode.NOERROR,
    isAuthoritative: true,
    answers,
    authority: [],
    additional,
  };
}

/** The zone's SOA says how long nothing may be taken for known. */
function negative(settings: ZoneSettings, code: number): DnsAnswer {
  return { code, isAuthoritative: true, answers: [], authority: [soa(settings)], additional: [] };
}

function soa({ domain, ttlSeconds, serial }: ZoneSettings): DnsRecord {
  return {
    type: "SOA",
    name: domain,
    server: `ns.dns.${domain}`,
    mailbox: `hostmaster.${domain}`,
    serial,
    negativeSeconds: ttlSeconds,
    ttlSeconds,
  };
}

export function addressData(address: IpAddress): DnsData {
  return { type: address.family === 4 ? "A" : "AAAA", address: address.wireBytes };
}

function typeOf({ family }: IpAddress): number {
  return family === 4 ? DnsType.A : DnsType.AAAA;
}
