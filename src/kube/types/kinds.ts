/** The kinds that the project knows. */
import type { CiliumClusterwideNetworkPolicy, CiliumNetworkPolicy } from "./cilium-policy.ts";
import { ciliumClusterwideNetworkPolicy, ciliumNetworkPolicy } from "./cilium-policy.ts";
import {
  type CiliumCIDRGroup,
  ciliumCidrGroup,
  type CiliumEndpoint,
  ciliumEndpoint,
  type CiliumIdentity,
  ciliumIdentity,
} from "./cilium-objects.ts";
import { type CiliumNode, ciliumNode } from "./cilium-node.ts";
import {
  type Endpoints,
  endpoints,
  type EndpointSlice,
  endpointSlice,
  type Namespace,
  namespace,
  type Node,
  node,
  type Pod,
  pod,
  type Service,
  service,
} from "./core.ts";
import { type NetworkPolicy, networkPolicy } from "./network-policy.ts";
import type { Schema } from "./schema.ts";

export type KnownObject =
  | NetworkPolicy
  | CiliumNetworkPolicy
  | CiliumClusterwideNetworkPolicy
  | CiliumCIDRGroup
  | CiliumIdentity
  | CiliumEndpoint
  | CiliumNode
  | Pod
  | Namespace
  | Service
  | Endpoints
  | EndpointSlice
  | Node;

export type KnownKind = KnownObject["kind"];

export interface KindDefinition {
  /** Empty for Kubernetes' core. */
  readonly group: string;
  /** The first is the one to write. */
  readonly versions: readonly string[];
  readonly isNamespaced: boolean;
  readonly schema: Schema;
}

const cilium = { group: "cilium.io", versions: ["v2"] };
const core = { group: "", versions: ["v1"] };

export const KINDS: Readonly<Record<KnownKind, KindDefinition>> = {
  NetworkPolicy: {
    group: "networking.k8s.io",
    versions: ["v1"],
    isNamespaced: true,
    schema: networkPolicy,
  },
  CiliumNetworkPolicy: { ...cilium, isNamespaced: true, schema: ciliumNetworkPolicy },
  CiliumClusterwideNetworkPolicy: {
    ...cilium,
    isNamespaced: false,
    schema: ciliumClusterwideNetworkPolicy,
  },
  CiliumCIDRGroup: {
    group: "cilium.io",
    versions: ["v2", "v2alpha1"],
    isNamespaced: false,
    schema: ciliumCidrGroup,
  },
  CiliumIdentity: { ...cilium, isNamespaced: false, schema: ciliumIdentity },
  CiliumEndpoint: { ...cilium, isNamespaced: true, schema: ciliumEndpoint },
  CiliumNode: { ...cilium, isNamespaced: false, schema: ciliumNode },
  Pod: { ...core, isNamespaced: true, schema: pod },
  Namespace: { ...core, isNamespaced: false, schema: namespace },
  Service: { ...core, isNamespaced: true, schema: service },
  Endpoints: { ...core, isNamespaced: true, schema: endpoints },
  EndpointSlice: {
    group: "discovery.k8s.io",
    versions: ["v1"],
    isNamespaced: true,
    schema: endpointSlice,
  },
  Node: { ...core, isNamespaced: false, schema: node },
};

export function isKnownKind(kind: string): kind is KnownKind {
  return Object.hasOwn(KINDS, kind);
}
