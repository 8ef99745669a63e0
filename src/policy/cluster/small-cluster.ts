/** A cluster for tests of what policies mean: two namespaces, three nodes, one an API server. */
import type { Outcome } from "./verdict.ts";
import { ClusterModel } from "./cluster-model.ts";
import { parsed } from "./three-tier.ts";
import type { PolicyOptions } from "../options.ts";

export type Json = Record<string, unknown>;

interface Port {
  readonly name: string;
  readonly containerPort: number;
  readonly protocol?: string;
}

/** A pod on node n1, with that label `app`. */
export function pod(
  namespace: string,
  app: string,
  ports: readonly Port[],
  labels: Json = {},
): Json {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: app, namespace, labels: { app, ...labels } },
    spec: { nodeName: "n1", containers: [{ name: app, ports }] },
  };
}

function node(name: string, address: string): Json {
  const status = { addresses: [{ type: "InternalIP", address }] };
  return { apiVersion: "v1", kind: "Node", metadata: { name }, status };
}

const kubernetes = { name: "kubernetes", namespace: "default" };
/** Whose policies are asked, beside other pods of its namespace and of another. */
const ME = pod("shop", "me", [], { "pod-template-hash": "1" });
const WEB = pod("shop", "web", [{ name: "http", containerPort: 8080 }]);
const DB = pod("other", "db", [{ name: "http", containerPort: 8080 }]);
const REST: readonly Json[] = [
  node("n1", "192.168.0.1"),
  node("n2", "192.168.0.2"),
  node("n3", "192.168.0.3"),
  { apiVersion: "v1", kind: "Service", metadata: kubernetes, spec: { ports: [{ port: 443 }] } },
  {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: kubernetes,
    subsets: [{ addresses: [{ ip: "192.168.0.3" }] }],
  },
];

export const MINE = { endpointSelector: { matchLabels: { app: "me" } } };

/** Of namespace shop. */
export function cnp(spec: Json, name = "p"): Json {
  const metadata = { name, namespace: "shop" };
  return { apiVersion: "cilium.io/v2", kind: "CiliumNetworkPolicy", metadata, spec };
}

export function ccnp(spec: Json, name = "cp"): Json {
  const metadata = { name };
  return { apiVersion: "cilium.io/v2", kind: "CiliumClusterwideNetworkPolicy", metadata, spec };
}

export function portRules(port: string, more: Json = {}, protocol = "TCP"): Json[] {
  return [{ ports: [{ port, protocol }], ...more }];
}

/** Policies in the cluster; a pod among them replaces the one of its name. */
export function clusterWith(
  objects: readonly Json[],
  options: Partial<PolicyOptions> = {},
): ClusterModel {
  return ClusterModel.of(parsed([ME, WEB, DB, ...REST, ...objects]), options);
}

/** What an egress policy of shop/me says. */
export function reach(model: ClusterModel, to: string, port = 80, protocol = "TCP"): Outcome {
  return model.verdict({ from: "shop/me", to, port, protocol }).egress;
}

/** What an ingress policy of shop/me says. */
export function enter(model: ClusterModel, from: string, port = 80, protocol = "TCP"): Outcome {
  return model.verdict({ from, to: "shop/me", port, protocol }).ingress;
}

/** Of these, the ones that shop/me may reach. */
export function reached(model: ClusterModel, ...parties: readonly string[]): string[] {
  return parties.filter((party) => reach(model, party) === "allowed");
}

/** Of these, the ones that may reach shop/me. */
export function entering(model: ClusterModel, ...parties: readonly string[]): string[] {
  return parties.filter((party) => enter(model, party) === "allowed");
}
