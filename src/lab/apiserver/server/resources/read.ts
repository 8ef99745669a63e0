/** Lists: selected, in pages, at the revision that was asked for. */
import { badRequest, StatusError } from "../../schema/status-error.ts";
import type { JsonObject, KubeObject, ServedResource } from "../../schema/types.ts";
import type { ListPage, StoredObject } from "../../store/types.ts";
import type { ApiContext } from "../context.ts";
import { notFound } from "../errors.ts";
import { fieldMatcher } from "../field-selector.ts";
import { integerParam } from "../request.ts";
import { parseFieldSelector, parseLabelSelector } from "../selectors.ts";
import { type Place, storeFailure } from "./commit.ts";
import { apiVersionOf, isServedAsStored, keyOf, prefixOf, served, servedJson } from "./place.ts";

export type Selection = (stored: StoredObject) => boolean;

/** Whether a state of an object is selected; undefined where all are. */
export function selectionOf(
  resource: ServedResource,
  params: URLSearchParams,
  name: string = "",
): Selection | undefined {
  const labels = parseLabelSelector(params.get("labelSelector") ?? undefined);
  const terms = parseFieldSelector(params.get("fieldSelector") ?? undefined);
  const named = name === "" ? [] : [{ field: "metadata.name", value: name, isEqual: true }];
  const fields = fieldMatcher(resource, [...terms, ...named]);
  if (labels === undefined && fields === undefined) return undefined;
  return (stored) => {
    const object = served(resource, stored);
    if (labels !== undefined && !labels(object.metadata.labels)) return false;
    return fields === undefined || fields(object);
  };
}

export function getObject(
  { store }: ApiContext,
  { resource, namespace, name }: Place,
): StoredObject {
  const stored = store.get(keyOf(resource, namespace, name));
  if (stored === undefined) throw notFound(resource, name);
  return stored;
}

export function listObjects(
  context: ApiContext,
  resource: ServedResource,
  namespace: string,
  params: URLSearchParams,
): ListPage {
  const limit = integerParam(params, "limit") ?? 0;
  const token = params.get("continue") ?? "";
  const filter = selectionOf(resource, params);
  const revision = token === "" ? exactRevision(context, params) : undefined;
  try {
    return context.store.list(prefixOf(resource, namespace), {
      ...(limit > 0 ? { limit } : {}),
      ...(filter === undefined ? {} : { filter }),
      ...(token === "" ? {} : { continue: token }),
      ...(revision === undefined ? {} : { revision }),
    });
  } catch (error) {
    throw storeFailure(resource, "", error);
  }
}

/** Lists always answer the newest state, which is not older than any but a future one. */
function exactRevision({ store }: ApiContext, params: URLSearchParams): number | undefined {
  const text = params.get("resourceVersion") ?? "";
  const match = params.get("resourceVersionMatch") ?? "";
  if (text === "" || text === "0") {
    if (match === "Exact") throw badRequest('resourceVersionMatch "Exact" needs a resourceVersion');
    return undefined;
  }
  const revision = parseRevision(text);
  if (revision > store.revision) throw fromTheFuture(revision, store.revision);
  return match === "Exact" ? revision : undefined;
}

export function parseRevision(text: string): number {
  const revision = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(revision)) {
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: it is no number`);
  }
  return revision;
}

/** What a client meets that outlived the store it read from, if that was emptied. */
function fromTheFuture(wanted: number, current: number): StatusError {
  const message = `Too large resource version: ${wanted}, current: ${current}`;
  return new StatusError(504, "Timeout", message, {
    retryAfterSeconds: 1,
    causes: [
      { reason: "ResourceVersionTooLarge", message: "Too large resource version", field: "" },
    ],
  });
}

export function listMetadata(page: ListPage): JsonObject {
  return {
    resourceVersion: String(page.revision),
    ...(page.continue === undefined ? {} : { continue: page.continue }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
}

const COMMA = Buffer.from(",");
const END = Buffer.from("]}\n");

/** The list as JSON, of the bytes that the store has of each object. */
export function listJson(resource: ServedResource, page: ListPage): Buffer[] {
  const head = {
    kind: resource.listKind,
    apiVersion: apiVersionOf(resource),
    metadata: listMetadata(page),
  };
  const parts: Buffer[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  const strip = itemStripper(resource);
  for (const [index, stored] of page.items.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(...strip(servedJson(resource, stored)));
  }
  parts.push(END);
  return parts;
}

const OPEN = Buffer.from("{");

/** Items of built-in kinds do not say their kind again; those of custom ones do. */
function itemStripper(resource: ServedResource): (json: Buffer) => readonly Buffer[] {
  if (resource.custom !== undefined || !isServedAsStored(resource)) return (json) => [json];
  const names = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  const prefix = Buffer.from(`${JSON.stringify(names).slice(0, -1)},`);
  return (json) => {
    const isThere = json.subarray(0, prefix.length).equals(prefix);
    return isThere ? [OPEN, json.subarray(prefix.length)] : [json];
  };
}

export function pageObjects(resource: ServedResource, page: ListPage): readonly KubeObject[] {
  return page.items.map((stored) => served(resource, stored));
}
