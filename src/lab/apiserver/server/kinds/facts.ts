/** What is said of kinds in few words: their rules, their generation, how they are deleted. */
import type { JsonObject, KubeObject, ServedResource } from "../../schema/types.ts";
import { definitionRules } from "./definitions.ts";
import { eventRules, newEventRules } from "./events.ts";
import { jobRules } from "./jobs.ts";
import { namespaceRules } from "./namespaces.ts";
import { daemonSetRules, nodeRules, secretRules } from "./other.ts";
import { podRules } from "./pods.ts";
import type { KindRules } from "./rules.ts";
import { serviceRules } from "./services.ts";

type Named = Pick<ServedResource, "group" | "kind">;

const RULES: Readonly<Record<string, KindRules>> = {
  "/Pod": podRules,
  "/Service": serviceRules,
  "/Namespace": namespaceRules,
  "/Node": nodeRules,
  "/Secret": secretRules,
  "/Event": eventRules,
  "events.k8s.io/Event": newEventRules,
  "apps/DaemonSet": daemonSetRules,
  "batch/Job": jobRules,
  "apiextensions.k8s.io/CustomResourceDefinition": definitionRules,
};

const NONE: KindRules = {};

export function rulesOf({ group, kind }: Named): KindRules {
  return RULES[`${group}/${kind}`] ?? NONE;
}

/** Built-in kinds whose generation counts the changes of their spec. */
const WITH_GENERATION = new Set([
  "/Pod",
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/DaemonSet",
  "apps/StatefulSet",
  "batch/Job",
  "batch/CronJob",
  "networking.k8s.io/Ingress",
  "networking.k8s.io/IngressClass",
  "networking.k8s.io/NetworkPolicy",
  "policy/PodDisruptionBudget",
  "apiextensions.k8s.io/CustomResourceDefinition",
  // Without a spec, and so never counted up.
  "scheduling.k8s.io/PriorityClass",
]);

/** Built-in kinds without a spec, whose generation counts every change but those of metadata. */
const COUNTED_WHOLE = new Set([
  "discovery.k8s.io/EndpointSlice",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
]);

/** Those whose generation counts the changes of their labels too. */
const COUNTED_WITH_LABELS = new Set(["discovery.k8s.io/EndpointSlice"]);

/** The part of the object whose changes its generation counts; undefined for kinds without one. */
export function countedPart(resource: ServedResource, object: KubeObject): unknown {
  const name = `${resource.group}/${resource.kind}`;
  if (resource.custom !== undefined || COUNTED_WHOLE.has(name)) {
    const { metadata, apiVersion: _version, status, ...rest } = object;
    const labels = COUNTED_WITH_LABELS.has(name) ? { labels: metadata.labels } : {};
    return { ...rest, ...labels, ...(hasStatus(resource) ? {} : { status }) };
  }
  return WITH_GENERATION.has(name) ? (object["spec"] ?? {}) : undefined;
}

/** Kubelets make their nodes with a status. */
export const keepsNewStatus = ({ group, kind }: Named): boolean => group === "" && kind === "Node";

/** Whether the status is written by /status alone. */
export function hasStatus(resource: ServedResource): boolean {
  if (resource.custom !== undefined) return resource.custom.hasStatus;
  return resource.subresources.some(({ name }) => name === "status");
}

/** The status that a new object of a built-in kind has; what is not here has an empty one. */
const FIRST_STATUS: Readonly<Record<string, JsonObject>> = {
  "/Service": { loadBalancer: {} },
  "networking.k8s.io/Ingress": { loadBalancer: {} },
  "apps/ReplicaSet": { replicas: 0 },
  "apps/StatefulSet": { replicas: 0, availableReplicas: 0 },
  "apps/DaemonSet": {
    currentNumberScheduled: 0,
    desiredNumberScheduled: 0,
    numberMisscheduled: 0,
    numberReady: 0,
  },
  "/PersistentVolume": { phase: "Pending" },
  "/PersistentVolumeClaim": { phase: "Pending" },
  "autoscaling/HorizontalPodAutoscaler": { currentMetrics: null, desiredReplicas: 0 },
  "policy/PodDisruptionBudget": {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  },
};

/** Undefined for custom kinds: they have a status once somebody writes one. */
export function firstStatus(
  { group, kind, custom }: ServedResource,
  now: string,
): JsonObject | undefined {
  if (custom !== undefined) return undefined;
  const status = structuredClone(FIRST_STATUS[`${group}/${kind}`] ?? {});
  if (group === "" && kind === "PersistentVolume") status["lastPhaseTransitionTime"] = now;
  return status;
}

/** What of an object's metadata a write of its status leaves as it was. */
export function keptByStatus({ group, kind }: Named): readonly string[] {
  if (group === "" && kind === "Pod") return ["ownerReferences"];
  return group === "apps" && kind === "Deployment" ? ["labels"] : [];
}

/** Kinds of which an update makes what is not there. */
const MADE_BY_UPDATE = new Set([
  "/Endpoints",
  "/Event",
  "/LimitRange",
  "/Service",
  "coordination.k8s.io/Lease",
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
]);

export function isMadeByUpdate({ group, kind }: Named): boolean {
  return MADE_BY_UPDATE.has(`${group}/${kind}`);
}

/** Kinds whose dependents stay, unless a deletion asks otherwise. */
export function isOrphaningByDefault({ group, kind }: Named): boolean {
  return group === "batch" && kind === "Job";
}

const ORPHANS =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background " +
  "to remove them or set propagationPolicy=Orphan to suppress this warning";

/** What is told of a deletion that does not say what becomes of dependents. */
export function deletionWarnings(resource: Named): string[] {
  return isOrphaningByDefault(resource) ? [ORPHANS] : [];
}

/** Kinds whose deletion answers the object as it was, and not only that it is gone. */
const ANSWERED = new Set([
  "/Namespace",
  "/PersistentVolume",
  "/PersistentVolumeClaim",
  "/Pod",
  "/ResourceQuota",
  "/Service",
  "/ServiceAccount",
  "storage.k8s.io/StorageClass",
]);

export function answersDeleted({ group, kind }: Named): boolean {
  return ANSWERED.has(`${group}/${kind}`);
}
