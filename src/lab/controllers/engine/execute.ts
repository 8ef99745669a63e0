/** Carries out what a core has planned, tells the caches, and records how it went. */
import { unreachable } from "#base";

import { type ApiObject, keyOf } from "../model/object.ts";
import { isNotFound, messageOf, type Resource } from "./api.ts";
import type { Context } from "./context.ts";
import { nameOfResource } from "./resources.ts";
import type { EventText, Note, Operation } from "./operations.ts";

/** How many creations are tried first; twice as many each time all went well. */
const FIRST_BATCH = 1;

/**
 * In order; the first error ends it and is thrown. Creations in a row go in growing batches, so
 * that a quota that refuses one refuses few, and a hundred pods do not take a hundred round trips.
 */
export async function execute(
  context: Context,
  component: string,
  operations: readonly Operation[],
): Promise<void> {
  const versions = new Map<string, string>();
  for (let at = 0, size = FIRST_BATCH; at < operations.length; ) {
    const batch = sameKind(operations, at, size);
    const results = await Promise.allSettled(
      batch.map((operation) => perform(context, component, operation, versions)),
    );
    for (const result of results) {
      if (result.status === "rejected") throw result.reason;
    }
    at += batch.length;
    size = batch.length > 1 || batch[0]?.verb === operations[at]?.verb ? size * 2 : FIRST_BATCH;
  }
}

function sameKind(operations: readonly Operation[], from: number, size: number): Operation[] {
  const first = operations[from];
  if (first === undefined) return [];
  if (first.verb !== "create" && first.verb !== "delete") return [first];
  const batch = operations.slice(from, from + size);
  const end = batch.findIndex(({ verb }) => verb !== first.verb);
  return end < 0 ? batch : batch.slice(0, end);
}

async function perform(
  context: Context,
  component: string,
  operation: Operation,
  versions: Map<string, string>,
): Promise<void> {
  if (operation.verb === "event") {
    context.recorder.record(component, operation.about, operation.event);
    return;
  }
  const { note } = operation;
  try {
    const name = await write(context, operation, versions);
    tell(context, component, note, note?.done, name, "");
  } catch (error) {
    if (operation.verb === "delete" && isNotFound(error)) return;
    tell(context, component, note, note?.failed, "", messageOf(error));
    throw error;
  }
}

async function write(
  context: Context,
  operation: Exclude<Operation, { verb: "event" }>,
  versions: Map<string, string>,
): Promise<string> {
  const { api } = context;
  if (operation.verb === "delete") return remove(context, operation);
  const { resource } = operation;
  switch (operation.verb) {
    case "create":
      return wrote(context, resource, await api.create(resource, operation.object));
    case "update":
    case "updateStatus": {
      const object = atVersion(resource, operation.object, versions);
      const written = await (operation.verb === "update"
        ? api.update(resource, object)
        : api.updateStatus(resource, object));
      versions.set(versionKey(resource, object), written.metadata.resourceVersion ?? "");
      return wrote(context, resource, written);
    }
    case "patch": {
      const { target, patch, subresource } = operation;
      return wrote(context, resource, await api.patch(resource, target, patch, subresource));
    }
    case "send": {
      const { method, target, subresource, body, leaves } = operation;
      await api.send(method, resource, target, subresource, body);
      if (leaves !== undefined) context.knownCache(resource)?.assume(leaves);
      return target.name;
    }
    default:
      return unreachable(operation);
  }
}

async function remove(
  context: Context,
  { resource, target, settings = {} }: Extract<Operation, { verb: "delete" }>,
): Promise<string> {
  const { namespace, name, uid } = target.metadata;
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...settings.preconditions };
  const ref = namespace === undefined ? { name } : { namespace, name };
  await context.api.delete(resource, ref, { ...settings, preconditions });
  if (settings.propagationPolicy !== "Orphan") {
    context.knownCache(resource)?.deleteWasAccepted(keyOf(target), uid);
  }
  return name;
}

/** An object that this plan has already written is written again over its new version. */
function atVersion(
  resource: Resource,
  object: ApiObject,
  versions: ReadonlyMap<string, string>,
): ApiObject {
  const resourceVersion = versions.get(versionKey(resource, object));
  if (resourceVersion === undefined) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion } };
}

function versionKey(resource: Resource, object: ApiObject): string {
  return `${nameOfResource(resource)} ${keyOf(object)}`;
}

function wrote(context: Context, resource: Resource, object: ApiObject): string {
  context.knownCache(resource)?.wrote(object);
  return object.metadata.name;
}

function tell(
  context: Context,
  component: string,
  note: Note | undefined,
  text: EventText | undefined,
  name: string,
  error: string,
): void {
  if (note === undefined || text === undefined) return;
  const message = text.message.replace("{name}", () => name).replace("{error}", () => error);
  context.recorder.record(component, note.about, { ...text, message });
}
