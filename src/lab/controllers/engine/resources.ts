/** The kinds that controllers read and write. */
import { type Resource, RESOURCES } from "#kube";

export const PODS: Resource = RESOURCES.Pod;
export const NODES: Resource = RESOURCES.Node;
export const NAMESPACES: Resource = RESOURCES.Namespace;
export const SERVICES: Resource = RESOURCES.Service;
export const ENDPOINTS: Resource = RESOURCES.Endpoints;
export const EVENTS: Resource = RESOURCES.CoreEvent;
export const SECRETS: Resource = RESOURCES.Secret;
export const CONFIG_MAPS: Resource = RESOURCES.ConfigMap;
export const SERVICE_ACCOUNTS: Resource = RESOURCES.ServiceAccount;
export const ENDPOINT_SLICES: Resource = RESOURCES.EndpointSlice;
export const DEPLOYMENTS: Resource = RESOURCES.Deployment;
export const REPLICA_SETS: Resource = RESOURCES.ReplicaSet;
export const DAEMON_SETS: Resource = RESOURCES.DaemonSet;
export const LEASES: Resource = RESOURCES.Lease;
export const STATEFUL_SETS: Resource = RESOURCES.StatefulSet;
export const BUDGETS: Resource = RESOURCES.PodDisruptionBudget;
export const REVISIONS: Resource = {
  group: "apps",
  version: "v1",
  plural: "controllerrevisions",
  kind: "ControllerRevision",
  isNamespaced: true,
};
export const CLAIMS: Resource = {
  group: "",
  version: "v1",
  plural: "persistentvolumeclaims",
  kind: "PersistentVolumeClaim",
  isNamespaced: true,
};

/** `deployments.apps`, `pods`: what people call a resource. */
export function nameOfResource(resource: Resource): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}
