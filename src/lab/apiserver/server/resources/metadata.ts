/** An object's metadata, of which clients may write only a part. */
import { randomUUID } from "node:crypto";
import { badRequest, invalid, StatusError } from "../../schema/status-error.ts";
import type { KubeObject, ObjectMeta, ServedResource } from "../../schema/types.ts";
import { conflict, forbiddenField, invalidValue } from "../errors.ts";
import { put } from "../json.ts";
import { countedPart } from "../kinds/facts.ts";
import { randomSuffix } from "../kinds/pods.ts";
import { isEqualJson } from "../json.ts";

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
  if (own !== "" && own !== name) {
    throw badRequest(
      `the name of the object (${own}) does not match the name on the URL (${name})`,
    );
  }
  object.metadata.name = name;
}

/** Fills what a new object gets; throws where it has what only stored objects have. */
export function fillNew(resource: ServedResource, object: KubeObject, now: string): void {
  const { metadata } = object;
  if ((metadata.resourceVersion ?? "") !== "") {
    throw new StatusError(
      500,
      "InternalError",
      "resourceVersion should not be set on objects to be created",
    );
  }
  delete metadata.resourceVersion;
  for (const field of OWN_FIELDS) delete metadata[field];
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
  const name = old.metadata.name ?? "";
  checkVersion(resource, metadata, old.metadata);
  if ((metadata.uid ?? "") !== "" && metadata.uid !== old.metadata.uid) {
    const why =
      `Precondition failed: UID in precondition: ${metadata.uid}, ` +
      `UID in object meta: ${old.metadata.uid}`;
    throw conflict(resource, name, why);
  }
  for (const field of OWN_FIELDS) put(metadata, field, old.metadata[field]);
  put(metadata, "generateName", metadata.generateName ?? old.metadata.generateName);
  delete metadata.resourceVersion;
  checkFinalizers(resource, metadata, old.metadata);
}

function checkVersion(resource: ServedResource, metadata: ObjectMeta, old: ObjectMeta): void {
  const wanted = metadata.resourceVersion ?? "";
  const name = old.name ?? "";
  if (wanted !== "" && wanted !== "0" && wanted !== old.resourceVersion) {
    throw conflict(resource, name);
  }
  if (wanted === "" && resource.custom !== undefined) {
    const cause = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
    throw invalid(resource, name, [cause]);
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
  throw invalid(resource, old.name ?? "", [forbiddenField("metadata.finalizers", why)]);
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
