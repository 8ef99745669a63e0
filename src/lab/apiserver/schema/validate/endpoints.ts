/** Endpoints and EndpointSlices. */
import { canonical, familyOf, validateAddress, validateOrdinaryAddress } from "./addresses.ts";
import { validateLabels, validateUnchanged } from "./metadata.ts";
import type { View } from "./view.ts";
import {
  dnsLabel,
  dnsSubdomain,
  fullDomain,
  labelValue,
  portNumber,
  qualifiedName,
} from "./words.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const FAMILIES: Readonly<Record<string, 4 | 6>> = { IPv4: 4, IPv6: 6 };
const ENDPOINTS_MAX = 1_000;
const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const HINTS_MAX = 8;

export function validateEndpoints(object: View): void {
  for (const subset of object.at("subsets").items()) {
    const lists = [subset.at("addresses"), subset.at("notReadyAddresses")];
    if (lists.every((list) => list.items().length === 0)) {
      subset.required("must specify `addresses` or `notReadyAddresses`");
    }
    for (const address of lists.flatMap((list) => list.items())) validateEndpointAddress(address);
    const ports = subset.at("ports").items();
    for (const port of ports) validatePort(port, ports.length > 1);
  }
}

function validateEndpointAddress(address: View): void {
  const [ip, host, node] = [address.at("ip"), address.at("hostname"), address.at("nodeName")];
  const isAddress = validateAddress(ip);
  if (host.text !== "") host.invalids(dnsLabel(host.text));
  if (node.isThere) node.invalids(dnsSubdomain(node.text));
  if (isAddress) validateOrdinaryAddress(ip);
  else ip.invalid("must be a valid IP address", ip.text);
}

function validatePort(port: View, needsName: boolean): void {
  const [name, number] = [port.at("name"), port.at("port")];
  if (name.text !== "") name.invalids(dnsLabel(name.text));
  else if (needsName) name.required();
  number.invalids(portNumber(number.number), number.number);
  port.at("protocol").oneOf(PROTOCOLS);
  const protocol = port.at("appProtocol");
  if (protocol.isThere) protocol.invalids(qualifiedName(protocol.text));
}

export function validateEndpointSlice(object: View): void {
  object.at("addressType").oneOf(ADDRESS_TYPES);
  validateSlicePorts(object.at("ports"));
  const endpoints = object.at("endpoints");
  const count = endpoints.items().length;
  if (count > ENDPOINTS_MAX) return endpoints.tooMany(count, ENDPOINTS_MAX);
  for (const endpoint of endpoints.items()) {
    validateEndpoint(endpoint, object.at("addressType").text);
  }
}

function validateSlicePorts(ports: View): void {
  const count = ports.items().length;
  if (count > PORTS_MAX) return ports.tooMany(count, PORTS_MAX);
  const names = new Set<string>();
  for (const port of ports.items()) {
    const [name, protocol] = [port.at("name"), port.at("protocol")];
    if (name.text !== "") name.invalids(dnsLabel(name.text));
    if (names.has(name.text)) name.duplicate(name.text);
    names.add(name.text);
    if (!protocol.isThere) protocol.required();
    else if (!PROTOCOLS.includes(protocol.text)) protocol.unsupported(PROTOCOLS);
    const application = port.at("appProtocol");
    if (application.isThere) application.invalids(qualifiedName(application.text));
  }
}

function validateEndpoint(endpoint: View, type: string): void {
  const addresses = endpoint.at("addresses");
  const count = addresses.items().length;
  if (count === 0) addresses.required("must contain at least 1 address");
  else if (count > ADDRESSES_MAX) addresses.tooMany(count, ADDRESSES_MAX);
  for (const address of addresses.items()) validateSliceAddress(addresses, address, type);
  const [node, host] = [endpoint.at("nodeName"), endpoint.at("hostname")];
  if (node.isThere) node.invalids(dnsSubdomain(node.text));
  validateLabels(endpoint.at("deprecatedTopology"));
  if (host.isThere) host.invalids(dnsLabel(host.text));
  validateHints(endpoint.at("hints", "forZones"), labelValue);
  validateHints(endpoint.at("hints", "forNodes"), dnsSubdomain);
}

function validateSliceAddress(addresses: View, address: View, type: string): void {
  const family = FAMILIES[type];
  if (family === undefined) {
    if (type === "FQDN") address.invalids(fullDomain(address.text));
    return;
  }
  if (!validateAddress(address)) return;
  const form = canonical(address.text);
  if (family === 6 && form !== address.text) {
    return address.invalid(`must be in canonical form (${JSON.stringify(form)})`);
  }
  // The wrong family is told of at the list.
  if (familyOf(address.text) !== family) {
    addresses.invalid(`must be an ${type} address`, address.text);
  }
  validateOrdinaryAddress(address);
}

function validateHints(hints: View, check: (name: string) => string[]): void {
  const count = hints.items().length;
  if (count > HINTS_MAX) return hints.tooMany(count, HINTS_MAX);
  const names = new Set<string>();
  for (const hint of hints.items()) {
    const name = hint.at("name");
    if (names.has(name.text)) name.duplicate(name.text);
    names.add(name.text);
    name.invalids(check(name.text), name.text);
  }
}

export function validateEndpointSliceChange(object: View, old: View): void {
  validateUnchanged(object.at("addressType"), old.at("addressType"));
}
