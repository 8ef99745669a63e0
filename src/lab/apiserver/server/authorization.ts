/** Who may do what: whoever is known may do everything, and nobody else anything. */
import { StatusError } from "../schema/status-error.ts";
import { ANONYMOUS, type User } from "./authentication.ts";
import { forbidden } from "./errors.ts";
import type { RequestVerb, ResourcePath } from "./request.ts";

/** Throws for those who did not say who they are. */
export function authorizeResource(user: User, verb: RequestVerb, path: ResourcePath): void {
  if (user !== ANONYMOUS) return;
  const { group, plural, name, subresource } = path;
  const what = subresource === "" ? plural : `${plural}/${subresource}`;
  // A namespace is in itself, for those who ask.
  const isNamespace = group === "" && plural === "namespaces";
  const namespace = isNamespace ? name : path.namespace;
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const why = `User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`;
  throw forbidden({ group, plural }, name, why);
}

/** The same for what is no resource. */
export function authorizePath(user: User, method: string, path: string): void {
  if (user !== ANONYMOUS) return;
  const message = `forbidden: User "${user.name}" cannot ${method.toLowerCase()} path "${path}"`;
  throw new StatusError(403, "Forbidden", message, {});
}
