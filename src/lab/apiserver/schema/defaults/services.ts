import { type Defaulter, ensure, fill, fillZero, objectAt, objectsAt } from "./fill.ts";
import type { JsonObject } from "../types.ts";

const CORE = "io.k8s.api.core.v1";
const AFFINITY_SECONDS = 10_800;

function defaultAffinity(spec: JsonObject): void {
  fillZero(spec, { sessionAffinity: "None" });
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"];
  if (spec["sessionAffinity"] !== "ClientIP") return;
  const clientIp = objectAt(spec, "sessionAffinityConfig", "clientIP");
  if (clientIp?.["timeoutSeconds"] !== undefined) return;
  spec["sessionAffinityConfig"] = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

function isExternal(spec: JsonObject): boolean {
  const { type, externalIPs } = spec;
  if (type === "LoadBalancer" || type === "NodePort") return true;
  return type === "ClusterIP" && Array.isArray(externalIPs) && externalIPs.length > 0;
}

const service: Defaulter = (object) => {
  const spec = ensure(object, "spec");
  defaultAffinity(spec);
  fillZero(spec, { type: "ClusterIP" });
  for (const port of objectsAt(spec, "ports")) {
    fillZero(port, { protocol: "TCP" });
    fillZero(port, { targetPort: port["port"] ?? 0 });
  }
  if (isExternal(spec)) fillZero(spec, { externalTrafficPolicy: "Cluster" });
  if (spec["type"] !== "ExternalName") fill(spec, { internalTrafficPolicy: "Cluster" });
  if (spec["type"] !== "LoadBalancer") return;
  fill(spec, { allocateLoadBalancerNodePorts: true });
  for (const ingress of objectsAt(objectAt(object, "status", "loadBalancer"), "ingress")) {
    if (ingress["ip"] !== undefined) fill(ingress, { ipMode: "VIP" });
  }
};

const networkPolicy: Defaulter = (object) => {
  const spec = objectAt(object, "spec");
  if (spec === undefined || objectsOrTexts(spec, "policyTypes") > 0) return;
  const isEgress = objectsOrTexts(spec, "egress") > 0;
  spec["policyTypes"] = isEgress ? ["Ingress", "Egress"] : ["Ingress"];
};

function objectsOrTexts(object: JsonObject, key: string): number {
  const list = object[key];
  return Array.isArray(list) ? list.length : 0;
}

export const serviceDefaults: Readonly<Record<string, Defaulter>> = {
  [`${CORE}.Service`]: service,
  [`${CORE}.EndpointPort`]: (object) => fillZero(object, { protocol: "TCP" }),
  "io.k8s.api.discovery.v1.EndpointPort": (object) => fill(object, { name: "", protocol: "TCP" }),
  "io.k8s.api.networking.v1.NetworkPolicy": networkPolicy,
  "io.k8s.api.networking.v1.NetworkPolicyPort": (object) => fill(object, { protocol: "TCP" }),
  "io.k8s.api.networking.v1.IngressClassParametersReference": (object) =>
    fill(object, { scope: "Cluster" }),
};
