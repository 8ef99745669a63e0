/** The verbs on resources, each from request to answer. */
import { badRequest } from "../schema/status-error.ts";
import type { PatchType } from "../schema/types.ts";
import { type Call, formOptionsOf, placeOf, sendCommitted, writeOf } from "./call.ts";
import { methodNotAllowed, successObject, toStatusError, unsupportedMediaType } from "./errors.ts";
import {
  contentType,
  parseJson,
  readBody,
  readObject,
  readOptionalObject,
  sendBytes,
  sendJson,
} from "./http.ts";
import { textAt } from "./json.ts";
import { answersDeleted } from "./kinds/facts.ts";
import { isTrue } from "./request.ts";
import { deleteObject, deleteOptions } from "./resources/delete-object.ts";
import { formOf, listFormOf } from "./resources/form.ts";
import { apiVersionOf, served, servedJson } from "./resources/place.ts";
import {
  getObject,
  listJson,
  listMetadata,
  listObjects,
  pageObjects,
  selectionOf,
} from "./resources/read.ts";
import { serveWatch } from "./resources/watch.ts";
import { createObject, type Patch, patchObject, updateObject } from "./resources/write-object.ts";
import { Write } from "./write.ts";
import { prefixOf } from "./resources/place.ts";

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
  "application/apply-patch+json": "apply",
};

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
  if (isTrue(call.params.get("watch")))
    throw badRequest("one object is watched by a field selector");
  const stored = getObject(call.context, placeOf(call));
  const form = formOf(call.resource, served(call.resource, stored), formOptionsOf(call));
  if (form !== undefined) sendJson(call, 200, form);
  else sendBytes(call, 200, [servedJson(call.resource, stored)]);
}

function handleList(call: Call): void {
  const { context, resource, path, params } = call;
  const options = formOptionsOf(call);
  const page = listObjects(context, resource, path.namespace, params);
  if (options.answer.form === "object") {
    sendBytes(call, 200, listJson(resource, page));
    return;
  }
  const form = listFormOf(resource, pageObjects(resource, page), listMetadata(page), options);
  sendJson(call, 200, form ?? {});
}

async function handleWatch(call: Call): Promise<void> {
  const { context, resource, path, params, response, signal } = call;
  const form = formOptionsOf(call);
  const { namespace, name } = path;
  await serveWatch(context, { resource, namespace, name, params, form }, response, signal);
}

async function handleCreate(call: Call): Promise<void> {
  const { context, resource, path } = call;
  if (path.name !== "") throw methodNotAllowed();
  const write = writeOf(call);
  const body = await readObject(call.request);
  const namespace = resource.isNamespaced ? path.namespace : "";
  const committed = await createObject(context, resource, namespace, body, write);
  sendCommitted(call, write, committed, 201);
}

/** Of the object, or of a part that is written as it is: its status. */
export async function handleUpdate(call: Call, subresource: string): Promise<void> {
  const write = writeOf(call);
  const body = await readObject(call.request);
  const committed = await updateObject(call.context, placeOf(call), subresource, body, write);
  sendCommitted(call, write, committed);
}

export async function handlePatch(call: Call, subresource: string): Promise<void> {
  const write = writeOf(call);
  const patch = await readPatch(call);
  const committed = await patchObject(call.context, placeOf(call), subresource, patch, write);
  sendCommitted(call, write, committed);
}

export async function readPatch({ request, params }: Call): Promise<Patch> {
  const given = contentType(request);
  const type = PATCH_TYPES[given];
  if (type === undefined) {
    throw unsupportedMediaType(
      "the body of the request was in an unknown format - accepted media types include: " +
        `${Object.keys(PATCH_TYPES).join(", ")}; it is ${given}`,
    );
  }
  if (type === "apply" && (params.get("fieldManager") ?? "") === "") {
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: ' +
        "is required for apply patch",
    );
  }
  const body = parsePatch(type, await readBody(request));
  return { type, body, isForced: isTrue(params.get("force")) };
}

function parsePatch(type: PatchType, bytes: Buffer): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (type !== "apply") throw error;
    const { message } = toStatusError(error);
    throw unsupportedMediaType(
      `an apply patch that is YAML, and not also JSON, is not supported by the lab's API server ` +
        `(kubectl sends JSON): ${message}`,
    );
  }
}

async function handleDelete(call: Call): Promise<void> {
  const { context, params, resource, path } = call;
  const options = deleteOptions(await readOptionalObject(call.request), params);
  const write = deletion(call, options.isDryRun);
  const committed = await deleteObject(context, placeOf(call), options, write);
  if (committed.isRemoved && !answersDeleted(resource)) {
    const uid = textAt(committed.object, "metadata", "uid");
    sendJson(call, 200, successObject(resource, path.name, uid));
    return;
  }
  sendCommitted(call, write, { ...committed, isCreated: false });
}

function deletion(call: Call, isDryRun: boolean): Write {
  const { options } = writeOf(call);
  return new Write(call.context, { ...options, isDryRun: isDryRun || options.isDryRun });
}

/** Each as by a deletion of its own; one that is gone by then is no failure. */
async function handleDeleteCollection(call: Call): Promise<void> {
  const { context, resource, path, params } = call;
  const options = deleteOptions(await readOptionalObject(call.request), params);
  const filter = selectionOf(resource, params);
  const prefix = prefixOf(resource, path.namespace);
  const page = context.store.list(prefix, filter === undefined ? {} : { filter });
  const deletions = pageObjects(resource, page).map(async ({ metadata }) => {
    const { namespace = "", name = "" } = metadata;
    const write = deletion(call, options.isDryRun);
    try {
      const place = { resource, namespace, name };
      return [(await deleteObject(context, place, options, write)).object];
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
