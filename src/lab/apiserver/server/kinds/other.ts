/** Kinds with a rule or two. */
import type { KubeObject } from "../../schema/types.ts";
import { asRecord, asShown, at, ensureRecord, isEqualJson, recordsAt } from "../json.ts";
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
    delete spec["configSource"];
  },
};

const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

/** A field of former versions that counts the template's changes. */
export const daemonSetRules: KindRules = {
  normalise: (object) => setTemplateGeneration(object, templateGeneration(object)),
  create: (_context, object) => setTemplateGeneration(object, 1),
  update(_context, object, old) {
    const isSame = isEqualJson(at(object, "spec", "template"), at(old, "spec", "template"));
    setTemplateGeneration(object, templateGeneration(old) + (isSame ? 0 : 1));
  },
};

function templateGeneration({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[TEMPLATE_GENERATION] ?? 0) || 0;
}

function setTemplateGeneration({ metadata }: KubeObject, count: number): void {
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(count) };
}

export const secretRules: KindRules = { normalise: encodeStringData };

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
