import { copyJson, isObject, sameJson } from "../node.ts";
import type { JsonObject } from "../types.ts";
import { validateContainers } from "./containers.ts";
import { validateLabels, validateLooseMetadata } from "./metadata.ts";
import { validateSelector } from "./selectors.ts";
import { View } from "./view.ts";
import { between, dnsLabel, dnsSubdomain, qualifiedName } from "./words.ts";

const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const NODE_OPERATORS = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
const INT32_MAX = 2 ** 31 - 1;
const ONLY_THESE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

export function validatePodTemplate(template: View): void {
  validateLooseMetadata(template.at("metadata"));
  validatePodSpec(template.at("spec"));
}

export function validatePodSpec(spec: View): void {
  const volumes = validateVolumes(spec.at("volumes"));
  const containers = spec.at("containers");
  if (containers.items().length === 0) containers.required();
  validateContainers(containers, volumes);
  validateContainers(spec.at("initContainers"), volumes);
  const names = new Set(containers.items().map((each) => each.at("name").text));
  for (const each of spec.at("initContainers").items()) {
    if (names.has(each.at("name").text)) each.at("name").duplicate();
  }
  spec.at("restartPolicy").oneOf(RESTART_POLICIES);
  spec.at("dnsPolicy").oneOf(DNS_POLICIES);
  if (
    spec.at("dnsPolicy").text === "None" &&
    spec.at("dnsConfig", "nameservers").items().length === 0
  ) {
    spec
      .at("dnsConfig", "nameservers")
      .required("must provide at least one DNS nameserver when `dnsPolicy` is None");
  }
  validateLabels(spec.at("nodeSelector"));
  validateHostPorts(spec);
  validateNames(spec);
  for (const each of spec.at("tolerations").items()) validateToleration(each);
  validateAffinity(spec.at("affinity"));
}

function validateNames(spec: View): void {
  const deadline = spec.at("activeDeadlineSeconds");
  if (deadline.isThere) deadline.invalids(between(deadline.number, 1, INT32_MAX));
  for (const key of ["hostname", "subdomain"]) {
    if (spec.at(key).text !== "") spec.at(key).invalids(dnsLabel(spec.at(key).text));
  }
  for (const key of ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"]) {
    if (spec.at(key).text !== "") spec.at(key).invalids(dnsSubdomain(spec.at(key).text));
  }
}

/** The names of those that are as they must be: only these can be mounted. */
function validateVolumes(volumes: View): Set<string> {
  const names = new Set<string>();
  for (const volume of volumes.items()) {
    const name = volume.at("name");
    const before = volume.causes.length;
    const sources = volume.entries().filter(([key]) => key !== "name");
    if (sources.length === 0) volume.required("must specify a volume type");
    for (const [key] of sources.slice(1)) {
      volume.at(key).forbidden("may not specify more than 1 volume type");
    }
    validateSource(volume);
    if (name.text === "") name.required();
    else name.invalids(dnsLabel(name.text));
    if (names.has(name.text)) name.duplicate();
    if (volume.causes.length === before) names.add(name.text);
  }
  return names;
}

function validateSource(volume: View): void {
  const needed: readonly (readonly [string, string])[] = [
    ["configMap", "name"],
    ["secret", "secretName"],
    ["hostPath", "path"],
    ["persistentVolumeClaim", "claimName"],
  ];
  for (const [source, key] of needed) {
    const at = volume.at(source);
    if (at.isThere && at.at(key).text === "") at.at(key).required();
  }
}

function validateHostPorts(spec: View): void {
  if (spec.at("hostNetwork").value !== true) return;
  for (const container of spec.at("containers").items()) {
    for (const port of container.at("ports").items()) {
      const host = port.at("hostPort");
      if (host.number !== port.at("containerPort").number) {
        port.at("containerPort").invalid("must match `hostPort` when `hostNetwork` is true");
      }
    }
  }
}

