/** Lists: selected, in pages, at the revision that was asked for. */
import { badRequest, StatusError } from "../../schema/status-error.ts";
import type { JsonObject, KubeObject, ServedResource } from "../../schema/types.ts";
import { StoreError } from "../../store/errors.ts";
import { latestToken } from "../../store/list.ts";
import type { ListPage, StoredObject } from "../../store/types.ts";
import type { ApiContext } from "../context.ts";
import { expired, ExpiredListError, notFound } from "../errors.ts";
import { fieldMatcher } from "../field-selector.ts";
import { integerParam } from "../options.ts";
import { parseLabelSelector } from "../label-selector.ts";
import { parseFieldSelector } from "../selectors.ts";
import { type Place, storeFailure } from "./commit.ts";
import { apiVersionOf, keyOf, prefixOf, served, servedJson } from "./place.ts";

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
  if (token !== "" && (params.get("resourceVersion") ?? "") !== "") {
    throw badRequest("specifying resource version is not allowed when using continue");
  }
  const revision = token === "" ? exactRevision(context, params) : undefined;
  try {
    return context.store.list(prefixOf(resource, namespace), {
      ...(limit > 0 ? { limit } : {}),
      ...(filter === undefined ? {} : { filter }),
      ...(token === "" ? {} : { continue: token }),
      ...(revision === undefined ? {} : { revision }),
    });
  } catch (error) {
    const isExpired = error instanceof StoreError && error.code === "expired";
    if (isExpired && token !== "") throw new ExpiredListError(latestToken(token));
    if (isExpired) throw expired("The resourceVersion for the provided list is too old.");
    throw storeFailure(resource, "", error);
  }
}

/** Lists always answer the newest state, which is not older than any but a future one. */
function exactRevision({ store }: ApiContext, params: URLSearchParams): number | undefined {
  const text = params.get("resourceVersion") ?? "";
  if (text === "" || text === "0") return undefined;
  const problem = revisionProblem(text);
  if (problem !== undefined) throw badRequest(`invalid resource version: ${problem}`);
  const revision = Number(text);
  if (revision > store.revision) throw fromTheFuture(revision, store.revision);
  return params.get("resourceVersionMatch") === "Exact" ? revision : undefined;
}

/** What is wrong with the text of a version. */
export function revisionProblem(text: string): string | undefined {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return undefined;
  const shown = JSON.stringify(text);
  const why = /^\d+$/.test(text) ? "value out of range" : "invalid syntax";
  return `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: ${why}`;
}

/** What a client meets that outlived the store it read from, if that was emptied. */
export function fromTheFuture(wanted: number, current: number): StatusError {
  const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
  return new StatusError(504, "Timeout", message, {
    retryAfterSeconds: 1,
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
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
    metadata: {
      // Lists of custom kinds always say how to go on, if only that there is no more.
      ...(resource.custom === undefined ? {} : { continue: "" }),
      ...listMetadata(page),
    },
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
  if (resource.custom !== undefined) return (json) => [json];
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
