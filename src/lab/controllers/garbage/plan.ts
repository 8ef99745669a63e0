/** What is to be done about one object for its owners, and for those it owns. */
import type { Operation } from "../engine/operations.ts";
import type { ApiObject, OwnerReference } from "../model/object.ts";
import {
  blocks,
  FOREGROUND,
  hasFinalizer,
  isWaitingForDependents,
  type Item,
  ORPHAN,
} from "./graph.ts";

interface GarbageFacts {
  readonly item: Item;
  readonly dependents: readonly Item[];
  /** Its owners as they are now; undefined for one that is not there, or is another of that name. */
  readonly owners: ReadonlyMap<string, ApiObject | undefined>;
}

export function planGarbage(facts: GarbageFacts): Operation[] {
  const { object } = facts.item;
  if (object.metadata.deletionTimestamp !== undefined) {
    if (hasFinalizer(object, ORPHAN)) return orphan(facts);
    return isWaitingForDependents(object) ? takeDependents(facts) : [];
  }
  return judgeOwners(facts);
}

/** Dependents are let go of, then the object may go. */
function orphan({ item, dependents }: GarbageFacts): Operation[] {
  const uid = item.object.metadata.uid ?? "";
  return [
    ...dependents.map((dependent) => dropOwners(dependent, (owner) => owner.uid === uid)),
    dropFinalizer(item, ORPHAN),
  ];
}

/** Foreground: what it owns goes first, each as it judges itself; those that block keep it. */
function takeDependents({ item, dependents }: GarbageFacts): Operation[] {
  const { uid } = item.object.metadata;
  const isBlocked = dependents.some(({ object }) => blocks(object, uid));
  return isBlocked ? [] : [dropFinalizer(item, FOREGROUND)];
}

/** With no owner left that is there, it goes; with some, only the others are forgotten. */
function judgeOwners({ item, owners, dependents }: GarbageFacts): Operation[] {
  const references = item.object.metadata.ownerReferences ?? [];
  if (references.length === 0) return [];
  const absent = references.filter(({ uid }) => owners.get(uid) === undefined);
  const waiting = references.filter(({ uid }) => {
    const owner = owners.get(uid);
    return owner !== undefined && isWaitingForDependents(owner);
  });
  const solid = references.length - absent.length - waiting.length;
  if (solid > 0) {
    const dropped = new Set([...absent, ...waiting].map(({ uid }) => uid));
    return dropped.size === 0 ? [] : [dropOwners(item, ({ uid }) => dropped.has(uid))];
  }
  if (waiting.length > 0)
    return [remove(item, dependents.length > 0 ? "Foreground" : "Background")];
  if (hasFinalizer(item.object, ORPHAN)) return [remove(item, "Orphan")];
  return [remove(item, hasFinalizer(item.object, FOREGROUND) ? "Foreground" : "Background")];
}

function remove(
  { resource, object }: Item,
  propagationPolicy: "Background" | "Foreground" | "Orphan",
): Operation {
  // With the version that was judged: somebody may have given it another owner.
  const { resourceVersion } = object.metadata;
  const preconditions = resourceVersion === undefined ? {} : { resourceVersion };
  const settings = { propagationPolicy, preconditions };
  return { verb: "delete", resource, target: object, settings };
}

function dropOwners(
  { resource, object }: Item,
  isDropped: (owner: OwnerReference) => boolean,
): Operation {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter(
    (owner) => !isDropped(owner),
  );
  return patchMetadata(resource, object, { ownerReferences });
}

function dropFinalizer({ resource, object }: Item, finalizer: string): Operation {
  const finalizers = (object.metadata.finalizers ?? []).filter((each) => each !== finalizer);
  return patchMetadata(resource, object, { finalizers });
}

function patchMetadata(
  resource: Item["resource"],
  { metadata }: ApiObject,
  change: Partial<ApiObject["metadata"]>,
): Operation {
  const { name, namespace, uid, resourceVersion } = metadata;
  const target = namespace === undefined ? { name } : { namespace, name };
  return {
    verb: "patch",
    resource,
    target,
    patch: { metadata: { uid, resourceVersion, ...change } },
  };
}
