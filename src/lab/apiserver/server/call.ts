/** A request for a resource, taken apart: what every handler is given. */
import type { FieldValidation, ServedResource } from "../schema/types.ts";
import { badRequest } from "../schema/status-error.ts";
import { type Answer, chooseAnswer } from "./accept.ts";
import type { User } from "./authentication.ts";
import type { ApiContext } from "./context.ts";
import { addWarnings, type Reply, sendBytes, sendJson } from "./http.ts";
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

const VALIDATIONS: ReadonlySet<string> = new Set(["Ignore", "Warn", "Strict"]);
const MAX_MANAGER_LENGTH = 128;

export function placeOf({ resource, path }: Call): Place {
  return { resource, namespace: path.namespace, name: path.name };
}

/** What the query says of a write. */
export function writeOf(call: Call): Write {
  const { context, params, request, user } = call;
  const dryRun = params.getAll("dryRun").filter((value) => value !== "");
  if (dryRun.some((value) => value !== "All")) {
    const values = JSON.stringify(dryRun);
    throw badRequest(`dryRun: Unsupported value: ${values}: supported values: "All"`);
  }
  const validation = params.get("fieldValidation") || "Warn";
  if (!VALIDATIONS.has(validation)) {
    const supported = '"Ignore", "Strict", "Warn"';
    throw badRequest(
      `fieldValidation: Unsupported value: "${validation}": supported values: ${supported}`,
    );
  }
  const agent = (request.headers["user-agent"] ?? "unknown").split("/")[0] ?? "unknown";
  return new Write(context, {
    isDryRun: dryRun.length > 0,
    fieldManager: (params.get("fieldManager") || agent).slice(0, MAX_MANAGER_LENGTH),
    fieldValidation: validation as FieldValidation,
    user,
  });
}

export function formOptionsOf({ context, params, request }: Call): FormOptions {
  const answer: Answer = chooseAnswer(request.headers.accept);
  return { answer, include: includeObjectOf(params), nowMs: context.clock.nowMs() };
}

/** Answers an object that was read or written, in the form that the client asked for. */
export function sendCommitted(call: Call, write: Write, committed: Committed, status = 200): void {
  addWarnings(call, write.warnings);
  const { object, stored } = committed;
  const code = committed.isCreated && status === 200 ? 201 : status;
  const form = formOf(call.resource, object, formOptionsOf(call));
  if (form !== undefined) sendJson(call, code, form);
  else if (stored === undefined) sendJson(call, code, object);
  else sendBytes(call, code, [servedJson(call.resource, stored)]);
}
