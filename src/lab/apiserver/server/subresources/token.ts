/** Tokens of service accounts on request, as kubelets and `kubectl create token` ask for them. */
import { invalid } from "../../schema/status-error.ts";
import type { Call } from "../call.ts";
import { placeOf } from "../call.ts";
import { invalidValue, methodNotAllowed, notFound } from "../errors.ts";
import { readObject, sendJson } from "../http.ts";
import { asList, asRecord, asText, numberAt, textAt } from "../json.ts";
import { getObject } from "../resources/read.ts";
import { ISSUER } from "../tokens.ts";
import { objectKey } from "../../store/keys.ts";
import type { JsonObject } from "../../schema/types.ts";

const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const KIND = { group: "authentication.k8s.io", kind: "TokenRequest" };
const PODS = { group: "", plural: "pods" };

export async function handleToken(call: Call): Promise<void> {
  const { context, path, verb } = call;
  if (verb !== "create") throw methodNotAllowed();
  const account = getObject(context, placeOf(call)).object;
  const body = await readObject(call.request);
  const { object } = context.schemas.decodeKind(KIND.group, "v1", KIND.kind, body, {
    fieldValidation: "Ignore",
  });
  const spec = asRecord(object["spec"]) ?? {};
  const seconds = numberAt(spec, "expirationSeconds") ?? 3_600;
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    const why =
      seconds < MIN_SECONDS
        ? "may not specify a duration less than 10 minutes"
        : "may not specify a duration larger than 2^32 seconds";
    throw invalid(KIND, path.name, [invalidValue("spec.expirationSeconds", seconds, why)]);
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
    metadata: { name: path.name, namespace: path.namespace, creationTimestamp: null },
    spec: { ...spec, audiences, expirationSeconds: seconds },
    status: { ...status },
  });
}

/** A token is bound only to Pods here; what else a real server binds to is not asked for. */
function boundObject(
  { context, path }: Call,
  reference: JsonObject | undefined,
): { kind: string; name: string; uid: string } | undefined {
  if (reference === undefined || reference["kind"] !== "Pod") return undefined;
  const name = textAt(reference, "name");
  if (name === "") return undefined;
  const stored = context.store.get(objectKey({ ...PODS, namespace: path.namespace, name }));
  const uid = stored === undefined ? "" : textAt(stored.object, "metadata", "uid");
  const wanted = textAt(reference, "uid");
  if (uid === "" || (wanted !== "" && wanted !== uid)) throw notFound(PODS, name);
  return { kind: "Pod", name, uid };
}
