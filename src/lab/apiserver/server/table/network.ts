/** The rows of Services, endpoints, policies and ingresses. */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asList, asRecord, asShown, asText, at, recordsAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { AGE, labelsText, NAME, selectorText, someOf, text, wide } from "./columns.ts";
import type { TableKind } from "./types.ts";

/** How many addresses, ports or hosts a cell shows. */
const MAX_SHOWN = 3;

const services: TableKind = {
  columns: [
    NAME,
    text("Type"),
    text("Cluster-IP"),
    text("External-IP"),
    text("Port(s)"),
    AGE,
    wide("Selector"),
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      textAt(object, "spec", "type"),
      asText(asList(at(object, "spec", "clusterIPs"))[0]) || "<none>",
      externalAddress(object),
      recordsAt(object, "spec", "ports").map(portText).join(",") || "<none>",
      ageOf(object.metadata.creationTimestamp, nowMs),
      labelsText(asRecord(at(object, "spec", "selector"))),
    ],
  }),
};

function externalAddress(service: KubeObject): string {
  const type = textAt(service, "spec", "type");
  if (type === "ExternalName") return textAt(service, "spec", "externalName");
  const external = asList(at(service, "spec", "externalIPs")).map(asText);
  const balanced = type === "LoadBalancer" ? loadBalancerAddresses(service) : [];
  const all = [...balanced, ...external];
  if (all.length > 0) return all.join(",");
  return type === "LoadBalancer" ? "<pending>" : "<none>";
}

function loadBalancerAddresses(object: KubeObject): string[] {
  return recordsAt(object, "status", "loadBalancer", "ingress")
    .map((one) => textAt(one, "ip") || textAt(one, "hostname"))
    .filter((one) => one !== "");
}

function portText(port: JsonObject): string {
  const { port: number, nodePort, protocol } = port;
  const node = typeof nodePort === "number" && nodePort > 0 ? `:${nodePort}` : "";
  return `${asShown(number)}${node}/${asText(protocol) || "TCP"}`;
}

const endpoints: TableKind = {
  columns: [NAME, text("Endpoints"), AGE],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      someOf(endpointTexts(object), MAX_SHOWN, "<none>"),
      ageOf(object.metadata.creationTimestamp, nowMs),
    ],
  }),
};

function endpointTexts(object: KubeObject): string[] {
  return recordsAt(object, "subsets").flatMap((subset) => {
    const addresses = recordsAt(subset, "addresses").map((one) => asText(one["ip"]));
    const ports = recordsAt(subset, "ports");
    if (ports.length === 0) return addresses;
    return ports.flatMap(({ port }) => addresses.map((address) => hostPort(address, port)));
  });
}

function hostPort(address: string, port: unknown): string {
  return address.includes(":") ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}

const endpointSlices: TableKind = {
  columns: [NAME, text("AddressType"), text("Ports"), text("Endpoints"), AGE],
  cellsOf: (object, nowMs) => {
    const ports = recordsAt(object, "ports").map((one) =>
      asShown(one["port"] ?? one["name"] ?? "*"),
    );
    const addresses = recordsAt(object, "endpoints").flatMap((one) =>
      asList(one["addresses"]).map(asText),
    );
    return {
      cells: [
        object.metadata.name ?? "",
        asText(object["addressType"]),
        someOf(ports, MAX_SHOWN, "<unset>"),
        someOf(addresses, MAX_SHOWN, "<unset>"),
        ageOf(object.metadata.creationTimestamp, nowMs),
      ],
    };
  },
};

const policies: TableKind = {
  columns: [NAME, text("Pod-Selector"), AGE],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      selectorText(at(object, "spec", "podSelector")),
      ageOf(object.metadata.creationTimestamp, nowMs),
    ],
  }),
};

const ingresses: TableKind = {
  columns: [NAME, text("Class"), text("Hosts"), text("Address"), text("Ports"), AGE],
  cellsOf: (object, nowMs) => {
    const hosts = recordsAt(object, "spec", "rules")
      .map((rule) => asText(rule["host"]))
      .filter((host) => host !== "");
    return {
      cells: [
        object.metadata.name ?? "",
        textAt(object, "spec", "ingressClassName") || "<none>",
        someOf(hosts, MAX_SHOWN, "*"),
        loadBalancerAddresses(object).join(","),
        recordsAt(object, "spec", "tls").length > 0 ? "80, 443" : "80",
        ageOf(object.metadata.creationTimestamp, nowMs),
      ],
    };
  },
};

const ingressClasses: TableKind = {
  columns: [NAME, text("Controller"), text("Parameters"), AGE],
  cellsOf: (object, nowMs) => {
    const parameters = asRecord(at(object, "spec", "parameters"));
    const kind = textAt(parameters, "kind");
    const group = textAt(parameters, "apiGroup");
    const qualified = group === "" ? kind : `${kind}.${group}`;
    return {
      cells: [
        object.metadata.name ?? "",
        textAt(object, "spec", "controller"),
        parameters === undefined ? "<none>" : `${qualified}/${textAt(parameters, "name")}`,
        ageOf(object.metadata.creationTimestamp, nowMs),
      ],
    };
  },
};

export const NETWORK_TABLES: Readonly<Record<string, TableKind>> = {
  "/Service": services,
  "/Endpoints": endpoints,
  "discovery.k8s.io/EndpointSlice": endpointSlices,
  "networking.k8s.io/NetworkPolicy": policies,
  "networking.k8s.io/Ingress": ingresses,
  "networking.k8s.io/IngressClass": ingressClasses,
};
