/** Kinds with a rule or two. */
import type { KubeObject } from "../../schema/types.ts";
import { asRecord, asShown, ensureRecord, recordsAt, textAt } from "../json.ts";
import type { KindRules } from "./rules.ts";

const NOT_READY = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

/** A node that has just come takes no pods until the node lifecycle controller finds it ready. */
export const nodeRules: KindRules = {
  create(_context, object) {
    const spec = ensureRecord(object, "spec");
    const taints = recordsAt(spec, "taints");
    const isTainted = taints.some(
      ({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect,
    );
    if (!isTainted) spec["taints"] = [...taints, { ...NOT_READY }];
  },
};

const ACCOUNT_TOKEN = "kubernetes.io/service-account-token";

export const secretRules: KindRules = {
  normalise: encodeStringData,
  create(context, object) {
    if (object["type"] !== ACCOUNT_TOKEN) return;
    const namespace = object.metadata.namespace ?? "";
    const name = object.metadata.annotations?.["kubernetes.io/service-account.name"] ?? "";
    const stored = context.store.get(`/registry/core/serviceaccounts/${namespace}/${name}`);
    if (stored === undefined) return;
    const uid = textAt(stored.object, "metadata", "uid");
    const { token } = context.tokens.issue({ namespace, name, uid }, [], ENDLESS_SECONDS);
    const data = ensureRecord(object, "data");
    data["token"] = base64(token);
    data["ca.crt"] = base64(context.caCert);
    data["namespace"] = base64(namespace);
    object.metadata.annotations = {
      ...object.metadata.annotations,
      "kubernetes.io/service-account.uid": uid,
    };
  },
};

/** Tokens in Secrets never end; ten years are longer than any lab. */
const ENDLESS_SECONDS = 10 * 365 * 24 * 3_600;

/** `stringData` is for writing: what is read is `data`. */
function encodeStringData(object: KubeObject): void {
  const texts = asRecord(object["stringData"]);
  delete object["stringData"];
  if (texts === undefined) return;
  const data = ensureRecord(object, "data");
  for (const [key, value] of Object.entries(texts)) data[key] = base64(asShown(value));
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
