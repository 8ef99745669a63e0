/** The verbs on resources, each from request to answer. */
import { StatusError } from "../schema/status-error.ts";
import type { PatchType } from "../schema/types.ts";
import { type Call, formOptionsOf, placeOf, sendCommitted, writeOf } from "./call.ts";
import { contentType, parseJson, readObject, readOptionalObject } from "./body.ts";
import {
  methodNotAllowed,
  plainError,
  successObject,
  toStatusError,
  unsupportedMediaType,
} from "./errors.ts";
import { addWarnings, readBody, sendJson, sendObject } from "./http.ts";
import { textAt } from "./json.ts";
import { answersDeleted, deletionWarnings } from "./kinds/facts.ts";
import { checkListOptions } from "./options.ts";
import { duplicateFields } from "./json-duplicates.ts";
import { isTrue } from "./request.ts";
import { deleteObject, deleteOptions, type DeleteOptions } from "./resources/delete-object.ts";
import { formOf, listFormOf } from "./resources/form.ts";
import { apiVersionOf, prefixOf, served, servedJson } from "./resources/place.ts";
import {
  fromTheFuture,
  getObject,
  listJson,
  listMetadata,
  listObjects,
  pageObjects,
  revisionProblem,
  selectionOf,
} from "./resources/read.ts";
import { serveWatch } from "./resources/watch.ts";
import type { Patch } from "./resources/patched.ts";
import { createObject, patchObject, updateObject } from "./resources/write-object.ts";
import { Write } from "./write.ts";
import { parseYaml } from "./yaml.ts";

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
  "application/apply-patch+json": "apply",
};
const CUSTOM_PATCH_TYPES = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/apply-patch+yaml",
];

export async function handleObject(call: Call): Promise<void> {
  const { verb, path } = call;
  if (path.name === "" && (verb === "update" || verb === "patch")) throw methodNotAllowed();
  switch (verb) {
    case "get":
      handleGet(call);
      return;
    case "list":
      handleList(call);
      return;
    case "watch":
      await handleWatch(call);
      return;
    case "create":
      await handleCreate(call);
      return;
    case "update":
      await handleUpdate(call, "");
      return;
    case "patch":
      await handlePatch(call, "");
      return;
    case "delete":
      await handleDelete(call);
      return;
    case "deletecollection":
      await handleDeleteCollection(call);
      return;
    case "connect":
      throw methodNotAllowed();
    default:
      throw methodNotAllowed();
  }
}

function handleGet(call: Call): void {
  checkVersion(call);
  const stored = getObject(call.context, placeOf(call));
  const form = formOf(call.resource, served(call.resource, stored), formOptionsOf(call));
  if (form !== undefined) sendJson(call, 200, form);
  else sendObject(call, 200, [servedJson(call.resource, stored)]);
}

/** What is read is always the newest state, which is not older than any that was told of. */
function checkVersion({ context, params }: Call): void {
  const text = params.get("resourceVersion") ?? "";
  if (text === "") return;
  const problem = revisionProblem(text);
  if (problem !== undefined) throw plainError(problem);
  const { revision } = context.store;
  if (Number(text) > revision) throw fromTheFuture(Number(text), revision);
}

function handleList(call: Call): void {
  const { context, resource, path, params } = call;
  const options = formOptionsOf(call);
  checkListOptions(params, false);
  const page = listObjects(context, resource, path.namespace, params);
  if (options.answer.form === "object") {
    sendObject(call, 200, listJson(resource, page));
    return;
  }
  const form = listFormOf(resource, pageObjects(resource, page), listMetadata(page), options);
  sendJson(call, 200, form ?? {});
}

async function handleWatch(call: Call): Promise<void> {
  const { context, resource, path, params, response, signal } = call;
  const form = formOptionsOf(call);
  checkListOptions(params, true);
  const { namespace, name } = path;
  await serveWatch(context, { resource, namespace, name, params, form }, response, signal);
}

