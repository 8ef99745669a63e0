/** Which fields of which kinds a field selector may name, as a real API server has them. */
import { badRequest } from "../schema/status-error.ts";
import type { Json, KubeObject, ServedResource } from "../schema/types.ts";
import type { FieldTerm } from "./selectors.ts";

const EVENT_FIELDS = [
  "involvedObject.kind",
  "involvedObject.namespace",
  "involvedObject.name",
  "involvedObject.uid",
  "involvedObject.apiVersion",
  "involvedObject.resourceVersion",
  "involvedObject.fieldPath",
  "reason",
  "reportingComponent",
  "source",
  "type",
];

/** By `GROUP/KIND`; metadata.name and metadata.namespace go for all. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  "/Pod": [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
  ],
  "/Node": ["spec.unschedulable"],
  "/Namespace": ["status.phase"],
  "/Secret": ["type"],
  "/Service": ["spec.clusterIP", "spec.type"],
  "/Event": EVENT_FIELDS,
  "events.k8s.io/Event": [
    "regarding.kind",
    "regarding.namespace",
    "regarding.name",
    "regarding.uid",
    "regarding.apiVersion",
    "regarding.resourceVersion",
    "regarding.fieldPath",
    "reason",
    "reportingController",
    "type",
  ],
  "batch/Job": ["status.successful"],
};

/** Fields that are absent where they are false. */
const BOOLEANS = new Set(["spec.unschedulable", "spec.hostNetwork"]);

export function fieldMatcher(
  resource: ServedResource,
  terms: readonly FieldTerm[],
): ((object: KubeObject) => boolean) | undefined {
  if (terms.length === 0) return undefined;
  const known =
    resource.custom?.selectableFields ?? FIELDS[`${resource.group}/${resource.kind}`] ?? [];
  for (const { field } of terms) {
    const isKnown =
      field === "metadata.name" ||
      (field === "metadata.namespace" && resource.isNamespaced) ||
      known.includes(field);
    if (!isKnown) throw unknownField(resource, field);
  }
  return (object) =>
    terms.every(({ field, value, isEqual }) => (fieldOf(object, field) === value) === isEqual);
}

/** Kinds with fields of their own say less. */
function unknownField({ group, kind, custom, isNamespaced }: ServedResource, field: string): Error {
  const hasOwn = custom !== undefined || FIELDS[`${group}/${kind}`] !== undefined || !isNamespaced;
  if (hasOwn) return badRequest(`field label not supported: ${field}`);
  const known = '"metadata.name", "metadata.namespace"';
  return badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known}`);
}

function fieldOf(object: KubeObject, field: string): string {
  if (field === "source")
    return textAt(object, "source.component") || textAt(object, "reportingComponent");
  if (BOOLEANS.has(field)) return textAt(object, field) || "false";
  if (field === "status.podIPs") return textAt(object, "status.podIP");
  return textAt(object, field);
}

function textAt(object: KubeObject, path: string): string {
  let value: Json | undefined = object;
  for (const step of path.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "";
    value = Object.hasOwn(value, step) ? value[step] : undefined;
  }
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
