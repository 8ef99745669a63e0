/** The addresses and node ports of one Service: taken where it names them, else found. */
import type { IpFamily } from "#base";
import { invalid } from "../../schema/status-error.ts";
import type { Json, JsonObject, KubeObject } from "../../schema/types.ts";
import type { ApiContext } from "../context.ts";
import { invalidValue } from "../errors.ts";
import { asList, asText, at, numberAt, recordsAt } from "../json.ts";
import type { Write } from "../write.ts";
import { NODE_PORTS, type Refusal, type ServiceAllocator } from "./service-allocator.ts";

const KIND = { group: "", kind: "Service" };

export const WITH_NODE_PORTS = new Set(["NodePort", "LoadBalancer"]);

export const HEADLESS = "None";
const LAST_PORT = 65_535;

export function addressesOf(spec: JsonObject): string[] {
  return asList(spec["clusterIPs"])
    .map(asText)
    .filter((address) => address !== "" && address !== HEADLESS);
}

export function portsOf(spec: JsonObject): number[] {
  const ports = recordsAt(spec, "ports").map((port) => port["nodePort"]);
  const health = spec["healthCheckNodePort"];
  return [...ports, health].filter((port): port is number => typeof port === "number" && port > 0);
}

export function allocateAddresses(
  { services }: ApiContext,
  object: KubeObject,
  spec: JsonObject,
  kept: readonly string[],
  write: Write,
): void {
  if (spec["type"] === "ExternalName") return;
  const given = asList(spec["clusterIPs"]).map(asText);
  if (given.length === 0 && asText(spec["clusterIP"]) !== "") given.push(asText(spec["clusterIP"]));
  if (given[0] === HEADLESS) {
    spec["clusterIP"] = HEADLESS;
    spec["clusterIPs"] = [HEADLESS];
    return;
  }
  const addresses = asList(spec["ipFamilies"]).map((family, index) => {
    const wanted = given[index];
    if (wanted !== undefined && wanted !== "") {
      if (!kept.includes(wanted)) takeAddress(services, object, wanted, write);
      return wanted;
    }
    return nextAddress(services, object, family === "IPv6" ? 6 : 4, write);
  });
  put(spec, addresses);
}

function put(spec: JsonObject, addresses: readonly string[]): void {
  spec["clusterIP"] = addresses[0] ?? "";
  spec["clusterIPs"] = [...addresses];
}

function nextAddress(
  services: ServiceAllocator,
  object: KubeObject,
  family: IpFamily,
  write: Write,
): string {
  const address = services.nextAddress(family);
  if (address === undefined) {
    throw refused(object, "spec.clusterIPs", [], "failed to allocate IP: range is full");
  }
  write.onFailure(() => services.releaseAddress(address));
  return address;
}

function takeAddress(
  services: ServiceAllocator,
  object: KubeObject,
  address: string,
  write: Write,
): void {
  const refusal = services.takeAddress(address);
  if (refusal === undefined) {
    write.onFailure(() => services.releaseAddress(address));
    return;
  }
  const why: Record<Refusal, string> = {
    taken: "provided IP is already allocated",
    "out-of-range": "the provided network does not match the current range",
  };
  const given = at(object, "spec", "clusterIPs") ?? [address];
  throw refused(
    object,
    "spec.clusterIPs",
    given,
    `failed to allocate IP ${address}: ${why[refusal]}`,
  );
}

/** TCP and UDP of one number share a node port within a Service, as in a real cluster. */
export function allocatePorts(
  { services }: ApiContext,
  object: KubeObject,
  spec: JsonObject,
  kept: ReadonlySet<number>,
  write: Write,
): void {
  if (!WITH_NODE_PORTS.has(asText(spec["type"]))) return;
  const isWanted = spec["allocateLoadBalancerNodePorts"] !== false || spec["type"] === "NodePort";
  const own = new Set<number>(kept);
  const seen = new Set<string>();
  for (const [index, port] of recordsAt(spec, "ports").entries()) {
    const field = `spec.ports[${index}].nodePort`;
    const wanted = port["nodePort"];
    if (typeof wanted === "number" && wanted !== 0) {
      const name = `${asText(port["protocol"])}/${wanted}`;
      if (!own.has(wanted) || seen.has(name)) takePort(services, object, field, wanted, write);
      seen.add(name);
      own.add(wanted);
    } else if (isWanted) {
      const found = nextPort(services, object, field, write);
      own.add(found);
      port["nodePort"] = found;
    }
  }
  if (!isHealthChecked(spec)) return;
  const [field, health] = ["spec.healthCheckNodePort", numberAt(spec, "healthCheckNodePort") ?? 0];
  if (health === 0) spec["healthCheckNodePort"] = nextPort(services, object, field, write);
  else if (isPort(health) && !own.has(health)) takePort(services, object, field, health, write);
}

/** What is none is validation's to refuse. */
const isPort = (port: number): boolean => port > 0 && port <= LAST_PORT;

/** Whether those who balance its load are told by the nodes which of them have a Pod. */
export function isHealthChecked(spec: JsonObject): boolean {
  return spec["type"] === "LoadBalancer" && spec["externalTrafficPolicy"] === "Local";
}

function nextPort(
  services: ServiceAllocator,
  object: KubeObject,
  field: string,
  write: Write,
): number {
  const found = services.nextPort();
  if (found === undefined) {
    throw refused(object, field, 0, "failed to allocate a nodePort: range is full");
  }
  write.onFailure(() => services.releasePort(found));
  return found;
}

function takePort(
  services: ServiceAllocator,
  object: KubeObject,
  field: string,
  port: number,
  write: Write,
): void {
  const refusal = services.takePort(port);
  if (refusal === undefined) {
    write.onFailure(() => services.releasePort(port));
    return;
  }
  const range = `${NODE_PORTS.first}-${NODE_PORTS.last}`;
  const why: Record<Refusal, string> = {
    taken: "provided port is already allocated",
    "out-of-range": `provided port is not in the valid range. The range of valid ports is ${range}`,
  };
  throw refused(object, field, port, why[refusal]);
}

export function refused(object: KubeObject, field: string, value: Json, why: string): Error {
  return invalid(KIND, object.metadata.name ?? "", [invalidValue(field, value, why)]);
}
