import { isIp, validateAddress, validateBlock, validateOrdinaryAddress } from "./addresses.ts";
import { validateLabels } from "./metadata.ts";
import { validatePortOrName } from "./pods/handlers.ts";
import {
  isHeadless,
  validateAddressesKept,
  validateServiceAddresses,
} from "./service-addresses.ts";
import type { View } from "./view.ts";
import { between, dnsLabel, dnsSubdomain, portNumber, qualifiedName } from "./words.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const POLICIES = ["Cluster", "Local"];
const DISTRIBUTIONS = ["PreferClose", "PreferSameZone", "PreferSameNode"];
const IP_MODES = ["Proxy", "VIP"];
const AFFINITY_MAX_SECONDS = 86_400;
const ONLY_BALANCERS = "may only be used when `type` is 'LoadBalancer'";
const ONLY_HEALTH_CHECKED =
  "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";

export function validateService(object: View): void {
  const spec = object.at("spec");
  const type = spec.at("type").text;
  const ports = spec.at("ports");
  if (ports.items().length === 0 && !isHeadless(spec) && type !== "ExternalName") ports.required();
  if (type === "ExternalName") {
    validateExternalName(spec);
  } else if (isHeadless(spec) && (type === "LoadBalancer" || type === "NodePort")) {
    const first = spec.at("clusterIPs").items()[0];
    first?.invalid(`may not be set to 'None' for ${type} services`);
  }
  validatePorts(ports);
  validateLabels(spec.at("selector"));
  validateAffinity(spec);
  validateServiceAddresses(spec);
  for (const address of spec.at("externalIPs").items()) {
    if (validateAddress(address)) validateOrdinaryAddress(address);
  }
  spec.at("type").oneOf(TYPES);
  validateUniquePorts(ports, type);
  validateBalancer(spec);
  validateExternalTraffic(spec);
  const internal = spec.at("internalTrafficPolicy");
  if (internal.isThere && !POLICIES.includes(internal.text)) internal.unsupported(POLICIES);
  const distribution = spec.at("trafficDistribution");
  if (distribution.isThere && !DISTRIBUTIONS.includes(distribution.text)) {
    distribution.unsupported(DISTRIBUTIONS);
  }
}

function validateExternalName(spec: View): void {
  for (const key of ["clusterIPs", "ipFamilies", "ipFamilyPolicy"]) {
    const field = spec.at(key);
    const isSet = Array.isArray(field.value) ? field.value.length > 0 : field.isThere;
    if (isSet) field.forbidden("may not be set for ExternalName services");
  }
  const name = spec.at("externalName");
  const host = name.text.replace(/\.$/, "");
  if (host === "") name.required();
  else name.invalids(dnsSubdomain(host), host);
}

function validatePorts(ports: View): void {
  const names = new Set<string>();
  for (const port of ports.items()) {
    const name = port.at("name");
    if (name.text !== "") {
      name.invalids(dnsLabel(name.text));
      if (names.has(name.text)) name.duplicate();
      names.add(name.text);
    } else if (ports.items().length > 1) {
      name.required();
    }
    port.at("port").invalids(portNumber(port.at("port").number), port.at("port").number);
    port.at("protocol").oneOf(PROTOCOLS);
    validatePortOrName(port.at("targetPort"));
    const protocol = port.at("appProtocol");
    if (protocol.isThere) protocol.invalids(qualifiedName(protocol.text));
  }
}

function validateUniquePorts(ports: View, type: string): void {
  const [nodePorts, numbers] = [new Set<string>(), new Set<string>()];
  for (const port of ports.items()) {
    const node = port.at("nodePort");
    if (type === "ClusterIP" && node.number !== 0) {
      node.forbidden("may not be used when `type` is 'ClusterIP'");
    }
  }
  for (const port of ports.items()) {
    const node = port.at("nodePort");
    const key = `${port.at("protocol").text} ${node.number}`;
    if (node.number !== 0 && nodePorts.has(key)) node.duplicate();
    nodePorts.add(key);
  }
  for (const port of ports.items()) {
    const [protocol, number] = [port.at("protocol").text, port.at("port").number];
    const key = `${protocol} ${number}`;
    // As the API server keeps the two that count.
    const [shown, none] = [
      { Name: "", Protocol: protocol },
      { TargetPort: 0, NodePort: 0 },
    ];
    if (numbers.has(key)) port.duplicate({ ...shown, AppProtocol: null, Port: number, ...none });
    numbers.add(key);
  }
}

