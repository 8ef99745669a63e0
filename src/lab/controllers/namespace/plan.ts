/** The end of a namespace: what is left in it, as conditions; and its release when nothing is. */
import type { Operation } from "../engine/operations.ts";
import { NAMESPACES } from "../engine/resources.ts";
import type { ApiObject, Condition } from "../model/object.ts";
import { compareText } from "../model/object.ts";
import { isSame } from "../model/same.ts";
import { timestamp } from "../model/time.ts";

export interface Namespace extends ApiObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: string; conditions?: Condition[] };
}

/** What a resource still has in the namespace. */
export interface Remains {
  /** `pods.`, `deployments.apps`. */
  readonly resource: string;
  readonly count: number;
  readonly finalizers: readonly string[];
}

const NAMESPACE_FINALIZER = "kubernetes";

/** Whether it waits for us. */
export function isEnding(namespace: Namespace): boolean {
  return (
    namespace.metadata.deletionTimestamp !== undefined &&
    (namespace.spec?.finalizers ?? []).includes(NAMESPACE_FINALIZER)
  );
}

interface EndingFacts {
  readonly namespace: Namespace;
  readonly remains: readonly Remains[];
  /** What could not be deleted. */
  readonly errors: readonly string[];
  readonly nowMs: number;
}

export function planEnding(facts: EndingFacts): Operation[] {
  const { namespace, remains, errors } = facts;
  const isEmpty = errors.length === 0 && remains.every(({ count }) => count === 0);
  return [...statusUpdate(facts), ...(isEmpty ? [release(namespace)] : [])];
}

function release(namespace: Namespace): Operation {
  const { name } = namespace.metadata;
  const finalizers = (namespace.spec?.finalizers ?? []).filter(
    (each) => each !== NAMESPACE_FINALIZER,
  );
  // Without a version: the status was written just before.
  const { resourceVersion: _old, ...metadata } = namespace.metadata;
  return {
    verb: "send",
    method: "PUT",
    resource: NAMESPACES,
    target: { name },
    subresource: "finalize",
    body: { ...namespace, metadata, spec: { ...namespace.spec, finalizers } },
  };
}

function statusUpdate({ namespace, remains, errors, nowMs }: EndingFacts): Operation[] {
  const before = namespace.status?.conditions ?? [];
  const wanted = conditionsOf(remains, errors);
  const conditions = wanted.map((condition): Condition => {
    const old = before.find(({ type }) => type === condition.type);
    const lastTransitionTime =
      old?.status === condition.status && old.lastTransitionTime !== undefined
        ? old.lastTransitionTime
        : timestamp(nowMs);
    return { ...condition, lastTransitionTime };
  });
  const status = { ...namespace.status, phase: "Terminating", conditions };
  if (isSame(namespace.status, status)) return [];
  const object: Namespace = { ...namespace, status };
  return [{ verb: "updateStatus", resource: NAMESPACES, object }];
}

function conditionsOf(remains: readonly Remains[], errors: readonly string[]): Condition[] {
  const left = remains.filter(({ count }) => count > 0);
  const finalizers = new Map<string, number>();
  for (const each of left.flatMap((one) => one.finalizers)) {
    finalizers.set(each, (finalizers.get(each) ?? 0) + 1);
  }
  const content = left.map(({ resource, count }) => `${resource} has ${count} resource instances`);
  const held = [...finalizers].map(([name, count]) => `${name} in ${count} resource instances`);
  return [
    good(
      "NamespaceDeletionDiscoveryFailure",
      "ResourcesDiscovered",
      "All resources successfully discovered",
    ),
    good(
      "NamespaceDeletionGroupVersionParsingFailure",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    errors.length === 0
      ? good(
          "NamespaceDeletionContentFailure",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        )
      : bad(
          "NamespaceDeletionContentFailure",
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${errors.length} remaining: ${errors.join(", ")}`,
        ),
    content.length === 0
      ? good("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed")
      : bad(
          "NamespaceContentRemaining",
          "SomeResourcesRemain",
          `Some resources are remaining: ${content.toSorted(compareText).join(", ")}`,
        ),
    held.length === 0
      ? good(
          "NamespaceFinalizersRemaining",
          "ContentHasNoFinalizers",
          "All content-preserving finalizers finished",
        )
      : bad(
          "NamespaceFinalizersRemaining",
          "SomeFinalizersRemain",
          `Some content in the namespace has finalizers remaining: ${held.toSorted(compareText).join(", ")}`,
        ),
  ];
}

function good(type: string, reason: string, message: string): Condition {
  return { type, status: "False", reason, message };
}

function bad(type: string, reason: string, message: string): Condition {
  return { type, status: "True", reason, message };
}
