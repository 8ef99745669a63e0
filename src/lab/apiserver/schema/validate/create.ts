import { invalid } from "../status-error.ts";
import type { Cause, KubeObject, ServedResource } from "../types.ts";
import {
  validateBinding,
  validateClusterRole,
  validateDisruptionBudget,
  validateIngressClass,
  validateLease,
  validateNamespace,
  validateNode,
  validatePriorityClass,
  validateRole,
} from "./cluster.ts";
import { validateConfigMap, validateSecret } from "./config.ts";
import { validateCustom } from "./custom.ts";
import { validateDefinition } from "./definitions.ts";
import { validateEndpoints, validateEndpointSlice } from "./endpoints.ts";
import { validateEvent, validateMadeEvent, validateNewFormEvent } from "./events.ts";
import { validateIngress, validateNewIngress } from "./ingresses.ts";
import { validateCronJob, validateJob, validateNewCronJob } from "./jobs.ts";
import { validateMetadata } from "./metadata.ts";
import { validateNewPod, validatePodSpec } from "./pods/spec.ts";
import { validateNetworkPolicy } from "./policies.ts";
import { validateService } from "./services.ts";
import { validateClaim, validateStorageClass, validateVolume } from "./storage.ts";
import { View } from "./view.ts";
import {
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateStatefulSet,
} from "./workloads.ts";

type Validator = (object: View, old?: View) => void;

/** By group and plural; kinds without one keep to their schema and their metadata's rules. */
const VALIDATORS: ReadonlyMap<string, Validator> = new Map<string, Validator>([
  ["/pods", (object) => validatePodSpec(object.at("spec"))],
  ["/services", validateService],
  ["/endpoints", validateEndpoints],
  ["/configmaps", validateConfigMap],
  ["/secrets", validateSecret],
  ["/events", validateEvent],
  ["events.k8s.io/events", validateNewFormEvent],
  ["/namespaces", validateNamespace],
  ["/nodes", validateNode],
  ["/persistentvolumes", validateVolume],
  ["/persistentvolumeclaims", validateClaim],
  ["apps/deployments", validateDeployment],
  ["apps/replicasets", validateReplicaSet],
  ["apps/daemonsets", validateDaemonSet],
  ["apps/statefulsets", validateStatefulSet],
  ["batch/jobs", validateJob],
  ["batch/cronjobs", validateCronJob],
  ["networking.k8s.io/networkpolicies", validateNetworkPolicy],
  ["networking.k8s.io/ingresses", validateIngress],
  ["networking.k8s.io/ingressclasses", validateIngressClass],
  ["discovery.k8s.io/endpointslices", validateEndpointSlice],
  ["rbac.authorization.k8s.io/roles", validateRole],
  ["rbac.authorization.k8s.io/clusterroles", validateClusterRole],
  ["rbac.authorization.k8s.io/rolebindings", validateBinding],
  ["rbac.authorization.k8s.io/clusterrolebindings", validateBinding],
  ["policy/poddisruptionbudgets", validateDisruptionBudget],
  ["coordination.k8s.io/leases", validateLease],
  ["scheduling.k8s.io/priorityclasses", validatePriorityClass],
  ["storage.k8s.io/storageclasses", validateStorageClass],
  ["apiextensions.k8s.io/customresourcedefinitions", validateDefinition],
]);

/** What holds for every object of the kind, new or changed, beyond its metadata. */
export function validateKind(resource: ServedResource, view: View, old?: View): void {
  if (resource.custom !== undefined) validateCustom(resource.custom, view, old);
  else VALIDATORS.get(`${resource.group}/${resource.plural}`)?.(view, old);
}

/** What a new object may not have beyond that. */
const NEW: ReadonlyMap<string, Validator> = new Map<string, Validator>([
  ["/pods", validateNewPod],
  ["batch/cronjobs", validateNewCronJob],
  ["events.k8s.io/events", validateMadeEvent],
  ["networking.k8s.io/ingresses", validateNewIngress],
]);

export function validateNew(resource: ServedResource, object: KubeObject): void {
  const causes: Cause[] = [];
  const view = new View(object, "", causes);
  validateMetadata(resource, view.at("metadata"));
  validateKind(resource, view);
  NEW.get(`${resource.group}/${resource.plural}`)?.(view);
  if (causes.length > 0) throw invalid(toldKind(resource), object.metadata.name ?? "", causes);
}

/** Events are told of as those of the core group, whatever their form. */
export function toldKind({ group, kind }: ServedResource): { group: string; kind: string } {
  return { group: group === "events.k8s.io" ? "" : group, kind };
}
