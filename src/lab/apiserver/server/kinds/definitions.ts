/** CustomResourceDefinitions as they are written; what follows of them is in definition-controller. */
import { asList, asText, ensureRecord, recordsAt } from "../json.ts";
import type { KindRules } from "./rules.ts";

/** Keeps a definition until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

export const definitionRules: KindRules = {
  create(_context, object) {
    const spec = ensureRecord(object, "spec");
    const names = ensureRecord(spec, "names");
    names["singular"] ??= asText(names["kind"]).toLowerCase();
    names["listKind"] ??= `${asText(names["kind"])}List`;
    const conversion = ensureRecord(spec, "conversion");
    conversion["strategy"] ??= "None";
    const finalizers = object.metadata.finalizers ?? [];
    object.metadata.finalizers = [...new Set([...finalizers, CLEANUP_FINALIZER])];
    const stored = recordsAt(spec, "versions").filter(({ storage }) => storage === true);
    object["status"] = {
      conditions: [],
      acceptedNames: { plural: "", kind: "" },
      storedVersions: stored.map(({ name }) => asText(name)),
    };
  },
  update(_context, object) {
    const names = ensureRecord(ensureRecord(object, "spec"), "names");
    names["singular"] ??= asText(names["kind"]).toLowerCase();
    names["listKind"] ??= `${asText(names["kind"])}List`;
    const status = ensureRecord(object, "status");
    const versions = new Set(asList(status["storedVersions"]).map(asText));
    for (const version of recordsAt(object, "spec", "versions")) {
      if (version["storage"] === true) versions.add(asText(version["name"]));
    }
    status["storedVersions"] = [...versions];
  },
};
