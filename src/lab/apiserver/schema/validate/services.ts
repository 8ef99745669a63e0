import { IpAddress } from "#base";
import { validateLabels } from "./metadata.ts";
import { validatePortOrName } from "./containers.ts";
import { View } from "./view.ts";
import { between, dnsLabel, dnsSubdomain, portNumber, qualifiedName } from "./words.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const POLICIES = ["Cluster", "Local"];
const AFFINITY_MAX_SECONDS = 86_400;
const IP_WORDS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

const isIp = (text: string): boolean => {
  try {
    IpAddress.parse(text);
    return true;
  } catch {
    return false;
  }
};

const isHeadless = (spec: View): boolean =>
  spec.at("clusterIP").text === "None" ||
  spec
    .at("clusterIPs")
    .items()
    .some(({ text }) => text === "None");

export function validateService(object: View): void {
  const spec = object.at("spec");
  const type = spec.at("type").text;
  const ports = spec.at("ports");
  if (ports.items().length === 0 && !isHeadless(spec) && type !== "ExternalName") ports.required();
  if (isHeadless(spec) && (type === "LoadBalancer" || type === "NodePort")) {
    const first = new View("None", `${spec.path}.clusterIPs[0]`, spec.causes);
    first.invalid(`may not be set to 'None' for ${type} services`);
  }
  if (type === "ExternalName") validateExternalName(spec);
  validatePorts(spec);
  validateLabels(spec.at("selector"));
  validateAffinity(spec);
  validateAddresses(spec);
  spec.at("type").oneOf(TYPES);
  validateTraffic(spec);
}

function validateExternalName(spec: View): void {
  const name = spec.at("externalName");
  if (spec.at("clusterIPs").items().length > 0) {
    spec.at("clusterIPs").forbidden("may not be set for ExternalName services");
  }
  const host = name.text.replace(/\.$/, "");
  if (host === "") name.required();
  else name.invalids(dnsSubdomain(host));
}

function validatePorts(spec: View): void {
  const ports = spec.at("ports").items();
  for (const port of ports) validatePort(port, ports.length > 1);
  View.unique(ports.map((port) => port.at("name")));
  const seen = new Set<string>();
  const isClusterIp = spec.at("type").text === "ClusterIP";
  for (const port of ports) {
    const protocol = port.at("protocol").text;
    const node = port.at("nodePort");
    if (node.number !== 0) {
      if (isClusterIp) node.forbidden("may not be used when `type` is 'ClusterIP'");
      else if (seen.has(`node ${protocol} ${node.number}`)) node.duplicate();
      seen.add(`node ${protocol} ${node.number}`);
    }
    const key = `${protocol} ${port.at("port").number}`;
    if (seen.has(key)) port.duplicate({ protocol, port: port.at("port").number, targetPort: 0 });
    seen.add(key);
  }
}

function validatePort(port: View, needsName: boolean): void {
  const name = port.at("name");
  if (name.text !== "") name.invalids(dnsLabel(name.text));
  else if (needsName) name.required();
  port.at("port").invalids(portNumber(port.at("port").number), port.at("port").number);
  port.at("protocol").oneOf(PROTOCOLS);
  validatePortOrName(port.at("targetPort"));
  const protocol = port.at("appProtocol");
  if (protocol.isThere) protocol.invalids(qualifiedName(protocol.text));
}

function validateAffinity(spec: View): void {
  spec.at("sessionAffinity").oneOf(["ClientIP", "None"]);
  const timeout = spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds");
  if (spec.at("sessionAffinity").text !== "ClientIP") return;
  if (between(timeout.number, 1, AFFINITY_MAX_SECONDS).length > 0) {
    timeout.invalid(`must be greater than 0 and less than ${AFFINITY_MAX_SECONDS}`);
  }
}

function validateAddresses(spec: View): void {
  for (const address of spec.at("clusterIPs").items()) {
    if (address.text === "None" || isIp(address.text)) continue;
    address.invalid(IP_WORDS);
  }
  for (const address of spec.at("externalIPs").items()) {
    if (!isIp(address.text)) address.invalid(IP_WORDS);
  }
  const [single, first] = [spec.at("clusterIP"), spec.at("clusterIPs").items()[0]];
  if (single.text !== "" && first !== undefined && first.text !== single.text) {
    spec.at("clusterIPs").invalid("first value must match `clusterIP`");
  } else if (
    first === undefined &&
    single.text !== "" &&
    single.text !== "None" &&
    !isIp(single.text)
  ) {
    new View([single.text], "spec.clusterIPs", spec.causes).items()[0]?.invalid(IP_WORDS);
  }
}

function validateTraffic(spec: View): void {
  const type = spec.at("type").text;
  const external = spec.at("externalTrafficPolicy");
  const isExternal =
    type === "LoadBalancer" ||
    type === "NodePort" ||
    (type === "ClusterIP" && spec.at("externalIPs").items().length > 0);
  if (!isExternal && external.text !== "") {
    external.invalid("may only be set for externally-accessible services");
  } else if (isExternal) {
    external.oneOf(POLICIES);
  }
  const internal = spec.at("internalTrafficPolicy");
  if (internal.isThere && !POLICIES.includes(internal.text)) internal.unsupported(POLICIES);
  if (type !== "LoadBalancer" && spec.at("allocateLoadBalancerNodePorts").isThere) {
    spec
      .at("allocateLoadBalancerNodePorts")
      .forbidden("may only be used when `type` is 'LoadBalancer'");
  }
}

/** Cluster addresses stay, but where the type goes to or from ExternalName. */
export function validateServiceChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  if ([spec, before].some((each) => each.at("type").text === "ExternalName")) return;
  if (isHeadless(spec) && isHeadless(before)) return;
  const [now, then] = [spec.at("clusterIPs"), before.at("clusterIPs")];
  const [count, oldCount] = [now.items().length, then.items().length];
  const first = new View(now.value ?? null, "spec.clusterIPs[0]", spec.causes);
  if (oldCount > 0 && count === 0) return first.invalid("primary clusterIP can not be unset");
  for (const [index, address] of then.items().entries()) {
    const at = now.items()[index];
    if (at !== undefined && at.text !== address.text)
      at.invalid("may not change once set", now.value);
  }
  if (oldCount > count && spec.at("ipFamilyPolicy").text !== "SingleStack") {
    spec
      .at("ipFamilyPolicy")
      .invalid("must be set to 'SingleStack' when releasing the secondary clusterIP");
  }
}
