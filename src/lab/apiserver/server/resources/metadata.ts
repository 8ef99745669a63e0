/** An object's metadata, of which clients may write only a part. */
import { randomUUID } from "node:crypto";
import { badRequest, invalid } from "../../schema/status-error.ts";
import type { KubeObject, ObjectMeta, ServedResource } from "../../schema/types.ts";
import { conflict, forbiddenField, invalidValue, plainError, wrongUid } from "../errors.ts";
import { isEqualJson, put, recordsAt, textAt } from "../json.ts";
import { countedPart } from "../kinds/facts.ts";
import { randomSuffix } from "../kinds/pods.ts";

/** What a generated name may be before its suffix. */
const MAX_GENERATED_BASE = 58;

/** Fields that only the server writes. */
const OWN_FIELDS = [
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "generation",
  "selfLink",
] as const;

/** The namespace of the path is the object's; throws where the object says another. */
export function setNamespace(
  resource: ServedResource,
  object: KubeObject,
  namespace: string,
): void {
  if (!resource.isNamespaced) {
    delete object.metadata.namespace;
    return;
  }
  const own = object.metadata.namespace ?? "";
  if (own !== "" && own !== namespace) {
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
  }
  object.metadata.namespace = namespace;
}

export function checkName(object: KubeObject, name: string): void {
  const own = object.metadata.name ?? "";
  if (own === "") {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (own !== name) {
    throw badRequest(
      `the name of the object (${own}) does not match the name on the URL (${name})`,
    );
  }
}

/** Fills what a new object gets; throws where it has what only stored objects have. */
export function fillNew(resource: ServedResource, object: KubeObject, now: string): void {
  const { metadata } = object;
  if ((metadata.resourceVersion ?? "") !== "") {
    throw plainError("resourceVersion should not be set on objects to be created");
  }
  delete metadata.resourceVersion;
  const { generation } = metadata;
  for (const field of OWN_FIELDS) delete metadata[field];
  // Kinds whose changes nobody counts keep what they are given.
  put(metadata, "generation", generation);
  if ((metadata.name ?? "") === "" && (metadata.generateName ?? "") !== "") {
    metadata.name = `${(metadata.generateName ?? "").slice(0, MAX_GENERATED_BASE)}${randomSuffix()}`;
  }
  metadata.uid = randomUUID();
  metadata.creationTimestamp = now;
  if (countedPart(resource, object) !== undefined) metadata.generation = 1;
}

/** What a stored object keeps whatever an update says; throws for what an update may not do. */
export function keepOld(resource: ServedResource, object: KubeObject, old: KubeObject): void {
  const { metadata } = object;
  checkVersion(resource, metadata, old.metadata);
  // Another uid than the object's is validation's to refuse.
  const uid = metadata.uid ?? "";
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  for (const field of OWN_FIELDS) put(metadata, field, old.metadata[field]);
  if (uid !== "") metadata.uid = uid;
  // The same of what only a deletion sets.
  if (old.metadata.deletionTimestamp === undefined) {
    put(metadata, "deletionTimestamp", deletionTimestamp);
  }
  put(
    metadata,
    "deletionGracePeriodSeconds",
    deletionGracePeriodSeconds ?? metadata.deletionGracePeriodSeconds,
  );
  put(metadata, "generateName", metadata.generateName ?? old.metadata.generateName);
  delete metadata.resourceVersion;
  checkFinalizers(resource, metadata, old.metadata);
}

/** Whole objects that are sent back say which one they are. */
export function checkUid(
  resource: ServedResource,
  { metadata }: KubeObject,
  { metadata: old }: KubeObject,
): void {
  const uid = metadata.uid ?? "";
  if (uid !== "" && uid !== old.uid) throw wrongUid(resource, old, uid);
}

function isUpdatedByVersionOnly({ custom, group, kind }: ServedResource): boolean {
  if (custom !== undefined) return true;
  return group === "apiextensions.k8s.io" && kind === "CustomResourceDefinition";
}

function checkVersion(resource: ServedResource, metadata: ObjectMeta, old: ObjectMeta): void {
  const wanted = metadata.resourceVersion ?? "";
  const name = old.name ?? "";
  if (wanted !== "" && !/^\d+$/.test(wanted)) {
    throw plainError(`strconv.ParseUint: parsing ${JSON.stringify(wanted)}: invalid syntax`);
  }
  if (wanted !== "" && wanted !== "0" && wanted !== old.resourceVersion) {
    throw conflict(resource, name);
  }
  if (wanted === "" && isUpdatedByVersionOnly(resource)) {
    const cause = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
    throw invalid({ group: resource.group, kind: resource.plural }, name, [cause]);
  }
}

function checkFinalizers(resource: ServedResource, metadata: ObjectMeta, old: ObjectMeta): void {
  if (old.deletionTimestamp === undefined) return;
  const before = new Set(old.finalizers);
  const added = (metadata.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
  if (added.length === 0) return;
  const list = added.map((finalizer) => JSON.stringify(finalizer)).join(", ");
  const why =
    "no new finalizers can be added if the object is being deleted, " +
    `found new finalizers []string{${list}}`;
  const cause = forbiddenField("metadata.finalizers", why);
  // A real server looks at metadata twice.
  throw invalid(resource, old.name ?? "", [cause, cause]);
}

/** An owner that is told of twice is kept once. What the client is told of it. */
export function dropRepeatedOwners({ metadata }: KubeObject, isPatched: boolean): string[] {
  const owners = recordsAt(metadata, "ownerReferences");
  const repeated = owners.filter((owner, index) =>
    owners.slice(0, index).some((other) => isEqualJson(other, owner)),
  );
  if (repeated.length === 0) return [];
  metadata["ownerReferences"] = owners.filter((owner) => !repeated.includes(owner));
  const when = isPatched ? " after mutating admission happens" : "";
  const ids = repeated.map((owner) => textAt(owner, "uid")).join(", ");
  return [
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${ids}`,
  ];
}

/** Counts a change of what the generation stands for. */
export function countGeneration(
  resource: ServedResource,
  object: KubeObject,
  old: KubeObject,
): void {
  const now = countedPart(resource, object);
  if (now === undefined || isEqualJson(now, countedPart(resource, old))) return;
  object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}
