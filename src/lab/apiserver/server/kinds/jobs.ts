/** Jobs: the selector that ties a Job to its Pods. */
import { asRecord, ensureRecord } from "../json.ts";
import type { KindRules } from "./rules.ts";

export const jobRules: KindRules = {
  create(_context, object) {
    const spec = ensureRecord(object, "spec");
    if (spec["manualSelector"] === true) return;
    const { metadata } = object;
    const uid = object.metadata.uid ?? "";
    const name = object.metadata.name ?? "";
    const labels = ensureRecord(ensureRecord(ensureRecord(spec, "template"), "metadata"), "labels");
    labels["controller-uid"] = uid;
    labels["batch.kubernetes.io/controller-uid"] = uid;
    labels["job-name"] = name;
    labels["batch.kubernetes.io/job-name"] = name;
    // One without labels of its own has its pods', with these too.
    const own = metadata.labels ?? {};
    if (Object.keys(own).every((key) => own[key] === labels[key]))
      metadata.labels = { ...labels } as Record<string, string>;
    const selector = ensureRecord(spec, "selector");
    ensureRecord(selector, "matchLabels")["batch.kubernetes.io/controller-uid"] = uid;
  },
  update(_context, object, old) {
    const spec = ensureRecord(object, "spec");
    const oldSpec = asRecord(old["spec"]) ?? {};
    if (spec["selector"] === undefined && oldSpec["selector"] !== undefined) {
      spec["selector"] = structuredClone(oldSpec["selector"]);
    }
  },
};
