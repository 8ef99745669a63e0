import type { SchemaNode } from "../node.ts";
import { invalid } from "../status-error.ts";
import type { Cause, KubeObject, ServedResource } from "../types.ts";
import { validateObject } from "./create.ts";
import { validateCustom } from "./custom.ts";
import { validateDefinitionChange } from "./definitions.ts";
import { validateMetadataChange } from "./metadata.ts";
import {
  validateBindingChange,
  validateEndpointSliceChange,
  validateImmutable,
  validateSecretChange,
} from "./others.ts";
import { validatePodChange } from "./pods.ts";
import { validateServiceChange } from "./services.ts";
import { View } from "./view.ts";
import { validateJobChange, validateSelectorKept, validateStatefulSetChange } from "./workloads.ts";

/** What may not change, by group and plural. */
const CHANGES: ReadonlyMap<string, (object: View, old: View) => void> = new Map([
  ["/pods", (object: View, old: View) => validatePodChange(object.at("spec"), old.at("spec"))],
  ["/services", validateServiceChange],
  ["/configmaps", validateImmutable],
  ["/secrets", validateSecretChange],
  ["apps/deployments", validateSelectorKept],
  ["apps/replicasets", validateSelectorKept],
  ["apps/daemonsets", validateSelectorKept],
  ["apps/statefulsets", validateStatefulSetChange],
  ["batch/jobs", validateJobChange],
  ["discovery.k8s.io/endpointslices", validateEndpointSliceChange],
  ["rbac.authorization.k8s.io/rolebindings", validateBindingChange],
  ["rbac.authorization.k8s.io/clusterrolebindings", validateBindingChange],
  ["apiextensions.k8s.io/customresourcedefinitions", validateDefinitionChange],
]);

export function validateChange(
  resource: ServedResource,
  node: SchemaNode,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): void {
  const causes: Cause[] = [];
  const view = new View(object, "", causes);
  const before = new View(old, "", []);
  validateMetadataChange(view.at("metadata"), before.at("metadata"));
  if (subresource === undefined) {
    validateObject(resource, node, view);
    CHANGES.get(`${resource.group}/${resource.plural}`)?.(view, before);
  } else if (resource.custom !== undefined) {
    validateCustom(node, view);
  }
  if (causes.length > 0) throw invalid(resource, object.metadata.name ?? "", causes);
}
