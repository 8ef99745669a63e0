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

/** NotIn and DoesNotExist are true of a label that is not there; an operator nobody knows is false. */
export function matchesRequirement(
  { operator, values = [] }: { operator: string; values?: string[] },
  value: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return compareWhole(value, values[0], (left, right) => left > right);
    case "Lt":
      return compareWhole(value, values[0], (left, right) => left < right);
    default:
      return false;
  }
}

function compareWhole(
  value: string | undefined,
  bound: string | undefined,
  holds: (left: bigint, right: bigint) => boolean,
): boolean {
  const whole = /^[+-]?\d{1,19}$/;
  if (value === undefined || bound === undefined) return false;
  return whole.test(value) && whole.test(bound) && holds(BigInt(value), BigInt(bound));
}

export function selects(selector: LabelSelector, object: ApiObject): boolean {
  return matchesSelector(selector, object.metadata.labels);
}
