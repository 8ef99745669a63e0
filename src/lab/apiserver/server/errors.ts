/** Failures in the words of a Kubernetes API server, and their Status objects. */
import { StatusError, type StatusDetails } from "../schema/status-error.ts";
import type { Cause, ServedResource } from "../schema/types.ts";

type Named = Pick<ServedResource, "group" | "plural">;

/** `deployments.apps`, and `pods` in the core group: how messages name a resource. */
export function qualifiedPlural({ group, plural }: Named): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function detailsOf({ group, plural }: Named, name: string): StatusDetails {
  return { name, ...(group === "" ? {} : { group }), kind: plural };
}

export function notFound(resource: Named, name: string): StatusError {
  const message = `${qualifiedPlural(resource)} "${name}" not found`;
  return new StatusError(404, "NotFound", message, detailsOf(resource, name));
}

export function alreadyExists(resource: Named, name: string): StatusError {
  const message = `${qualifiedPlural(resource)} "${name}" already exists`;
  return new StatusError(409, "AlreadyExists", message, detailsOf(resource, name));
}

const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: Named, name: string, why: string = MODIFIED): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedPlural(resource)} "${name}": ${why}`;
  return new StatusError(409, "Conflict", message, detailsOf(resource, name));
}

/** The cause of one field that has a wrong value. */
export function invalidValue(field: string, value: unknown, why: string): Cause {
  const message = `Invalid value: ${JSON.stringify(value) ?? "null"}: ${why}`;
  return { reason: "FieldValueInvalid", field, message };
}

export function requiredValue(field: string, why: string = ""): Cause {
  const message = why === "" ? "Required value" : `Required value: ${why}`;
  return { reason: "FieldValueRequired", field, message };
}

export function forbiddenField(field: string, why: string): Cause {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

export function forbidden(resource: Named, name: string, why: string): StatusError {
  const message = `${qualifiedPlural(resource)} "${name}" is forbidden: ${why}`;
  return new StatusError(403, "Forbidden", message, detailsOf(resource, name));
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

export function methodNotAllowed(): StatusError {
  const message = "the server does not allow this method on the requested resource";
  return new StatusError(405, "MethodNotAllowed", message, {});
}

export function unknownPath(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", {});
}

/** A resourceVersion or continue token that is older than what is kept. */
export function expired(message: string): StatusError {
  return new StatusError(410, "Expired", message);
}

export function tooLarge(limitBytes: number): StatusError {
  const message = `Request entity too large: limit is ${limitBytes}`;
  return new StatusError(413, "RequestEntityTooLarge", message);
}

export function unsupportedMediaType(message: string): StatusError {
  return new StatusError(415, "UnsupportedMediaType", message);
}

export function tooManyRequests(message: string, causes: readonly Cause[] = []): StatusError {
  const details = { retryAfterSeconds: 10, ...(causes.length === 0 ? {} : { causes }) };
  return new StatusError(429, "TooManyRequests", message, details);
}

/** What a real API server has and this one does not. */
export function notSupported(what: string): StatusError {
  const message = `${what} is not supported by the lab's API server`;
  return new StatusError(501, "NotImplemented", message);
}

export function unavailable(message: string): StatusError {
  return new StatusError(503, "ServiceUnavailable", message);
}

export function statusObject(error: StatusError): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: error.message,
    reason: error.reason,
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.status,
  };
}

/** What deleting answers when nothing is left of the object. */
export function successObject(resource: Named, name: string, uid: string): object {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { ...detailsOf(resource, name), uid },
  };
}

/** Any error as a StatusError: one that is not is a fault of this server. */
export function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ reason: "UnexpectedServerError", message, field: "" }],
  });
}
