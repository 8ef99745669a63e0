/** Create, update and patch: from what a client sent to what the store gets. */
import type { KubeObject, ManagedFieldsUpdate, ServedResource } from "../../schema/types.ts";
import { applyPatch } from "../../patch/apply-patch.ts";
import { trackManagedFields } from "../../patch/managed-fields.ts";
import type { ApiContext } from "../context.ts";
import { alreadyExists, forbidden, methodNotAllowed, notFound, requiredValue } from "../errors.ts";
import { invalid } from "../../schema/status-error.ts";
import { warningsOf } from "../../schema/warnings/kinds.ts";
import { asList, asRecord, at, isEqualJson, put, textAt } from "../json.ts";
import {
  firstStatus,
  hasStatus,
  isMadeByUpdate,
  keepsNewStatus,
  keptByStatus,
  rulesOf,
} from "../kinds/facts.ts";
import { checkNamespace } from "../kinds/namespaces.ts";
import type { Write } from "../write.ts";
import { decodePatched, type Patch } from "./patched.ts";
import { type Committed, commit, type Decision, type Place, Removal } from "./commit.ts";
import {
  checkName,
  checkUid,
  countGeneration,
  dropRepeatedOwners,
  fillNew,
  keepOld,
  setNamespace,
} from "./metadata.ts";

/** How often another name is tried where a generated one is taken. */
const MAX_NAME_TRIES = 8;

export async function createObject(
  context: ApiContext,
  resource: ServedResource,
  namespace: string,
  body: unknown,
  write: Write,
): Promise<Committed> {
  for (let tries = 1; ; tries++) {
    const object = decode(context, resource, body, write);
    const isGenerated = (object.metadata.name ?? "") === "";
    setNamespace(resource, object, namespace);
    fillNew(resource, object, write.now);
    const name = object.metadata.name ?? "";
    if (name === "") {
      const cause = requiredValue("metadata.name", "name or generateName is required");
      throw invalid(resource, name, [cause]);
    }
    // Such a name is no part of a key: nothing but the refusal of it comes of the object.
    if (name.includes("/")) context.schemas.validateCreate(resource, object);
    const place = { resource, namespace, name };
    try {
      return await commit(context, place, write, (current) => {
        const made = finishNew(context, resource, object, write);
        if (current !== undefined) throw alreadyExists(resource, name);
        return made;
      });
    } catch (error) {
      const isTaken = (error as { reason?: string }).reason === "AlreadyExists";
      if (!isTaken || !isGenerated || tries >= MAX_NAME_TRIES) throw error;
    }
  }
}

function decode(
  { schemas }: ApiContext,
  resource: ServedResource,
  value: unknown,
  write: Write,
  isPatched = false,
): KubeObject {
  const { fieldValidation } = write.options;
  const { object, warnings } = schemas.decode(resource, value, {
    fieldValidation,
    isPatched,
    duplicates: write.duplicates,
  });
  write.warn(warnings);
  write.warn(dropRepeatedOwners(object, isPatched));
  rulesOf(resource).normalise?.(object);
  return object;
}

function finishNew(
  context: ApiContext,
  resource: ServedResource,
  object: KubeObject,
  write: Write,
  isTracked = false,
): KubeObject {
  if (resource.isNamespaced) checkNamespace(context, resource, object);
  if (resource.custom?.isTerminating === true) {
    const why = "create not allowed while custom resource definition is terminating";
    throw forbidden(resource, object.metadata.name ?? "", why);
  }
  if (hasStatus(resource) && !keepsNewStatus(resource))
    put(object, "status", firstStatus(resource, write.now));
  const managed = isTracked ? object : track(context, { resource, old: undefined, object }, write);
  rulesOf(resource).create?.(context, managed, write);
  context.schemas.validateCreate(resource, managed);
  write.warn(warningsOf(resource, managed));
  return managed;
}

/** Before the rules of the kind: what those add is nobody's, as in a real server. */
function track(
  { schemas }: ApiContext,
  what: Pick<ManagedFieldsUpdate, "resource" | "subresource" | "old" | "object">,
  { options, now }: Write,
): KubeObject {
  return trackManagedFields(schemas, { ...what, fieldManager: options.fieldManager, now });
}

/** "" for the object itself, or "status", or another that writes a part of the object. */
export function updateObject(
  context: ApiContext,
  place: Place,
  subresource: string,
  body: unknown,
  write: Write,
): Promise<Committed> {
  const { resource, namespace, name } = place;
  const object = decode(context, resource, body, write);
  setNamespace(resource, object, namespace);
  checkName(object, name);
  return commit(context, place, write, (old) => {
    if (old === undefined) {
      if (!isMadeByUpdate(resource)) throw notFound(resource, name);
      const fresh = structuredClone(object);
      fillNew(resource, fresh, write.now);
      return finishNew(context, resource, fresh, write);
    }
    checkUid(resource, object, old);
    return finishUpdate(context, resource, subresource, object, old, write);
  });
}

