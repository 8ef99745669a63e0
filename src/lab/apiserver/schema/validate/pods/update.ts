/** What of a pod may change. */
import { copyJson, isObject, sameJson } from "../../node.ts";
import type { JsonObject } from "../../types.ts";
import { View } from "../view.ts";
import { between } from "../words.ts";
import { narrows } from "./affinity.ts";
import { validateImageBlanks } from "./containers.ts";
import { validateTolerations } from "./scheduling.ts";

const INT32_MAX = 2 ** 31 - 1;
const ONLY_THESE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const TERMS = "requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms".split(".");

/** Images, a nearer deadline, more tolerations, and of a pod with gates where it may go. */
export function validatePodChange(spec: View, old: View): void {
  for (const key of ["containers", "initContainers"]) {
    const now = spec.at(key);
    if (now.items().length !== old.at(key).items().length) {
      return now.forbidden("pod updates may not add or remove containers");
    }
    for (const container of now.items()) {
      if (container.at("image").text === "") container.at("image").required();
      validateImageBlanks(container);
    }
  }
  if (!validateDeadline(spec.at("activeDeadlineSeconds"), old.at("activeDeadlineSeconds"))) return;
  validateTolerationsKept(spec.at("tolerations"), old.at("tolerations"));
  validateGatesKept(spec.at("schedulingGates"), old.at("schedulingGates"));
  const fixed = withoutChangeable(spec, old);
  if (old.at("schedulingGates").items().length > 0) validatePlaceNarrowed(spec, old, fixed);
  if (!sameJson(fixed, withoutChangeable(old, old))) spec.forbidden(ONLY_THESE);
}

/** False where nothing more is to be told. */
function validateDeadline(deadline: View, before: View): boolean {
  if (!deadline.isThere) {
    if (before.isThere) {
      deadline.invalid("must not update from a positive integer to nil value", null);
    }
    return true;
  }
  const words = between(deadline.number, 0, INT32_MAX);
  deadline.invalids(words);
  if (words.length > 0) return false;
  if (!before.isThere || deadline.number <= before.number) return true;
  deadline.invalid("must be less than or equal to previous value");
  return false;
}

function withoutSeconds(toleration: View): JsonObject {
  const { tolerationSeconds: _, ...rest } = isObject(toleration.value) ? toleration.value : {};
  return rest;
}

function validateTolerationsKept(tolerations: View, old: View): void {
  const now = tolerations.items().map(withoutSeconds);
  const isKept = (each: View): boolean => now.some((one) => sameJson(one, withoutSeconds(each)));
  if (old.items().every(isKept)) return validateTolerations(tolerations);
  tolerations.forbidden("existing toleration can not be modified except its tolerationSeconds");
}

function validateGatesKept(gates: View, old: View): void {
  const before = new Set(old.items().map((gate) => gate.at("name").text));
  for (const gate of gates.items()) {
    const name = gate.at("name");
    if (before.has(name.text)) continue;
    name.forbidden(`only deletion is allowed, but found new scheduling gate '${name.text}'`);
  }
}

/** Takes what it judges out of what may not change. */
function validatePlaceNarrowed(spec: View, old: View, fixed: JsonObject): void {
  const [labels, before] = [spec.at("nodeSelector"), old.at("nodeSelector")];
  const now = new Map(labels.entries());
  if (!before.entries().every(([key, value]) => now.get(key) === value)) {
    labels.invalid("only additions to spec.nodeSelector are allowed (no mutations or deletions)");
  }
  restore(fixed, "nodeSelector", before);
  const [affinity, had] = [spec.at("affinity"), old.at("affinity")];
  const [nodes, oldNodes] = [affinity.at("nodeAffinity"), had.at("nodeAffinity")];
  if (sameJson(nodes.value, oldNodes.value)) return;
  const [terms, oldTerms] = [nodes.at(...TERMS), oldNodes.at(...TERMS)];
  if (oldTerms.isThere && !narrows(terms, oldTerms)) {
    terms.invalid("no additions/deletions to non-empty NodeSelectorTerms list are allowed");
  }
  const others = ["podAffinity", "podAntiAffinity"];
  if (others.every((key) => sameJson(affinity.at(key).value, had.at(key).value))) {
    restore(fixed, "affinity", had);
  }
}

function restore(fixed: JsonObject, key: string, old: View): void {
  if (old.value === undefined) delete fixed[key];
  else fixed[key] = old.value;
}

function withoutChangeable(spec: View, old: View): JsonObject {
  const copy = copyJson(isObject(spec.value) ? spec.value : {});
  for (const key of ["activeDeadlineSeconds", "tolerations", "schedulingGates"]) delete copy[key];
  const grace = "terminationGracePeriodSeconds";
  if (old.at(grace).number < 0 && copy[grace] === 1) restore(copy, grace, old.at(grace));
  for (const key of ["containers", "initContainers"]) {
    for (const container of new View(copy[key], "", []).items()) {
      if (isObject(container.value)) delete container.value["image"];
    }
  }
  return copy;
}
