/** What is said of kinds in few words: their rules, their generation, how they are deleted. */
import type { JsonObject, KubeObject, ServedResource } from "../../schema/types.ts";
import { definitionRules } from "./definitions.ts";
import { jobRules } from "./jobs.ts";
import { namespaceRules } from "./namespaces.ts";
import { nodeRules, secretRules } from "./other.ts";
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
]);

/** Built-in kinds without a spec, whose generation counts every change but those of metadata. */
const COUNTED_WHOLE = new Set([
  "discovery.k8s.io/EndpointSlice",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
]);

/** The part of the object whose changes its generation counts; undefined for kinds without one. */
export function countedPart(resource: ServedResource, object: KubeObject): unknown {
  const name = `${resource.group}/${resource.kind}`;
  if (resource.custom !== undefined || COUNTED_WHOLE.has(name)) {
    const { metadata: _metadata, apiVersion: _version, status, ...rest } = object;
    return hasStatus(resource) ? rest : { ...rest, status };
  }
  return WITH_GENERATION.has(name) ? (object["spec"] ?? {}) : undefined;
}

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
  "policy/PodDisruptionBudget": {
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  },
};

/** Undefined for custom kinds: they have a status once somebody writes one. */
export function firstStatus({ group, kind, custom }: ServedResource): JsonObject | undefined {
  return custom === undefined ? structuredClone(FIRST_STATUS[`${group}/${kind}`] ?? {}) : undefined;
}

/** Kinds whose dependents stay, unless a deletion asks otherwise. */
export function isOrphaningByDefault({ group, kind }: Named): boolean {
  return group === "batch" && kind === "Job";
}

/** Kinds whose deletion answers the object as it was, and not only that it is gone. */
const ANSWERED = new Set(["/Pod", "/Service", "/ServiceAccount", "/PersistentVolume"]);

export function answersDeleted({ group, kind }: Named): boolean {
  return ANSWERED.has(`${group}/${kind}`);
}
