import { Cidr, IpAddress } from "#base";
import type { PortMapping } from "./host-ports.ts";
import { type Attachment, CNI_VERSIONS, CniError, CniErrorCode } from "./protocol.ts";

/** What the runtime writes to the plugin's standard input, read and checked. */
export interface BridgeConfig {
  readonly cniVersion: string;
  /** The network's name. */
  readonly name: string;
  readonly bridge: string;
  readonly mtu: number | undefined;
  /** Where leases are kept. */
  readonly dataDir: string;
  /** One of each family at most; their first address is the bridge's. */
  readonly subnets: readonly Cidr[];
  readonly hasMasquerade: boolean;
  /** Where pods go under their own addresses, besides their own subnets. */
  readonly nonMasqueradeCidrs: readonly Cidr[];
  /** Ports of the node that are to lead to the pod. */
  readonly portMappings: readonly PortMapping[];
  /** What the runtime has of ADD, for CHECK. */
  readonly previous: PreviousResult | undefined;
  /** Of GC: those that the runtime still knows. */
  readonly validAttachments: readonly Attachment[];
}

interface PreviousResult {
  readonly ips: readonly { readonly address: string }[];
}

type Json = Readonly<Record<string, unknown>>;

/** Configurations are small; what is larger is none. */
const MAX_CONFIG_BYTES = 1 << 20;
const MAX_PORT = 65_535;
const PROTOCOLS = ["tcp", "udp", "sctp"] as const;

export function parseConfig(text: string): BridgeConfig {
  const json = decode(text);
  const cniVersion = stringOf(json, "cniVersion") ?? "";
  if (!CNI_VERSIONS.includes(cniVersion)) {
    throw new CniError(
      CniErrorCode.incompatibleVersion,
      `cniVersion ${JSON.stringify(cniVersion)} is not supported`,
      `this plugin knows ${CNI_VERSIONS.join(" and ")}`,
    );
  }
  const ipam = objectOf(json, "ipam") ?? {};
  return {
    cniVersion,
    name: needed(stringOf(json, "name"), "name"),
    bridge: stringOf(json, "bridge") ?? "cni0",
    mtu: numberOf(json, "mtu"),
    dataDir: needed(stringOf(ipam, "dataDir"), "ipam.dataDir"),
    subnets: subnetsOf(ipam),
    hasMasquerade: json["ipMasq"] === true,
    nonMasqueradeCidrs: cidrsOf(json["nonMasqueradeCIDRs"], "nonMasqueradeCIDRs"),
    portMappings: portMappingsOf(json),
    previous: previousOf(json),
    validAttachments: attachmentsOf(json),
  };
}

/** Of VERSION and of errors: what the runtime speaks, as far as that can be told. */
export function versionOf(text: string, otherwise: string): string {
  try {
    return stringOf(decode(text), "cniVersion") ?? otherwise;
  } catch {
    return otherwise;
  }
}

function decode(text: string): Json {
  if (text.length > MAX_CONFIG_BYTES) throw undecodable(`it has ${text.length} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw undecodable((cause as Error).message);
  }
  if (!isObject(value)) throw undecodable("it is no JSON object");
  return value;
}

function subnetsOf(ipam: Json): Cidr[] {
  const ranges = ipam["ranges"];
  if (!Array.isArray(ranges) || ranges.length === 0) {
    throw invalid(`ipam.ranges must name the node's pod subnets`);
  }
  const subnets = ranges.map((range: unknown, at) => {
    const place = `ipam.ranges[${at}]`;
    const first: unknown = Array.isArray(range) && range.length === 1 ? range[0] : undefined;
    const subnet = isObject(first) ? stringOf(first, "subnet") : undefined;
    return cidr(subnet, `${place}[0].subnet`);
  });
  if (new Set(subnets.map(({ family }) => family)).size < subnets.length) {
    throw invalid("ipam.ranges has two subnets of one family");
  }
  return subnets;
}

function cidrsOf(value: unknown, place: string): Cidr[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid(`${place} must be a list`);
  return value.map((each: unknown, at) => cidr(each, `${place}[${at}]`));
}

function cidr(value: unknown, place: string): Cidr {
  const parsed = typeof value === "string" ? Cidr.tryParse(value) : undefined;
  if (parsed === undefined) throw invalid(`${place} ${JSON.stringify(value)} is no subnet`);
  return parsed;
}

function portMappingsOf(json: Json): PortMapping[] {
  const mappings = objectOf(json, "runtimeConfig")?.["portMappings"] ?? [];
  if (!Array.isArray(mappings)) throw invalid("runtimeConfig.portMappings must be a list");
  return mappings.map((given: unknown, at) => {
    const place = `runtimeConfig.portMappings[${at}]`;
    if (!isObject(given)) throw invalid(`${place} must be an object`);
    const mapping = withSmallInitials(given);
    const protocol = PROTOCOLS.find((each) => each === (mapping["protocol"] ?? "tcp"));
    if (protocol === undefined)
      throw invalid(`${place}.protocol is none of ${PROTOCOLS.join(", ")}`);
    const hostIp = stringOf(mapping, "hostIP") ?? "";
    if (hostIp !== "" && IpAddress.tryParse(hostIp) === undefined) {
      throw invalid(`${place}.hostIP ${JSON.stringify(hostIp)} is no address`);
    }
    const hostPort = port(mapping, "hostPort", place);
    return { hostPort, containerPort: port(mapping, "containerPort", place), protocol, hostIp };
  });
}

/** Runtimes write HostPort where the protocol says hostPort. */
function withSmallInitials(json: Json): Json {
  const entries = Object.entries(json);
  return Object.fromEntries(
    entries.map(([key, value]) => [key.slice(0, 1).toLowerCase() + key.slice(1), value]),
  );
}

function port(mapping: Json, key: string, place: string): number {
  const value = numberOf(mapping, key) ?? 0;
  if (value >= 1 && value <= MAX_PORT) return value;
  throw invalid(`${place}.${key} is no port`);
}

function previousOf(json: Json): PreviousResult | undefined {
  const previous = objectOf(json, "prevResult");
  if (previous === undefined) return undefined;
  const ips = Array.isArray(previous["ips"]) ? (previous["ips"] as unknown[]) : [];
  return {
    ips: ips.filter(isObject).map((ip) => ({ address: stringOf(ip, "address") ?? "" })),
  };
}

function attachmentsOf(json: Json): Attachment[] {
  const value = json["cni.dev/valid-attachments"];
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).filter(isObject).map((each) => ({
    containerId: stringOf(each, "containerID") ?? "",
    ifname: stringOf(each, "ifname") ?? "",
  }));
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(json: Json, key: string): Json | undefined {
  const value = json[key];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw invalid(`${key} must be an object`);
  return value;
}

function stringOf(json: Json, key: string): string | undefined {
  const value = json[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw invalid(`${key} must be a string`);
  return value;
}

function numberOf(json: Json, key: string): number | undefined {
  const value = json[key];
  if (value === undefined || value === null || value === 0) return undefined;
  if (!Number.isInteger(value)) throw invalid(`${key} must be a whole number`);
  return value as number;
}

function needed(value: string | undefined, key: string): string {
  if (value === undefined) throw invalid(`${key} is missing`);
  return value;
}

function invalid(message: string): CniError {
  return new CniError(CniErrorCode.invalidConfig, `invalid network configuration: ${message}`);
}

function undecodable(why: string): CniError {
  return new CniError(CniErrorCode.decode, `cannot read the network configuration: ${why}`);
}
