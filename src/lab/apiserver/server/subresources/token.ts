/** Tokens of service accounts on request, as kubelets and `kubectl create token` ask for them. */
import { randomUUID } from "node:crypto";
import { badRequest, invalid } from "../../schema/status-error.ts";
import type { Call } from "../call.ts";
import { placeOf } from "../call.ts";
import { timestamp } from "../context.ts";
import { conflict, invalidValue, notFound, notSupported } from "../errors.ts";
import { readObject } from "../body.ts";
import { sendJson } from "../http.ts";
import { asList, asRecord, asText, numberAt, textAt } from "../json.ts";
import { getObject } from "../resources/read.ts";
import { ISSUER } from "../tokens.ts";
import { objectKey } from "../../store/keys.ts";
import type { JsonObject } from "../../schema/types.ts";

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const KIND = { group: "authentication.k8s.io", kind: "TokenRequest" };
const BINDABLE: Readonly<Record<string, string>> = { Pod: "pods", Secret: "secrets" };

export async function handleToken(call: Call): Promise<void> {
  const { context, path } = call;
  const account = getObject(context, placeOf(call)).object;
  const { value } = await readObject(call.request, KIND.kind);
  const { object } = context.schemas.decodeKind(KIND.group, "v1", KIND.kind, value, {
    fieldValidation: "Ignore",
  });
  const spec = asRecord(object["spec"]) ?? {};
  const seconds = numberAt(spec, "expirationSeconds") ?? 3_600;
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    const why =
      seconds < MIN_SECONDS
        ? "may not specify a duration less than 10 minutes"
        : "may not specify a duration larger than 2^32 seconds";
    throw invalid(KIND, "", [invalidValue("spec.expirationSeconds", seconds, why)]);
  }
  const asked = asList(spec["audiences"]).map(asText);
  const audiences = asked.length === 0 ? [ISSUER] : asked;
  const boundTo = boundObject(call, asRecord(spec["boundObjectRef"]));
  const subject = {
    namespace: path.namespace,
    name: path.name,
    uid: textAt(account, "metadata", "uid"),
    ...(boundTo && { boundTo }),
  };
  const status = context.tokens.issue(subject, audiences, seconds);
  sendJson(call, 201, {
    kind: KIND.kind,
    apiVersion: `${KIND.group}/v1`,
    metadata: {
      name: path.name,
      namespace: path.namespace,
      uid: randomUUID(),
      creationTimestamp: timestamp(context.clock),
    },
    spec: { boundObjectRef: null, ...spec, audiences, expirationSeconds: seconds },
    status: { ...status },
  });
}

/** What a token is bound to goes before it does; a real server binds to nodes, too. */
function boundObject(
  { context, path }: Call,
  reference: JsonObject | undefined,
): { kind: string; name: string; uid: string } | undefined {
  if (reference === undefined) return undefined;
  const [apiVersion, kind] = [textAt(reference, "apiVersion"), textAt(reference, "kind")];
  const isCore = !apiVersion.includes("/");
  const plural = isCore ? BINDABLE[kind] : undefined;
  if (plural === undefined) {
    if (isCore && kind === "Node") throw notSupported("a token bound to a node");
    const type = `${isCore ? "/" : ""}${apiVersion}, Kind=${kind}`;
    throw badRequest(`cannot bind token to object of type ${type}`);
  }
  const name = textAt(reference, "name");
  const stored =
    name === ""
      ? undefined
      : context.store.get(objectKey({ group: "", plural, namespace: path.namespace, name }));
  const uid = stored === undefined ? "" : textAt(stored.object, "metadata", "uid");
  const wanted = textAt(reference, "uid");
  if (uid === "") throw notFound({ group: "", plural }, name);
  if (wanted !== "" && wanted !== uid) {
    const why = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: "", plural }, name, why);
  }
  return { kind, name, uid };
}
