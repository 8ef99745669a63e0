/** Tolerations, gates and the spread over a topology. */
import { validateSelector } from "../selectors.ts";
import type { View } from "../view.ts";
import { labelValue, qualifiedName } from "../words.ts";
import { validateLabelKeys } from "./affinity.ts";

export const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const UNSATISFIABLE = ["DoNotSchedule", "ScheduleAnyway"];
const INCLUSIONS = ["Honor", "Ignore"];

export function validateTolerations(tolerations: View): void {
  for (const each of tolerations.items()) validateToleration(each);
}

function validateToleration(toleration: View): void {
  const [key, operator] = [toleration.at("key"), toleration.at("operator")];
  if (key.text !== "") key.invalids(qualifiedName(key.text));
  if (key.text === "" && operator.text !== "Exists") {
    operator.invalid(
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      operator.text,
    );
  }
  const effect = toleration.at("effect");
  if (toleration.at("tolerationSeconds").isThere && effect.text !== "NoExecute") {
    effect.invalid("effect must be 'NoExecute' when `tolerationSeconds` is set", effect.text);
  }
  validateOperator(operator, toleration.at("value").text);
  if (effect.text !== "" && !EFFECTS.includes(effect.text)) effect.unsupported(EFFECTS);
}

function validateOperator(operator: View, value: string): void {
  if (operator.text === "" || operator.text === "Equal") {
    const words = labelValue(value);
    if (words.length > 0) operator.invalid(words.join(";"), value);
  } else if (operator.text === "Exists") {
    if (value !== "") operator.invalid("value must be empty when `operator` is 'Exists'", value);
  } else if (operator.text === "Lt" || operator.text === "Gt") {
    operator.unsupported(["Equal", "Exists", "Lt", "Gt"]);
  } else {
    operator.unsupported(["Equal", "Exists"]);
  }
}

export function validateGates(spec: View): void {
  for (const gate of spec.at("readinessGates").items()) {
    const type = gate.at("conditionType");
    type.invalids(qualifiedName(type.text), type.text);
  }
  const names = new Set<string>();
  for (const gate of spec.at("schedulingGates").items()) {
    const name = gate.at("name").text;
    gate.invalids(qualifiedName(name), name);
    if (names.has(name)) gate.duplicate(name);
    names.add(name);
  }
}

export function validateSpread(constraints: View): void {
  const all = constraints.items();
  const keyOf = (each: View): string =>
    `{${each.at("topologyKey").text}, ${each.at("whenUnsatisfiable").text}}`;
  for (const [index, each] of all.entries()) {
    const [skew, topology] = [each.at("maxSkew"), each.at("topologyKey")];
    const when = each.at("whenUnsatisfiable");
    if (skew.number <= 0) skew.invalid("must be greater than zero", skew.number);
    if (topology.text === "") topology.required("can not be empty");
    if (!UNSATISFIABLE.includes(when.text)) when.unsupported(UNSATISFIABLE, when.text);
    if (all.slice(index + 1).some((later) => keyOf(later) === keyOf(each))) {
      each.at("{topologyKey, whenUnsatisfiable}").duplicate(keyOf(each));
    }
    validateDomains(each.at("minDomains"), when.text);
    for (const key of ["nodeAffinityPolicy", "nodeTaintsPolicy"]) {
      const policy = each.at(key);
      if (policy.isThere && !INCLUSIONS.includes(policy.text)) policy.unsupported(INCLUSIONS);
    }
    validateLabelKeys(each);
    validateSelector(each.at("labelSelector"));
  }
}

function validateDomains(domains: View, when: string): void {
  if (!domains.isThere) return;
  if (domains.number <= 0) domains.invalid("must be greater than zero");
  if (when === "DoNotSchedule") return;
  domains.invalid(`can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${when}`);
}
