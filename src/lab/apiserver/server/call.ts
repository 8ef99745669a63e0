/** A request for a resource, taken apart: what every handler is given. */
import type { FieldValidation, ServedResource } from "../schema/types.ts";
import { type Answer, chooseAnswer } from "./accept.ts";
import type { User } from "./authentication.ts";
import { contentType } from "./body.ts";
import type { ApiContext } from "./context.ts";
import { addWarnings, type Reply, sendJson, sendObject } from "./http.ts";
import { checkWriteOptions, dryRunOf } from "./options.ts";
import type { RequestVerb, ResourcePath } from "./request.ts";
import { formOf, type FormOptions, includeObjectOf } from "./resources/form.ts";
import type { Committed, Place } from "./resources/commit.ts";
import { servedJson } from "./resources/place.ts";
import { Write } from "./write.ts";

export interface Call extends Reply {
  readonly context: ApiContext;
  readonly path: ResourcePath;
  readonly verb: RequestVerb;
  readonly params: URLSearchParams;
  readonly resource: ServedResource;
  readonly user: User;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

/** As much of a client's name as managedFields have. */
const MAX_AGENT_LENGTH = 128;
/** Of the verbs that write, what their options are called. */
const OPTIONS: Readonly<Partial<Record<RequestVerb, string>>> = {
  create: "CreateOptions",
  update: "UpdateOptions",
  patch: "PatchOptions",
};

export function placeOf({ resource, path }: Call): Place {
  return { resource, namespace: path.namespace, name: path.name };
}

/** What the query says of a write. */
export function writeOf(call: Call): Write {
  const { context, params, request, user, verb } = call;
  const kind = OPTIONS[verb];
  const isApply = verb === "patch" ? contentType(request).includes("apply-patch") : undefined;
  if (kind !== undefined) checkWriteOptions(params, kind, isApply);
  const agent = (request.headers["user-agent"] ?? "unknown").split("/")[0] ?? "unknown";
  const options = {
    isDryRun: dryRunOf(params).length > 0,
    fieldManager: params.get("fieldManager") || agent.slice(0, MAX_AGENT_LENGTH),
    fieldValidation: (params.get("fieldValidation") || "Warn") as FieldValidation,
    user,
  };
  return new Write(context, options, (warning) => addWarnings(call, [warning]));
}

export function formOptionsOf({ context, params, request }: Call): FormOptions {
  const answer: Answer = chooseAnswer(request.headers.accept);
  return { answer, include: includeObjectOf(params), nowMs: context.clock.nowMs() };
}

/** Answers an object that was read or written, in the form that the client asked for. */
export function sendCommitted(call: Call, committed: Committed, status = 200): void {
  const { object, stored } = committed;
  const code = committed.isCreated && status === 200 ? 201 : status;
  const form = formOf(call.resource, object, formOptionsOf(call));
  if (form !== undefined) sendJson(call, code, form);
  else if (stored === undefined) sendJson(call, code, object);
  else sendObject(call, code, [servedJson(call.resource, stored)]);
}
