/** The pods behind a service, and the ports that they have for it. */
import { IpAddress } from "#base";

import { isFinished, type Pod } from "../model/pod.ts";
import { matchesLabels } from "../model/selector.ts";
import type { EndpointPort, Service, ServicePort } from "../model/service.ts";

export type Family = "IPv4" | "IPv6";

/** Undefined: endpoints of services without a selector are somebody else's to write. */
export function membersOf(service: Service, pods: readonly Pod[]): Pod[] | undefined {
  const { selector, type } = service.spec ?? {};
  if (selector === undefined || type === "ExternalName") return undefined;
  return pods.filter(
    (pod) =>
      !isFinished(pod) &&
      addressesOf(pod).length > 0 &&
      matchesLabels(selector, pod.metadata.labels),
  );
}

export function isHeadless(service: Service): boolean {
  const { clusterIP } = service.spec ?? {};
  return clusterIP === undefined || clusterIP === "" || clusterIP === "None";
}

/** In the service's order: the first is that of its Endpoints. */
export function familiesOf(service: Service): Family[] {
  const { ipFamilies = [], clusterIP = "" } = service.spec ?? {};
  const known = ipFamilies.filter((each) => each === "IPv4" || each === "IPv6");
  if (known.length > 0) return known;
  return [familyOf(clusterIP) ?? "IPv4"];
}

export function addressOf(pod: Pod, family: Family): string | undefined {
  return addressesOf(pod).find((address) => familyOf(address) === family);
}

/** Ports that the pod has for the service; a named port that it does not have is left out. */
export function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((port) => {
    const number = portNumber(pod, port);
    return number === undefined ? [] : [endpointPort(port, number)];
  });
}

function endpointPort(port: ServicePort, number: number): EndpointPort {
  return {
    // The API server keeps an unnamed port's name as empty text.
    name: port.name ?? "",
    port: number,
    protocol: port.protocol ?? "TCP",
    ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
  };
}

function portNumber(pod: Pod, port: ServicePort): number | undefined {
  const { targetPort, protocol = "TCP" } = port;
  if (targetPort === undefined || targetPort === 0 || targetPort === "") return port.port;
  if (typeof targetPort === "number") return targetPort;
  const sidecars = (pod.spec.initContainers ?? []).filter(
    ({ restartPolicy }) => restartPolicy === "Always",
  );
  return [...(pod.spec.containers ?? []), ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .find((each) => each.name === targetPort && (each.protocol ?? "TCP") === protocol)
    ?.containerPort;
}

function addressesOf(pod: Pod): string[] {
  const { podIPs = [], podIP = "" } = pod.status ?? {};
  const many = podIPs.map(({ ip }) => ip);
  return many.length > 0 || podIP === "" ? many : [podIP];
}

export function familyOf(address: string): Family | undefined {
  try {
    return IpAddress.parse(address).family === 4 ? "IPv4" : "IPv6";
  } catch {
    return undefined;
  }
}

/** Whether the pod has a name of its own under the service. */
export function hostnameIn(service: Service, pod: Pod): { hostname?: string } {
  const { hostname = "", subdomain } = pod.spec;
  return hostname !== "" && subdomain === service.metadata.name ? { hostname } : {};
}
