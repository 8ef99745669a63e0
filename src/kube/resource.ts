import { assertDefined } from "#base";

import type { ObjectRef } from "./object.ts";

/** One kind of object as it is served: where its requests go. */
export interface Resource {
  /** Empty for Kubernetes' core. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
}

/** The kinds that the project speaks of; others are asked for with `KubeClient.discover`. */
export const RESOURCES = {
  Pod: core("pods", "Pod"),
  Namespace: core("namespaces", "Namespace", false),
  Node: core("nodes", "Node", false),
  Service: core("services", "Service"),
  Endpoints: core("endpoints", "Endpoints"),
  ConfigMap: core("configmaps", "ConfigMap"),
  Secret: core("secrets", "Secret"),
  ServiceAccount: core("serviceaccounts", "ServiceAccount"),
  CoreEvent: core("events", "Event"),
  Deployment: of("apps", "v1", "deployments", "Deployment"),
  ReplicaSet: of("apps", "v1", "replicasets", "ReplicaSet"),
  DaemonSet: of("apps", "v1", "daemonsets", "DaemonSet"),
  StatefulSet: of("apps", "v1", "statefulsets", "StatefulSet"),
  Job: of("batch", "v1", "jobs", "Job"),
  CronJob: of("batch", "v1", "cronjobs", "CronJob"),
  EndpointSlice: of("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
  Event: of("events.k8s.io", "v1", "events", "Event"),
  Lease: of("coordination.k8s.io", "v1", "leases", "Lease"),
  NetworkPolicy: of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy"),
  Ingress: of("networking.k8s.io", "v1", "ingresses", "Ingress"),
  PodDisruptionBudget: of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"),
  HorizontalPodAutoscaler: of(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
  ),
  ClusterRole: of("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", false),
  ClusterRoleBinding: of(
    "rbac.authorization.k8s.io",
    "v1",
    "clusterrolebindings",
    "ClusterRoleBinding",
    false,
  ),
  CustomResourceDefinition: of(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    false,
  ),
  CiliumNetworkPolicy: cilium("ciliumnetworkpolicies", "CiliumNetworkPolicy"),
  CiliumClusterwideNetworkPolicy: cilium(
    "ciliumclusterwidenetworkpolicies",
    "CiliumClusterwideNetworkPolicy",
    false,
  ),
  CiliumCIDRGroup: cilium("ciliumcidrgroups", "CiliumCIDRGroup", false),
  CiliumIdentity: cilium("ciliumidentities", "CiliumIdentity", false),
  CiliumEndpoint: cilium("ciliumendpoints", "CiliumEndpoint"),
  CiliumNode: cilium("ciliumnodes", "CiliumNode", false),
} as const satisfies Readonly<Record<string, Resource>>;

function of(
  group: string,
  version: string,
  plural: string,
  kind: string,
  isNamespaced = true,
): Resource {
  return { group, version, plural, kind, isNamespaced };
}

function core(plural: string, kind: string, isNamespaced = true): Resource {
  return of("", "v1", plural, kind, isNamespaced);
}

function cilium(plural: string, kind: string, isNamespaced = true): Resource {
  return of("cilium.io", "v2", plural, kind, isNamespaced);
}

/** `v1`, `apps/v1`. */
export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The path of a resource's list, or of one object, or of a part of it such as `status`. */
export function pathOf(
  resource: Resource,
  ref: { namespace?: string | undefined; name?: string | undefined } = {},
  subresource?: string,
): string {
  const { group, version, plural, isNamespaced } = resource;
  const parts = group === "" ? ["api", version] : ["apis", group, version];
  if (isNamespaced && ref.namespace !== undefined) parts.push("namespaces", ref.namespace);
  parts.push(plural);
  if (ref.name !== undefined) parts.push(ref.name);
  if (subresource !== undefined) parts.push(...subresource.split("/"));
  return `/${parts.map(encodeURIComponent).join("/")}`;
}

/** The path of one object; a namespaced one needs its namespace. */
export function objectPath(resource: Resource, ref: ObjectRef, subresource?: string): string {
  if (resource.isNamespaced) {
    assertDefined(ref.namespace, `a ${resource.kind} is asked for with its namespace`);
  }
  return pathOf(resource, ref, subresource);
}

/** What discovery answers for one version of a group. */
interface ResourceList {
  resources: { name: string; kind: string; namespaced: boolean }[];
}

export function isResourceList(answer: unknown): answer is ResourceList {
  const { resources } = (answer ?? {}) as Partial<ResourceList>;
  if (!Array.isArray(resources)) return false;
  return resources.every(
    (resource: unknown) =>
      typeof resource === "object" &&
      resource !== null &&
      typeof (resource as { name?: unknown }).name === "string",
  );
}
