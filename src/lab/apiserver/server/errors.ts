/** Failures in the words of a Kubernetes API server, and their Status objects. */
import { badRequest, invalid, StatusError, type StatusDetails } from "../schema/status-error.ts";
import type { Cause, ObjectMeta, ServedResource } from "../schema/types.ts";

type Named = Pick<ServedResource, "group" | "plural">;

/** `deployments.apps`, and `pods` in the core group: how messages name a resource. */
export function qualifiedPlural({ group, plural }: Named): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function detailsOf({ group, plural }: Named, name: string): StatusDetails {
  return { ...(name === "" ? {} : { name }), ...(group === "" ? {} : { group }), kind: plural };
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

/** Where a real server keeps a resource, as far as that is not its plural. */
const KEYS: Readonly<Record<string, string>> = {
  "/services": "services/specs",
  "/endpoints": "services/endpoints",
  "/nodes": "minions",
  "networking.k8s.io/ingresses": "ingress",
};

function storageKey(resource: ServedResource, { namespace, name }: ObjectMeta): string {
  const { group, plural, custom } = resource;
  const isByGroup = custom !== undefined || group === "apiextensions.k8s.io";
  const place = isByGroup ? `${group}/${plural}` : (KEYS[`${group}/${plural}`] ?? plural);
  return ["/registry", place, ...(namespace === undefined ? [] : [namespace]), name].join("/");
}

/** The object is another one than the client took it for. */
export function wrongUid(resource: ServedResource, old: ObjectMeta, wanted: string): StatusError {
  const why =
    `StorageError: invalid object, Code: 4, Key: ${storageKey(resource, old)}, ` +
    "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: " +
    `UID in precondition: ${wanted}, UID in object meta: ${old.uid}`;
  return conflict(resource, old.name ?? "", why);
}

/** As Go quotes: like JSON, but for the characters that nobody can see. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "null";
  return typeof value === "string"
    ? text.replaceAll(/\\u00([01][0-9a-f])/g, String.raw`\x$1`)
    : text;
}

/** The cause of one field that has a wrong value. */
export function invalidValue(field: string, value: unknown, why: string): Cause {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${shown(value)}: ${why}` };
}

export function requiredValue(field: string, why: string = ""): Cause {
  const message = why === "" ? "Required value" : `Required value: ${why}`;
  return { reason: "FieldValueRequired", field, message };
}

export function unsupportedValue(
  field: string,
  value: unknown,
  supported: readonly string[],
): Cause {
  const list = supported.map((one) => JSON.stringify(one)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`;
  return { reason: "FieldValueNotSupported", field, message };
}

export function forbiddenField(field: string, why: string): Cause {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${why}` };
}

/** What admission calls a new object: names are generated for what it has admitted only. */
export function nameToAdmit({ name = "", generateName = "" }: ObjectMeta): string {
  return generateName !== "" && name.startsWith(generateName) ? generateName : name;
}

export function forbidden(resource: Named, name: string, why: string): StatusError {
  const what = name === "" ? "" : ` "${name}"`;
  const message = `${qualifiedPlural(resource)}${what} is forbidden: ${why}`;
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

/** A resourceVersion that is older than what is kept. */
export function expired(message: string): StatusError {
  return new StatusError(410, "Expired", message);
}

/** A list's next page is of a state that is no longer kept; a token goes on without it. */
export class ExpiredListError extends StatusError {
  readonly continue: string;

  constructor(token: string) {
    const message =
      "The provided continue parameter is too old to display a consistent list result. " +
      "You can start a new list without the continue parameter, or use the continue token in " +
      "this response to retrieve the remainder of the results. Continuing with the provided " +
      "token results in an inconsistent list - objects that were created, modified, or deleted " +
      "between the time the first chunk was returned and now may show up in the list.";
    super(410, "Expired", message);
    this.continue = token;
  }
}

export function tooLarge(limitBytes: number): StatusError {
  const message = `Request entity too large: limit is ${limitBytes}`;
  return new StatusError(413, "RequestEntityTooLarge", message);
}

/** Where what is sent has to be of one of these types. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message =
    "the body of the request was in an unknown format - " +
    `accepted media types include: ${accepted.join(", ")}`;
  return new StatusError(415, "UnsupportedMediaType", message);
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  const message = `only the following media types are accepted: ${accepted.join(", ")}`;
  return new StatusError(406, "NotAcceptable", message);
}

/** What a real server only says the words of, and gives no reason for. */
export function plainError(message: string): StatusError {
  return new StatusError(500, "", message);
}

export function tooManyRequests(message: string, details: StatusDetails): StatusError {
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
    metadata: error instanceof ExpiredListError ? { continue: error.continue } : {},
    status: "Failure",
    message: error.message,
    ...(error.reason === "" ? {} : { reason: error.reason }),
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

/** Options of a request that are wrong: of the query, or of a body of their own. */
export function invalidOptions(kind: string, causes: readonly Cause[]): StatusError {
  return invalid({ group: "meta.k8s.io", kind }, "", causes);
}

/** A number in a query that is none. */
export function noInteger(text: string): StatusError {
  return badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Any error as a StatusError: one that is not is a fault of this server. */
export function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, {
    causes: [{ reason: "UnexpectedServerError", message, field: "" }],
  });
}
