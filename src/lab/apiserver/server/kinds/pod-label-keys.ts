/**
 * Keys whose values other Pods must share with a new one: in place of the values that it has now
 * they are written into the selectors beside them, and later changes of its labels do not matter.
 */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asRecord, asText, recordsAt } from "../json.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function mergeLabelKeys({ metadata }: KubeObject, spec: JsonObject): void {
  const labels = metadata.labels ?? {};
  for (const term of [...affinityTerms(spec), ...recordsAt(spec, "topologySpreadConstraints")]) {
    const selector = asRecord(term["labelSelector"]);
    if (selector === undefined) continue;
    const added = [
      ...requirements(term["matchLabelKeys"], "In", labels),
      ...requirements(term["mismatchLabelKeys"], "NotIn", labels),
    ];
    if (added.length === 0) continue;
    selector["matchExpressions"] = [...recordsAt(selector, "matchExpressions"), ...added];
  }
}

function affinityTerms(spec: JsonObject): JsonObject[] {
  return ["podAffinity", "podAntiAffinity"].flatMap((kind) => [
    ...recordsAt(spec, "affinity", kind, PREFERRED).flatMap((each) => {
      const term = asRecord(each["podAffinityTerm"]);
      return term === undefined ? [] : [term];
    }),
    ...recordsAt(spec, "affinity", kind, REQUIRED),
  ]);
}

function requirements(
  keys: unknown,
  operator: string,
  labels: Readonly<Record<string, string>>,
): JsonObject[] {
  return (Array.isArray(keys) ? keys : []).flatMap((each) => {
    const key = asText(each);
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}
