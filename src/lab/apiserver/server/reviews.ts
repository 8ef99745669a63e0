/** Questions that are answered and not kept: who is this, may he, whose token is it. */
import type { JsonObject } from "../schema/types.ts";
import type { Authenticator, User } from "./authentication.ts";
import type { Call } from "./call.ts";
import { notSupported } from "./errors.ts";
import { readObject, sendJson } from "./http.ts";
import { asList, asRecord, asText, textAt } from "./json.ts";
import { apiVersionOf } from "./resources/place.ts";
import { ISSUER } from "./tokens.ts";

const REVIEWS: ReadonlySet<string> = new Set([
  "authentication.k8s.io/TokenReview",
  "authentication.k8s.io/SelfSubjectReview",
  "authorization.k8s.io/SubjectAccessReview",
  "authorization.k8s.io/SelfSubjectAccessReview",
  "authorization.k8s.io/LocalSubjectAccessReview",
  "authorization.k8s.io/SelfSubjectRulesReview",
]);

export function isReview({ resource }: Call): boolean {
  return REVIEWS.has(`${resource.group}/${resource.kind}`);
}

export async function handleReview(call: Call, authenticator: Authenticator): Promise<void> {
  const { context, resource, user } = call;
  const body = await readObject(call.request);
  const { object } = context.schemas.decode(resource, body, { fieldValidation: "Ignore" });
  const spec = asRecord(object["spec"]) ?? {};
  const status = statusOf(resource.kind, spec, user, authenticator);
  if (status === undefined) throw notSupported(resource.kind);
  const answer = {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: { ...object.metadata, creationTimestamp: object.metadata.creationTimestamp ?? null },
    ...(object["spec"] === undefined ? {} : { spec }),
    status,
  };
  sendJson(call, 201, answer);
}

function statusOf(
  kind: string,
  spec: JsonObject,
  user: User,
  authenticator: Authenticator,
): object | undefined {
  switch (kind) {
    case "TokenReview":
      return tokenStatus(spec, authenticator);
    case "SelfSubjectReview":
      return { userInfo: userInfo(user) };
    case "SubjectAccessReview":
    case "SelfSubjectAccessReview":
    case "LocalSubjectAccessReview":
      return { allowed: true, reason: "everybody who is known may do everything in the lab" };
    case "SelfSubjectRulesReview":
      return {
        resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
        nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        incomplete: false,
      };
    default:
      return undefined;
  }
}

function tokenStatus(spec: JsonObject, authenticator: Authenticator): object {
  const asked = asList(spec["audiences"]).map(asText);
  const audiences = asked.length === 0 ? [ISSUER] : asked;
  const user = authenticator.userOfToken(textAt(spec, "token"), audiences);
  if (user === undefined) return { user: {}, error: "invalid bearer token" };
  return { authenticated: true, user: userInfo(user), audiences };
}

function userInfo({ name, uid, groups, extra }: User): object {
  return { username: name, ...(uid === "" ? {} : { uid }), groups, ...(extra && { extra }) };
}
