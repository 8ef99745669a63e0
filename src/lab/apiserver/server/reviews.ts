/** Questions that are answered and not kept: who is this, may he, whose token is it. */
import { badRequest, invalid } from "../schema/status-error.ts";
import type { Cause, JsonObject } from "../schema/types.ts";
import type { Authenticator, User } from "./authentication.ts";
import { readObject } from "./body.ts";
import type { Call } from "./call.ts";
import { timestamp } from "./context.ts";
import { invalidValue, notSupported } from "./errors.ts";
import { sendJson } from "./http.ts";
import { asList, asRecord, asText, at, textAt } from "./json.ts";
import { apiVersionOf } from "./resources/place.ts";
import { ISSUER } from "./tokens.ts";

const AUTHORIZATION = "authorization.k8s.io";
const REVIEWS: ReadonlySet<string> = new Set([
  "authentication.k8s.io/TokenReview",
  "authentication.k8s.io/SelfSubjectReview",
  `${AUTHORIZATION}/SubjectAccessReview`,
  `${AUTHORIZATION}/SelfSubjectAccessReview`,
  `${AUTHORIZATION}/LocalSubjectAccessReview`,
  `${AUTHORIZATION}/SelfSubjectRulesReview`,
]);

export function isReview({ resource }: Call): boolean {
  return REVIEWS.has(`${resource.group}/${resource.kind}`);
}

export async function handleReview(call: Call, authenticator: Authenticator): Promise<void> {
  const { context, resource, user } = call;
  const { value } = await readObject(call.request, resource.kind);
  const { object } = context.schemas.decode(resource, value, { fieldValidation: "Ignore" });
  const spec = asRecord(object["spec"]) ?? {};
  checkSpec(call, spec);
  const status = statusOf(resource.kind, spec, user, authenticator);
  if (status === undefined) throw notSupported(resource.kind);
  const isSelf = resource.kind === "SelfSubjectReview";
  const answer = {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    metadata: {
      ...object.metadata,
      ...(isSelf ? { creationTimestamp: timestamp(context.clock) } : {}),
    },
    ...(object["spec"] === undefined ? {} : { spec }),
    status,
  };
  sendJson(call, 201, answer);
}

/** Throws for questions that make no sense. */
function checkSpec({ resource, path }: Call, spec: JsonObject): void {
  switch (resource.kind) {
    case "TokenReview":
      if (textAt(spec, "token") !== "") return;
      throw badRequest("token is required for TokenReview in authentication");
    case "SelfSubjectRulesReview":
      if (textAt(spec, "namespace") !== "") return;
      throw badRequest("no namespace on request");
    case "SelfSubjectAccessReview":
      refuse(attributeCauses(spec));
      return;
    case "SubjectAccessReview":
      refuse([...attributeCauses(spec), ...subjectCauses(spec)]);
      return;
    case "LocalSubjectAccessReview":
      refuse([
        ...attributeCauses(spec),
        ...subjectCauses(spec),
        ...placeCauses(spec, path.namespace),
      ]);
      return;
    default:
  }
}

function refuse(causes: readonly Cause[]): void {
  if (causes.length > 0) throw invalid({ group: AUTHORIZATION, kind: "" }, "", causes);
}

function attributeCauses(spec: JsonObject): Cause[] {
  const path = asRecord(spec["nonResourceAttributes"]);
  const isResource = asRecord(spec["resourceAttributes"]) !== undefined;
  if (path !== undefined && isResource) {
    const shown = { Path: textAt(path, "path"), Verb: textAt(path, "verb") };
    const why = "cannot be specified in combination with resourceAttributes";
    return [invalidValue("spec.nonResourceAttributes", shown, why)];
  }
  if (path !== undefined || isResource) return [];
  const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
  return [invalidValue("spec.resourceAttributes", null, why)];
}

function subjectCauses(spec: JsonObject): Cause[] {
  if (textAt(spec, "user") !== "" || asList(spec["groups"]).length > 0) return [];
  return [invalidValue("spec.user", "", "at least one of user or group must be specified")];
}

function placeCauses(spec: JsonObject, namespace: string): Cause[] {
  if (at(spec, "resourceAttributes") === undefined) return [];
  const given = textAt(spec, "resourceAttributes", "namespace");
  if (given === namespace) return [];
  const field = "spec.resourceAttributes.namespace";
  return [invalidValue(field, given, "must match metadata.namespace")];
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
  const token = textAt(spec, "token");
  const user = authenticator.userOfToken(token, audiences);
  if (user !== undefined) return { authenticated: true, user: userInfo(user), audiences };
  const own = authenticator.audiencesOf(token);
  const why = "invalid bearer token";
  if (own === undefined || own.some((one) => audiences.includes(one))) {
    return { user: {}, error: why };
  }
  const [given, wanted] = [own, audiences].map((list) => JSON.stringify(list).replaceAll(",", " "));
  const other = `token audiences ${given} is invalid for the target audiences ${wanted}`;
  return { user: {}, error: `[${why}, ${other}]` };
}

function userInfo({ name, uid, groups, extra }: User): object {
  return { username: name, ...(uid === "" ? {} : { uid }), groups, ...(extra && { extra }) };
}
