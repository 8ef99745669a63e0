import { invalid } from "../status-error.ts";
import type { Cause, KubeObject, ServedResource } from "../types.ts";
import {
  validateBindingChange,
  validateIngressClassChange,
  validateNodeChange,
  validatePriorityClassChange,
} from "./cluster.ts";
import { validateImmutable, validateSecretChange } from "./config.ts";
import { toldKind, validateKind } from "./create.ts";
import { validateCustomStatus } from "./custom.ts";
import { validateDefinitionChange } from "./definitions.ts";
import { validateEndpointSliceChange } from "./endpoints.ts";
import { validateEventChange } from "./events.ts";
import { validateIngressStatus } from "./ingresses.ts";
import { validateJobChange } from "./jobs.ts";
import {
  hasKubeMetadata,
  validateKubeMetadataChange,
  validateLooseMetadata,
  validateMetadata,
  validateMetadataChange,
} from "./metadata.ts";
import { validatePodStatus } from "./pods/status.ts";
import { validatePodChange } from "./pods/update.ts";
import { validateServiceChange, validateServiceStatus } from "./services.ts";
import { countedStatus } from "./statuses.ts";
import {
  validateClaimChange,
  validateStorageClassChange,
  validateVolumeChange,
} from "./storage.ts";
import { View } from "./view.ts";
import { validateSelectorKept, validateStatefulSetChange } from "./workloads.ts";

type Change = (object: View, old: View) => void;

/** What may not change, by group and plural. */
const CHANGES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ["/pods", (object, old) => validatePodChange(object.at("spec"), old.at("spec"))],
  ["/services", validateServiceChange],
  ["/configmaps", validateImmutable],
  ["/secrets", validateSecretChange],
  ["/nodes", validateNodeChange],
  ["/persistentvolumes", validateVolumeChange],
  ["/persistentvolumeclaims", validateClaimChange],
  ["apps/deployments", validateSelectorKept],
  ["apps/replicasets", validateSelectorKept],
  ["apps/daemonsets", validateSelectorKept],
  ["apps/statefulsets", validateStatefulSetChange],
  ["batch/jobs", validateJobChange],
  ["discovery.k8s.io/endpointslices", validateEndpointSliceChange],
  ["events.k8s.io/events", validateEventChange],
  ["networking.k8s.io/ingressclasses", validateIngressClassChange],
  ["rbac.authorization.k8s.io/rolebindings", validateBindingChange],
  ["rbac.authorization.k8s.io/clusterrolebindings", validateBindingChange],
  ["scheduling.k8s.io/priorityclasses", validatePriorityClassChange],
  ["storage.k8s.io/storageclasses", validateStorageClassChange],
  ["apiextensions.k8s.io/customresourcedefinitions", validateDefinitionChange],
]);

/** The metadata's own rules, those of its change, the kind's rules, and what may not change. */
type Step = "metadata" | "kept" | "kind" | "change";

const USUAL: readonly Step[] = ["kept", "kind", "change"];
/** The order in which a kind's update is judged, where it is another; what is told twice is meant. */
const STEPS: ReadonlyMap<string, readonly Step[]> = new Map<string, readonly Step[]>([
  ["/pods", ["kept", "metadata", "kind", "change"]],
  ["/services", ["kept", "change", "kind"]],
  ["/configmaps", ["kept", "change", "metadata", "kind"]],
  ["/secrets", ["kept", "change", "metadata", "kind"]],
  ["/namespaces", ["metadata", "kind", "kept"]],
  ["/nodes", ["metadata", "kind", "kept", "change"]],
  ["/endpoints", ["kept", "metadata", "kind"]],
  ["/persistentvolumes", ["metadata", "kind", "metadata", "kind", "change"]],
  ["/persistentvolumeclaims", ["kept", "metadata", "kind", "change"]],
  ["apps/daemonsets", ["kept", "change", "kind"]],
  ["batch/jobs", ["metadata", "kind", "kept", "change"]],
  ["discovery.k8s.io/endpointslices", ["metadata", "kind", "change"]],
  ["networking.k8s.io/ingresses", ["kept", "metadata", "kind"]],
  ["networking.k8s.io/ingressclasses", ["kept", "change", "metadata", "kind"]],
  ["policy/poddisruptionbudgets", ["kind"]],
  ["rbac.authorization.k8s.io/roles", ["metadata", "kind", "kept"]],
  ["rbac.authorization.k8s.io/clusterroles", ["metadata", "kind", "kept"]],
  ["rbac.authorization.k8s.io/rolebindings", ["metadata", "kind", "kept", "change"]],
  ["rbac.authorization.k8s.io/clusterrolebindings", ["metadata", "kind", "kept", "change"]],
  ["scheduling.k8s.io/priorityclasses", ["kept", "change"]],
  ["storage.k8s.io/storageclasses", ["metadata", "kind", "kept", "change"]],
]);

/** What of a status is looked at. */
const STATUSES: ReadonlyMap<string, Change> = new Map<string, Change>([
  ["/pods", validatePodStatus],
  ["/services", validateServiceStatus],
  ["networking.k8s.io/ingresses", validateIngressStatus],
  ...["deployments", "replicasets", "statefulsets", "daemonsets"].map(
    (plural): [string, Change] => [`apps/${plural}`, countedStatus(plural)],
  ),
]);

export function validateChange(
  resource: ServedResource,
  object: KubeObject,
  old: KubeObject,
  subresource: string | undefined,
): void {
  const causes: Cause[] = [];
  const view = new View(object, "", causes);
  const before = new View(old, "", []);
  const [metadata, oldMetadata] = [view.at("metadata"), before.at("metadata")];
  // Of all objects first, and then by each kind again.
  validateLooseMetadata(metadata);
  validateMetadataChange(metadata, oldMetadata);
  const key = `${resource.group}/${resource.plural}`;
  const keep = hasKubeMetadata(resource) ? validateKubeMetadataChange : validateMetadataChange;
  const run: Readonly<Record<Step, () => void>> = {
    metadata: () => validateMetadata(resource, metadata),
    kept: () => keep(metadata, oldMetadata),
    kind: () => validateKind(resource, view, before),
    change: () => CHANGES.get(key)?.(view, before),
  };
  if (subresource === undefined) {
    for (const step of STEPS.get(key) ?? USUAL) run[step]();
  } else {
    keep(metadata, oldMetadata);
    if (resource.custom !== undefined) validateCustomStatus(resource.custom, view, before);
    else if (subresource === "status") STATUSES.get(key)?.(view, before);
  }
  if (causes.length > 0) throw invalid(toldKind(resource), object.metadata.name ?? "", causes);
}
