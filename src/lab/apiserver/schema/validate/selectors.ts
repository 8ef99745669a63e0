import { isObject } from "../node.ts";
import type { Json } from "../types.ts";
import { validateLabels } from "./metadata.ts";
import type { View } from "./view.ts";
import { labelValue, qualifiedName } from "./words.ts";

export function validateSelector(selector: View): void {
  validateLabels(selector.at("matchLabels"));
  for (const each of selector.at("matchExpressions").items()) validateRequirement(each);
}

function validateRequirement(requirement: View): void {
  const [operator, values] = [requirement.at("operator"), requirement.at("values")];
  if (!validateValueCount(operator, values)) operator.invalid("not a valid selector operator");
  requirement.at("key").invalids(qualifiedName(requirement.at("key").text));
  for (const value of values.items()) value.invalids(labelValue(value.text));
}

/** Answers whether the operator is one that selectors of labels and of nodes both have. */
export function validateValueCount(operator: View, values: View): boolean {
  const count = values.items().length;
  switch (operator.text) {
    case "In":
    case "NotIn":
      if (count === 0) values.required("must be specified when `operator` is 'In' or 'NotIn'");
      return true;
    case "Exists":
    case "DoesNotExist":
      if (count > 0) {
        values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      }
      return true;
    default:
      return false;
  }
}

/** As many requirements as it has: one with none selects everything. */
export function selectorSize(selector: View): number {
  return (
    selector.at("matchLabels").entries().length + selector.at("matchExpressions").items().length
  );
}

/** Whether a valid selector takes an object with these labels. */
export function selects(selector: View, labels: Json | undefined): boolean {
  const of = isObject(labels) ? labels : {};
  const has = (key: string): boolean => Object.hasOwn(of, key);
  const all = selector.at("matchLabels").entries();
  if (!all.every(([key, value]) => has(key) && of[key] === value)) return false;
  return selector
    .at("matchExpressions")
    .items()
    .every((each) => {
      const key = each.at("key").text;
      const isListed = each
        .at("values")
        .items()
        .some(({ text }) => has(key) && of[key] === text);
      switch (each.at("operator").text) {
        case "In":
          return isListed;
        case "NotIn":
          return !isListed;
        case "Exists":
          return has(key);
        default:
          return !has(key);
      }
    });
}
