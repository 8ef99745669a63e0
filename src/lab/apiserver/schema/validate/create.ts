import type { SchemaNode } from "../node.ts";
import { invalid } from "../status-error.ts";
import type { Cause, KubeObject, ServedResource } from "../types.ts";
import { validateCustom } from "./custom.ts";
import { validateDefinition } from "./definitions.ts";
import { validateMetadata } from "./metadata.ts";
import {
  validateBinding,
  validateConfigMap,
  validateDisruptionBudget,
  validateEndpointSlice,
  validateIngress,
  validateLease,
  validateNode,
  validateSecret,
} from "./others.ts";
import { validatePodSpec } from "./pods.ts";
import { validateNetworkPolicy } from "./policies.ts";
import { validateService } from "./services.ts";
import { View } from "./view.ts";
import {
  validateCronJob,
  validateDaemonSet,
  validateDeployment,
  validateJob,
  validateReplicaSet,
  validateStatefulSet,
} from "./workloads.ts";

/** By group and plural; kinds without one keep to their schema and their metadata's rules. */
const VALIDATORS: ReadonlyMap<string, (object: View) => void> = new Map([
  ["/pods", (object: View) => validatePodSpec(object.at("spec"))],
  ["/services", validateService],
  ["/configmaps", validateConfigMap],
  ["/secrets", validateSecret],
  ["/nodes", validateNode],
  ["apps/deployments", validateDeployment],
  ["apps/replicasets", validateReplicaSet],
  ["apps/daemonsets", validateDaemonSet],
  ["apps/statefulsets", validateStatefulSet],
  ["batch/jobs", validateJob],
  ["batch/cronjobs", validateCronJob],
  ["networking.k8s.io/networkpolicies", validateNetworkPolicy],
  ["networking.k8s.io/ingresses", validateIngress],
  ["discovery.k8s.io/endpointslices", validateEndpointSlice],
  ["rbac.authorization.k8s.io/rolebindings", validateBinding],
  ["rbac.authorization.k8s.io/clusterrolebindings", validateBinding],
  ["policy/poddisruptionbudgets", validateDisruptionBudget],
  ["coordination.k8s.io/leases", validateLease],
  ["apiextensions.k8s.io/customresourcedefinitions", validateDefinition],
]);

/** What holds for every object, new or changed. */
export function validateObject(resource: ServedResource, node: SchemaNode, view: View): void {
  validateMetadata(resource, view.at("metadata"));
  if (resource.custom !== undefined) validateCustom(node, view);
  else VALIDATORS.get(`${resource.group}/${resource.plural}`)?.(view);
}

export function validateNew(resource: ServedResource, node: SchemaNode, object: KubeObject): void {
  const causes: Cause[] = [];
  validateObject(resource, node, new View(object, "", causes));
  if (causes.length > 0) throw invalid(resource, object.metadata.name ?? "", causes);
}