async function handleCreate(call: Call): Promise<void> {
  const { context, resource, path } = call;
  if (path.name !== "") throw methodNotAllowed();
  const write = writeOf(call);
  const body = await readObject(call.request, resource.kind);
  write.duplicates = body.duplicates;
  const namespace = resource.isNamespaced ? path.namespace : "";
  const committed = await createObject(context, resource, namespace, body.value, write);
  sendCommitted(call, committed, 201);
}

/** Of the object, or of a part that is written as it is: its status. */
export async function handleUpdate(call: Call, subresource: string): Promise<void> {
  const write = writeOf(call);
  const body = await readObject(call.request, call.resource.kind);
  write.duplicates = body.duplicates;
  const committed = await updateObject(call.context, placeOf(call), subresource, body.value, write);
  sendCommitted(call, committed);
}

export async function handlePatch(call: Call, subresource: string): Promise<void> {
  const type = patchTypeOf(call);
  const write = writeOf(call);
  const patch = await readPatch(call, type);
  write.duplicates = patch.duplicates;
  const committed = await patchObject(call.context, placeOf(call), subresource, patch, write);
  sendCommitted(call, committed);
}

/** Throws for what is no patch of this kind of object. */
export function patchTypeOf({ request, resource }: Call): PatchType {
  const type = PATCH_TYPES[contentType(request)];
  if (resource.custom === undefined) {
    if (type !== undefined) return type;
    throw new StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
  }
  if (type !== undefined && type !== "strategic") return type;
  throw unsupportedMediaType(CUSTOM_PATCH_TYPES);
}

export async function readPatch({ request, params }: Call, type: PatchType): Promise<Patch> {
  const bytes = await readBody(request);
  const prefix = type === "strategic" ? "" : "error decoding patch: ";
  const body = type === "apply" ? parseYaml(bytes.toString()) : parseJson(bytes, prefix);
  const duplicates = type === "apply" ? [] : duplicateFields(bytes.toString());
  return { type, body, duplicates, isForced: isTrue(params.get("force")) };
}

async function readDeleteOptions(call: Call): Promise<DeleteOptions> {
  const body = await readOptionalObject(call.request, "DeleteOptions");
  const options = deleteOptions(body?.value, call.params);
  if (options.propagation === undefined) addWarnings(call, deletionWarnings(call.resource));
  return options;
}

async function handleDelete(call: Call): Promise<void> {
  const { context, resource, path } = call;
  const options = await readDeleteOptions(call);
  const write = deletion(call, options.isDryRun);
  const committed = await deleteObject(context, placeOf(call), options, write);
  if (committed.isRemoved && !answersDeleted(resource)) {
    const uid = textAt(committed.object, "metadata", "uid");
    sendJson(call, 200, successObject(resource, path.name, uid));
    return;
  }
  sendCommitted(call, { ...committed, isCreated: false });
}

function deletion(call: Call, isDryRun: boolean): Write {
  const { options } = writeOf(call);
  return new Write(call.context, { ...options, isDryRun: isDryRun || options.isDryRun });
}

/** Each as by a deletion of its own; one that is gone by then is no failure. */
async function handleDeleteCollection(call: Call): Promise<void> {
  const { context, resource, path, params } = call;
  const options = await readDeleteOptions(call);
  const filter = selectionOf(resource, params);
  const prefix = prefixOf(resource, path.namespace);
  const page = context.store.list(prefix, filter === undefined ? {} : { filter });
  const deletions = pageObjects(resource, page).map(async (object) => {
    const { namespace = "", name = "" } = object.metadata;
    const write = deletion(call, options.isDryRun);
    try {
      await deleteObject(context, { resource, namespace, name }, options, write);
      return [object];
    } catch (error) {
      if (toStatusError(error).status === 404) return [];
      throw error;
    }
  });
  const items = (await Promise.all(deletions)).flat();
  sendJson(call, 200, {
    kind: resource.listKind,
    apiVersion: apiVersionOf(resource),
    metadata: { resourceVersion: String(context.store.revision) },
    items,
  });
}
