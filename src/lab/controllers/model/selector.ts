import { matchesRequirement } from "#kube/types";
import type { ApiObject } from "./object.ts";

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

type Labels = Record<string, string> | undefined;

/** A selector that is absent matches nothing, an empty one everything, as in Kubernetes. */
export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false;
  return (
    matchesLabels(selector.matchLabels, labels) &&
    (selector.matchExpressions ?? []).every((expression) =>
      matchesRequirement(expression, labels?.[expression.key]),
    )
  );
}

/** Every wanted label is there with its value. */
export function matchesLabels(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels?.[key] === value);
}

export function isEmptySelector(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).length === 0
  );
}

export function selects(selector: LabelSelector, object: ApiObject): boolean {
  return matchesSelector(selector, object.metadata.labels);
}