function validateAffinity(spec: View): void {
  const affinity = spec.at("sessionAffinity");
  affinity.oneOf(["ClientIP", "None"]);
  const timeout = spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds");
  if (affinity.text !== "ClientIP") return;
  if (between(timeout.number, 1, AFFINITY_MAX_SECONDS).length > 0) {
    timeout.invalid(`must be greater than 0 and less than ${AFFINITY_MAX_SECONDS}`);
  }
}

function validateBalancer(spec: View): void {
  const isBalancer = spec.at("type").text === "LoadBalancer";
  // Its messages write this field as its program does.
  const ranges = spec.at("loadBalancerSourceRanges").as(`${spec.path}.LoadBalancerSourceRanges`);
  if (ranges.items().length > 0 && !isBalancer) ranges.forbidden(ONLY_BALANCERS);
  for (const range of ranges.items()) validateBlock(range);
  const ports = spec.at("allocateLoadBalancerNodePorts");
  if (ports.isThere && !isBalancer) ports.forbidden(ONLY_BALANCERS);
  const name = spec.at("loadBalancerClass");
  if (!name.isThere) return;
  if (isBalancer) name.invalids(qualifiedName(name.text));
  else name.forbidden(ONLY_BALANCERS);
}

function validateExternalTraffic(spec: View): void {
  const type = spec.at("type").text;
  const [external, health] = [spec.at("externalTrafficPolicy"), spec.at("healthCheckNodePort")];
  const isExternal =
    type === "LoadBalancer" ||
    type === "NodePort" ||
    (type === "ClusterIP" && spec.at("externalIPs").items().length > 0);
  if (isExternal) external.oneOf(POLICIES);
  else if (external.text !== "") {
    external.invalid("may only be set for externally-accessible services");
  }
  if (isHealthChecked(spec)) {
    health.invalids(portNumber(health.number), health.number);
  } else if (health.number !== 0) {
    health.invalid(ONLY_HEALTH_CHECKED);
  }
}

const isHealthChecked = (spec: View): boolean =>
  spec.at("type").text === "LoadBalancer" && spec.at("externalTrafficPolicy").text === "Local";

/** Cluster addresses stay, but where the type goes to or from ExternalName. */
export function validateServiceChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  validateAddressesKept(spec, before);
  const health = spec.at("healthCheckNodePort");
  const isChecked = [spec, before].every(isHealthChecked);
  if (isChecked && health.value !== before.at("healthCheckNodePort").value) {
    health.forbidden("field is immutable");
  }
  const isBalancer = [spec, before].every((each) => each.at("type").text === "LoadBalancer");
  const [name, had] = [spec.at("loadBalancerClass"), before.at("loadBalancerClass")];
  if (isBalancer && name.value !== had.value) {
    name.invalid("may not change once set", name.value ?? null);
  }
}

export function validateServiceStatus(object: View): void {
  const list = object.at("status", "loadBalancer", "ingress");
  if (object.at("spec", "type").text !== "LoadBalancer") {
    if (list.items().length > 0) {
      list.forbidden("may only be used when `spec.type` is 'LoadBalancer'");
    }
    return;
  }
  for (const each of list.items()) {
    const [ip, mode, host] = [each.at("ip"), each.at("ipMode"), each.at("hostname")];
    if (ip.text !== "") validateAddress(ip);
    if (!mode.isThere) {
      if (ip.text !== "") mode.required("must be specified when `ip` is set");
    } else if (ip.text === "") mode.forbidden("may not be specified when `ip` is not set");
    else if (!IP_MODES.includes(mode.text)) mode.unsupported(IP_MODES);
    if (host.text === "") continue;
    host.invalids(dnsSubdomain(host.text));
    if (isIp(host.text)) host.invalid("must be a DNS name, not an IP address");
  }
}
