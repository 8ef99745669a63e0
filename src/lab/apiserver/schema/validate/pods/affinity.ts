/** Which nodes a pod may go to, by what they are and by what runs there. */
import { isObject } from "../../node.ts";
import { validateSelector, validateValueCount } from "../selectors.ts";
import type { View } from "../view.ts";
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from "../words.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";
const WEIGHT_MAX = 100;

export function validateAffinity(affinity: View): void {
  const nodes = affinity.at("nodeAffinity");
  if (nodes.at(REQUIRED).isThere) validateNodeSelector(nodes.at(REQUIRED));
  for (const each of nodes.at(PREFERRED).items()) {
    validateWeight(each);
    validateNodeTerm(each.at("preference"), false);
  }
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    for (const term of affinity.at(kind, REQUIRED).items()) validatePodTerm(term);
    for (const each of affinity.at(kind, PREFERRED).items()) {
      validateWeight(each);
      validatePodTerm(each.at("podAffinityTerm"));
    }
  }
}

function validateWeight(preferred: View): void {
  const weight = preferred.at("weight");
  if (weight.number >= 1 && weight.number <= WEIGHT_MAX) return;
  weight.invalid(`must be in the range 1-${WEIGHT_MAX}`, weight.number);
}

export function validateNodeSelector(selector: View): void {
  const terms = selector.at("nodeSelectorTerms");
  if (terms.items().length === 0) terms.required("must have at least one node selector term");
  for (const term of terms.items()) validateNodeTerm(term, true);
}

function validateNodeTerm(term: View, checksValues: boolean): void {
  for (const each of term.at("matchExpressions").items()) validateExpression(each, checksValues);
  for (const each of term.at("matchFields").items()) validateField(each);
}

function validateExpression(expression: View, checksValues: boolean): void {
  const [key, operator] = [expression.at("key"), expression.at("operator")];
  const values = expression.at("values");
  if (operator.text === "Gt" || operator.text === "Lt") {
    if (values.items().length !== 1) {
      values.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
    }
  } else if (!validateValueCount(operator, values)) {
    operator.invalid("not a valid selector operator", operator.text);
  }
  key.invalids(qualifiedName(key.text), key.text);
  if (!checksValues) return;
  for (const value of values.items()) value.invalids(labelValue(value.text));
}

function validateField(field: View): void {
  const [key, operator, values] = [field.at("key"), field.at("operator"), field.at("values")];
  if (operator.text !== "In" && operator.text !== "NotIn") {
    operator.invalid("not a valid selector operator", operator.text);
  } else if (values.items().length !== 1) {
    values.required(
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
    );
  }
  if (key.text !== "metadata.name") return key.invalid("not a valid field selector key", key.text);
  for (const value of values.items()) value.invalids(dnsSubdomain(value.text));
}

function validatePodTerm(term: View): void {
  validateSelector(term.at("labelSelector"));
  validateSelector(term.at("namespaceSelector"));
  for (const name of term.at("namespaces").items()) {
    term.at("namespace").invalids(dnsLabel(name.text), name.text);
  }
  validateLabelKeys(term);
  const topology = term.at("topologyKey");
  if (topology.text === "") topology.required("can not be empty");
  topology.invalids(qualifiedName(topology.text), topology.text);
}

/** Labels whose values the pod's own come in for: of terms and of spread constraints. */
export function validateLabelKeys(term: View): void {
  const [same, other] = [term.at("matchLabelKeys"), term.at("mismatchLabelKeys")];
  const selector = term.at("labelSelector");
  for (const keys of [same, other]) {
    if (keys.items().length === 0) continue;
    if (!selector.isThere) {
      keys.forbidden("must not be specified when labelSelector is not set");
      continue;
    }
    for (const key of keys.items()) key.invalids(qualifiedName(key.text));
  }
  const others = new Set(other.items().map(({ text }) => text));
  for (const key of same.items()) {
    if (others.has(key.text)) key.invalid("exists in both matchLabelKeys and mismatchLabelKeys");
  }
}

/** Whether the terms of an update allow no more nodes than those before. */
export function narrows(now: View, before: View): boolean {
  const [terms, old] = [now.items(), before.items()];
  if (terms.length !== old.length) return false;
  return terms.every((term, index) =>
    ["matchExpressions", "matchFields"].every((key) => {
      const [items, kept] = [term.at(key).items(), old[index]?.at(key).items() ?? []];
      return kept.every((each, place) => isSame(items[place], each));
    }),
  );
}

function isSame(left: View | undefined, right: View): boolean {
  return isObject(left?.value) && JSON.stringify(left.value) === JSON.stringify(right.value);
}
