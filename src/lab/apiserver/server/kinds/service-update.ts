/** What an update of a Service leaves as it was, and what it may not change. */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asList, asText, isEqualJson, recordsAt } from "../json.ts";
import { isHealthChecked, refused, WITH_NODE_PORTS } from "./service-allocation.ts";

/** Fields that make sense with node ports only, and go with them. */
const OF_NODE_PORTS = [
  "externalTrafficPolicy",
  "healthCheckNodePort",
  "allocateLoadBalancerNodePorts",
];

/** The first of `clusterIPs` is `clusterIP`: who changed one of them alone meant both. */
export function settleAddresses(spec: JsonObject, old: JsonObject): void {
  const isListSame = isEqualJson(spec["clusterIPs"], old["clusterIPs"]);
  if (!isListSame || spec["clusterIP"] === old["clusterIP"]) return;
  const address = asText(spec["clusterIP"]);
  if (address === "") delete spec["clusterIPs"];
  else spec["clusterIPs"] = [address, ...asList(spec["clusterIPs"]).slice(1)];
}

export function checkAddresses(object: KubeObject, spec: JsonObject, old: JsonObject): void {
  if (spec["type"] === "ExternalName" || old["type"] === "ExternalName") return;
  const before = asText(old["clusterIP"]);
  const given = asList(spec["clusterIPs"]);
  const after = asText(given[0] ?? spec["clusterIP"]);
  if (before === "" || after === "" || after === before) return;
  throw refused(object, "spec.clusterIPs[0]", [...given], "may not change once set");
}

/** What an update leaves out stays as it is: kubectl replaces Services with their first manifest. */
export function keepAllocated(spec: JsonObject, old: JsonObject): void {
  if (spec["type"] === "ExternalName") {
    for (const field of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) {
      delete spec[field];
    }
    dropNodePorts(spec, old);
    return;
  }
  if (old["type"] === "ExternalName") return;
  for (const field of ["clusterIP", "clusterIPs"]) {
    const isEmpty = asText(spec[field]) === "" && asList(spec[field]).length === 0;
    if (isEmpty && old[field] !== undefined) spec[field] = structuredClone(old[field]);
  }
  for (const field of ["ipFamilies", "ipFamilyPolicy"]) {
    if (spec[field] === undefined && old[field] !== undefined) {
      spec[field] = structuredClone(old[field]);
    }
  }
  if (!WITH_NODE_PORTS.has(asText(spec["type"]))) {
    dropNodePorts(spec, old);
    return;
  }
  const isHealthKept = isEqualJson(spec["healthCheckNodePort"], old["healthCheckNodePort"]);
  if (isHealthChecked(spec)) spec["healthCheckNodePort"] ??= old["healthCheckNodePort"] ?? 0;
  else if (isHealthKept) delete spec["healthCheckNodePort"];
  for (const port of recordsAt(spec, "ports")) {
    if ((port["nodePort"] ?? 0) !== 0) continue;
    const before = recordsAt(old, "ports").find((one) => isSamePort(one, port));
    if (before?.["nodePort"] !== undefined) port["nodePort"] = before["nodePort"];
  }
}

function isSamePort(a: JsonObject, b: JsonObject): boolean {
  return a["port"] === b["port"] && (a["protocol"] ?? "TCP") === (b["protocol"] ?? "TCP");
}

/** A Service that becomes one without node ports still names them in what was read before. */
function dropNodePorts(spec: JsonObject, old: JsonObject): void {
  for (const port of recordsAt(spec, "ports")) dropKeptPort(port, old);
  for (const field of OF_NODE_PORTS) {
    if (isEqualJson(spec[field], old[field])) delete spec[field];
  }
}

function dropKeptPort(port: JsonObject, old: JsonObject): void {
  const before = recordsAt(old, "ports").find((one) => isSamePort(one, port));
  if (before !== undefined && before["nodePort"] === port["nodePort"]) delete port["nodePort"];
}
