/** What a client is told of an object that is right, but perhaps not what was meant. */
import type { KubeObject, ServedResource } from "../types.ts";
import { View } from "../validate/view.ts";
import {
  endpointsWarnings,
  ingressWarnings,
  networkPolicyWarnings,
  serviceWarnings,
  sliceWarnings,
} from "./network.ts";
import {
  finalizerWarnings,
  nodeWarnings,
  quotaWarnings,
  secretWarnings,
  serviceAccountWarnings,
  storageClassWarnings,
  volumeClaimWarnings,
  volumeWarnings,
} from "./others.ts";
import {
  cronJobWarnings,
  daemonSetWarnings,
  jobWarnings,
  newPodWarnings,
  statefulSetWarnings,
  templateWarnings,
} from "./workloads.ts";

type Warner = (object: View, old: View | undefined) => string[];

/** By group and plural. */
const WARNERS: ReadonlyMap<string, Warner> = new Map<string, Warner>([
  ["/pods", newPodWarnings],
  ["/services", serviceWarnings],
  ["/endpoints", endpointsWarnings],
  ["/secrets", secretWarnings],
  ["/serviceaccounts", serviceAccountWarnings],
  ["/nodes", nodeWarnings],
  ["/resourcequotas", quotaWarnings],
  ["/persistentvolumes", volumeWarnings],
  ["/persistentvolumeclaims", volumeClaimWarnings],
  ["apps/deployments", templateWarnings],
  ["apps/replicasets", templateWarnings],
  ["apps/daemonsets", daemonSetWarnings],
  ["apps/statefulsets", statefulSetWarnings],
  ["batch/jobs", jobWarnings],
  ["batch/cronjobs", cronJobWarnings],
  ["discovery.k8s.io/endpointslices", sliceWarnings],
  ["networking.k8s.io/ingresses", ingressWarnings],
  ["networking.k8s.io/networkpolicies", networkPolicyWarnings],
  ["storage.k8s.io/storageclasses", storageClassWarnings],
]);

/** Of an object that is valid: when it is made, or changed from what it was. */
export function warningsOf(
  resource: ServedResource,
  object: KubeObject,
  old?: KubeObject,
): string[] {
  const key = `${resource.group}/${resource.plural}`;
  const warner = resource.custom === undefined ? WARNERS.get(key) : finalizerWarnings;
  const before = old === undefined ? undefined : new View(old, "", []);
  return warner?.(new View(object, "", []), before) ?? [];
}

/** What is told of all that is asked of a kind. */
export function kindWarnings({ group, version, plural, custom }: ServedResource): string[] {
  if (custom !== undefined) {
    return custom.deprecationWarning === undefined ? [] : [custom.deprecationWarning];
  }
  if (group !== "" || version !== "v1" || plural !== "endpoints") return [];
  return ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"];
}