export function patchObject(
  context: ApiContext,
  place: Place,
  subresource: string,
  patch: Patch,
  write: Write,
): Promise<Committed> {
  const { resource, namespace, name } = place;
  const isApply = patch.type === "apply";
  return commit(context, place, write, (old) => {
    if (old === undefined && (!isApply || subresource !== "")) throw notFound(resource, name);
    if (isApply) checkAppliedName(patch.body, name);
    const patched = applyPatch(context.schemas, {
      type: patch.type,
      resource,
      ...(subresource === "" ? {} : { subresource }),
      current: old,
      patch: patch.body,
      fieldManager: write.options.fieldManager,
      isForced: patch.isForced,
      now: write.now,
    });
    const object = decodePatched(patch, patched, () =>
      decode(context, resource, patched, write, true),
    );
    setNamespace(resource, object, namespace);
    checkName(object, name);
    if (old !== undefined) {
      return finishUpdate(context, resource, subresource, object, old, write, isApply);
    }
    if (!resource.verbs.includes("create")) throw methodNotAllowed();
    const managed = object.metadata["managedFields"];
    delete object.metadata.resourceVersion;
    fillNew(resource, object, write.now);
    put(object.metadata, "managedFields", managed);
    return finishNew(context, resource, object, write, true);
  });
}

/** Before anybody is told of conflicts with what is another object. */
function checkAppliedName(body: unknown, name: string): void {
  const given = textAt(body, "metadata", "name");
  if (given !== "") checkName({ apiVersion: "", kind: "", metadata: { name: given } }, name);
}

/** What an object that was read, changed and sent back becomes. */
export function finishUpdate(
  context: ApiContext,
  resource: ServedResource,
  subresource: string,
  object: KubeObject,
  old: KubeObject,
  write: Write,
  isTracked = false,
): Decision {
  keepOld(resource, object, old);
  keepOtherPart(resource, subresource, object, old);
  const part = subresource === "" ? {} : { subresource };
  const managed = isTracked ? object : track(context, { resource, ...part, old, object }, write);
  const rules = rulesOf(resource);
  if (subresource === "") rules.update?.(context, managed, structuredClone(old), write);
  countGeneration(resource, managed, old);
  context.schemas.validateUpdate(resource, managed, old, subresource || undefined);
  if (subresource === "") write.warn(warningsOf(resource, managed, old));
  if (isSameButForTimes(managed, old)) return "unchanged";
  if (!isFinished(managed)) return managed;
  rules.remove?.(context, old, write);
  return new Removal(managed);
}

/** A write that would tell nothing but a newer time of who wrote what is none. */
function isSameButForTimes(object: KubeObject, old: KubeObject): boolean {
  const { resourceVersion: _, ...metadata } = old.metadata;
  const times = asList(metadata["managedFields"]).map((each) => at(each, "time") ?? null);
  const managedFields = asList(object.metadata["managedFields"]).map((each, index) => {
    const time = times[index] ?? undefined;
    const entry = { ...asRecord(each) };
    put(entry, "time", time);
    return entry;
  });
  const timeless = { ...object.metadata };
  if (managedFields.length > 0) timeless["managedFields"] = managedFields;
  return isEqualJson({ ...object, metadata: timeless }, { ...old, metadata });
}

/** An update of the object leaves its status alone, and one of the status all but that. */
function keepOtherPart(
  resource: ServedResource,
  subresource: string,
  object: KubeObject,
  old: KubeObject,
): void {
  if (subresource === "") {
    if (hasStatus(resource)) put(object, "status", old["status"]);
    return;
  }
  for (const field of Object.keys({ ...old, ...object })) {
    if (field !== "status" && field !== "metadata") put(object, field, old[field]);
  }
  const { managedFields } = object.metadata;
  if (resource.custom === undefined) {
    for (const field of keptByStatus(resource)) put(object.metadata, field, old.metadata[field]);
    return;
  }
  object.metadata = { ...old.metadata };
  delete object.metadata.resourceVersion;
  put(object.metadata, "managedFields", managedFields);
}

/** Nothing holds an object that is being deleted once its last finalizer is gone. */
export function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || (deletionGracePeriodSeconds ?? 0) > 0) return false;
  if ((finalizers ?? []).length > 0) return false;
  return object.kind !== "Namespace" || object.apiVersion !== "v1" || isEmptied(object);
}

function isEmptied(namespace: KubeObject): boolean {
  const { spec } = namespace;
  const finalizers = (spec as { finalizers?: readonly unknown[] } | undefined)?.finalizers;
  return (finalizers ?? []).length === 0;
}
