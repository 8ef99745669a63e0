/** CustomResourceDefinitions as they are written; what follows of them is in definition-controller. */
import { definitionWarnings } from "../../schema/definition-warnings.ts";
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asList, asText, ensureRecord, recordsAt } from "../json.ts";
import type { KindRules } from "./rules.ts";

/** Keeps a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/** The condition in the place of an earlier one of its type; its time is that of the last change. */
export function withCondition(definition: KubeObject, wanted: Condition, now: string): KubeObject {
  const conditions = recordsAt(definition, "status", "conditions");
  const before = conditions.find(({ type }) => type === wanted.type);
  const isSame = before?.["status"] === wanted.status;
  const lastTransitionTime = isSame ? asText(before?.["lastTransitionTime"]) : now;
  const next: JsonObject = { lastTransitionTime, ...wanted };
  const status = definition["status"] as JsonObject;
  const others = conditions.map((one) => (one === before ? next : one));
  const all = before === undefined ? [...conditions, next] : others;
  return { ...definition, status: { ...status, conditions: all } };
}

function fillNames(object: KubeObject): void {
  const names = ensureRecord(ensureRecord(object, "spec"), "names");
  const kind = asText(names["kind"]);
  if (kind === "") return;
  names["singular"] ||= kind.toLowerCase();
  names["listKind"] ||= `${kind}List`;
}

function storedVersions(object: KubeObject): string[] {
  const stored = recordsAt(object, "spec", "versions").filter(({ storage }) => storage === true);
  return stored.slice(0, 1).map(({ name }) => asText(name));
}

export const definitionRules: KindRules = {
  create(_context, object, write) {
    fillNames(object);
    ensureRecord(ensureRecord(object, "spec"), "conversion")["strategy"] ??= "None";
    object["status"] = {
      conditions: null,
      acceptedNames: { plural: "", kind: "" },
      storedVersions: storedVersions(object),
    };
    write.warn(definitionWarnings(object));
  },
  update(_context, object, old, write) {
    fillNames(object);
    const status = ensureRecord(object, "status");
    const before = asList(status["storedVersions"]).map(asText);
    status["storedVersions"] = [...new Set([...before, ...storedVersions(object)])];
    write.warn(definitionWarnings(object, old));
  },
  leave(object, now) {
    const finalizers = [...new Set([...(object.metadata.finalizers ?? []), CLEANUP_FINALIZER])];
    const metadata = { ...object.metadata, deletionTimestamp: now, finalizers };
    return withCondition(
      { ...object, metadata },
      {
        type: "Terminating",
        status: "True",
        reason: "InstanceDeletionPending",
        message:
          "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      },
      now,
    );
  },
};