function validateToleration(toleration: View): void {
  const [key, operator] = [toleration.at("key"), toleration.at("operator")];
  if (key.text !== "") key.invalids(qualifiedName(key.text));
  if (key.text === "" && operator.text !== "Exists") {
    operator.invalid(
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  }
  const effect = toleration.at("effect");
  if (toleration.at("tolerationSeconds").isThere && effect.text !== "NoExecute") {
    effect.invalid("effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  if (operator.text === "Exists" && toleration.at("value").text !== "") {
    operator.invalid("value must be empty when `operator` is 'Exists'");
  } else if (!["", "Exists", "Equal"].includes(operator.text)) {
    operator.unsupported(["Equal", "Exists"]);
  }
  if (effect.text !== "" && !EFFECTS.includes(effect.text)) effect.unsupported(EFFECTS);
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

function validateAffinity(affinity: View): void {
  const nodes = affinity.at("nodeAffinity", REQUIRED);
  if (nodes.isThere && nodes.at("nodeSelectorTerms").items().length === 0) {
    nodes.at("nodeSelectorTerms").required("must have at least one node selector term");
  }
  for (const term of nodes.at("nodeSelectorTerms").items()) validateNodeTerm(term);
  for (const kind of ["podAffinity", "podAntiAffinity"]) {
    for (const term of affinity.at(kind, REQUIRED).items()) validatePodTerm(term);
    for (const each of affinity.at(kind, PREFERRED).items()) {
      each.at("weight").invalids(weight(each.at("weight").number));
      validatePodTerm(each.at("podAffinityTerm"));
    }
  }
}

function weight(value: number): string[] {
  return value >= 1 && value <= 100 ? [] : ["must be in the range 1-100"];
}

function validateNodeTerm(term: View): void {
  for (const each of term.at("matchExpressions").items()) {
    const [operator, values] = [each.at("operator"), each.at("values")];
    const count = values.items().length;
    if (!NODE_OPERATORS.includes(operator.text)) operator.invalid("not a valid selector operator");
    else if (operator.text.endsWith("In") && count === 0) {
      values.required("must be specified when `operator` is 'In' or 'NotIn'");
    } else if (operator.text.length === 2 && operator.text !== "In" && count !== 1) {
      values.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
    } else if (operator.text.includes("Exist") && count > 0) {
      values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    }
    each.at("key").invalids(qualifiedName(each.at("key").text));
  }
}

function validatePodTerm(term: View): void {
  validateSelector(term.at("labelSelector"));
  validateSelector(term.at("namespaceSelector"));
  const topology = term.at("topologyKey");
  if (topology.text === "") topology.required("can not be empty");
  else topology.invalids(qualifiedName(topology.text));
}

/** Images, deadline and more tolerations are all that may change. */
export function validatePodChange(spec: View, old: View): void {
  for (const key of ["containers", "initContainers"]) {
    if (spec.at(key).items().length !== old.at(key).items().length) {
      return spec.at(key).forbidden("pod updates may not add or remove containers");
    }
  }
  const deadline = spec.at("activeDeadlineSeconds");
  const before = old.at("activeDeadlineSeconds");
  if (deadline.isThere && before.isThere && deadline.number > before.number) {
    return deadline.invalid("must be less than or equal to previous value");
  }
  if (!deadline.isThere && before.isThere) {
    deadline.invalid("must not update from a positive integer to nil value");
  }
  validateTolerationsKept(spec.at("tolerations"), old.at("tolerations"));
  if (!sameJson(withoutChangeable(spec), withoutChangeable(old))) spec.forbidden(ONLY_THESE);
}

function withoutSeconds(toleration: View): JsonObject {
  const { tolerationSeconds: _, ...rest } = isObject(toleration.value) ? toleration.value : {};
  return rest;
}

function validateTolerationsKept(tolerations: View, old: View): void {
  const now = tolerations.items().map(withoutSeconds);
  const isKept = (each: View): boolean => now.some((one) => sameJson(one, withoutSeconds(each)));
  if (!old.items().every(isKept)) {
    tolerations.forbidden("existing toleration can not be modified except its tolerationSeconds");
  }
}

function withoutChangeable(spec: View): JsonObject {
  const copy = copyJson(isObject(spec.value) ? spec.value : {});
  for (const key of ["activeDeadlineSeconds", "tolerations", "schedulingGates"]) delete copy[key];
  for (const key of ["containers", "initContainers"]) {
    for (const container of new View(copy[key], "", []).items()) {
      if (isObject(container.value)) delete container.value["image"];
    }
  }
  return copy;
}
