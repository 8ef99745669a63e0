/** Kinds with a rule or two: of the cluster, of who may do what, and of how pods are kept. */
import { sameJson, sortedKeys } from "../node.ts";
import { familyOf, validateBlock } from "./addresses.ts";
import { validateReference } from "./ingresses.ts";
import { validateUnchanged } from "./metadata.ts";
import { EFFECTS } from "./pods/scheduling.ts";
import { validateSelector } from "./selectors.ts";
import type { View } from "./view.ts";
import {
  dnsLabel,
  dnsSubdomain,
  domainPrefixedPath,
  labelValue,
  pathSegment,
  qualifiedName,
} from "./words.ts";
import { validateCountOrPercent, validatePercentLimit } from "./workloads.ts";

const RBAC_GROUP = "rbac.authorization.k8s.io";
const SUBJECTS = ["ServiceAccount", "User", "Group"];
const SCOPES = ["Cluster", "Namespace"];
const CONTROLLER_MAX = 250;
const PRIORITY_MAX = 1_000_000_000;
const SYSTEM_PREFIX = "system-";
const SYSTEM_CLASSES = ["system-cluster-critical", "system-node-critical"];
const EVICTIONS = ["AlwaysAllow", "IfHealthyBudget"];
const PREEMPTIONS = ["PreemptLowerPriority", "Never"];

export function validateNamespace(object: View): void {
  const finalizers = object.at("spec", "finalizers");
  for (const { text } of finalizers.items()) {
    finalizers.invalids(qualifiedName(text), text);
    if (text.includes("/") || text === "kubernetes") continue;
    finalizers.invalid("name is neither a standard finalizer name nor is it fully qualified", text);
  }
}

/** Taints are told of in the metadata, where they once were. */
export function validateNode(object: View): void {
  const seen = new Set<string>();
  for (const [index, each] of object.at("spec", "taints").items().entries()) {
    const taint = each.as(`metadata.taints[${index}]`);
    const [key, value, effect] = [taint.at("key"), taint.at("value"), taint.at("effect")];
    key.invalids(qualifiedName(key.text), key.text);
    const words = labelValue(value.text);
    if (words.length > 0) value.invalid(words.join(";"));
    effect.oneOf(EFFECTS);
    const pair = `${key.text} ${effect.text}`;
    const shown = { Key: key.text, Value: value.text, Effect: effect.text, TimeAdded: null };
    if (seen.has(pair)) taint.duplicate(shown, "taints must be unique by key and effect pair");
    seen.add(pair);
  }
  const blocks = object.at("spec", "podCIDRs");
  for (const block of blocks.items()) validateBlock(block);
  const families = blocks.items().map(({ text }) => familyOf(text.split("/")[0] ?? ""));
  if (families.length > 1 && (families.length > 2 || families[0] === families[1])) {
    blocks.invalid("may specify no more than one CIDR for each IP family");
  }
}

export function validateNodeChange(object: View, old: View): void {
  const [blocks, before] = [object.at("spec", "podCIDRs"), old.at("spec", "podCIDRs")];
  if (before.items().length > 0 && !sameJson(blocks.value, before.value)) {
    blocks.forbidden('node updates may not change podCIDR except from "" to valid');
  }
  const [provider, had] = [object.at("spec", "providerID"), old.at("spec", "providerID")];
  if (had.text !== "" && provider.text !== had.text) {
    provider.forbidden('node updates may not change providerID except from "" to valid');
  }
}

export function validateLease(object: View): void {
  const spec = object.at("spec");
  const duration = spec.at("leaseDurationSeconds");
  if (duration.isThere && duration.number <= 0) duration.invalid("must be greater than 0");
  spec.at("leaseTransitions").notNegative();
}

export function validateDisruptionBudget(object: View): void {
  const spec = object.at("spec");
  const [least, most] = [spec.at("minAvailable"), spec.at("maxUnavailable")];
  const policy = spec.at("unhealthyPodEvictionPolicy");
  if (least.isThere && most.isThere) {
    const shown = {
      MinAvailable: least.value ?? null,
      Selector: sortedKeys(spec.at("selector").value ?? null),
      MaxUnavailable: most.value ?? null,
      UnhealthyPodEvictionPolicy: policy.value ?? null,
    };
    spec.invalid("minAvailable and maxUnavailable cannot be both set", shown);
  }
  for (const each of [least, most]) {
    validateCountOrPercent(each);
    validatePercentLimit(each);
  }
  validateSelector(spec.at("selector"));
  if (policy.isThere && !EVICTIONS.includes(policy.text)) policy.unsupported(EVICTIONS);
}

export function validatePriorityClass(object: View): void {
  const [name, value] = [object.at("metadata", "name"), object.at("value")];
  if (name.text.startsWith(SYSTEM_PREFIX)) {
    if (!SYSTEM_CLASSES.includes(name.text)) {
      const why = `error: ${name.text} is not a known system priority class`;
      name.forbidden(
        `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. ${why}`,
      );
    }
  } else if (value.number > PRIORITY_MAX) {
    value.forbidden(`maximum allowed value of a user defined priority is ${PRIORITY_MAX}`);
  }
  const preemption = object.at("preemptionPolicy");
  if (preemption.isThere) preemption.oneOf(PREEMPTIONS);
}

export function validatePriorityClassChange(object: View, old: View): void {
  if (object.at("value").number !== old.at("value").number) {
    object.at("value").forbidden("may not be changed in an update.");
  }
  validateUnchanged(object.at("preemptionPolicy"), old.at("preemptionPolicy"));
}

export function validateIngressClass(object: View): void {
  const [controller, parameters] = [
    object.at("spec", "controller"),
    object.at("spec", "parameters"),
  ];
  if (controller.text.length > CONTROLLER_MAX) controller.tooLong(CONTROLLER_MAX);
  if (controller.text === "") controller.required();
  else controller.invalids(domainPrefixedPath(controller.text));
  if (!parameters.isThere) return;
  validateReference(parameters);
  const [scope, namespace] = [parameters.at("scope"), parameters.at("namespace")];
  if (!SCOPES.includes(scope.text)) {
    scope.unsupported(SCOPES);
  } else if (scope.text === "Cluster") {
    if (namespace.isThere) namespace.forbidden("`parameters.scope` is set to 'Cluster'");
  } else if (namespace.isThere) {
    namespace.invalids(dnsLabel(namespace.text));
  } else {
    namespace.required("`parameters.scope` is set to 'Namespace'");
  }
}

export function validateIngressClassChange(object: View, old: View): void {
  validateUnchanged(object.at("spec", "controller"), old.at("spec", "controller"));
}

export const validateRole = (object: View): void => validateRules(object, true);

export function validateClusterRole(object: View): void {
  validateRules(object, false);
  const aggregation = object.at("aggregationRule");
  if (!aggregation.isThere) return;
  const selectors = aggregation.at("clusterRoleSelectors");
  if (selectors.items().length === 0) {
    selectors.required("at least one clusterRoleSelector required if aggregationRule is non-nil");
  }
  for (const selector of selectors.items()) {
    const before = selector.causes.length;
    validateSelector(selector);
    // It shows what it made of the selector, which is nothing.
    if (selector.causes.length > before) selector.invalid("invalid label selector.", null);
  }
}

function validateRules(object: View, isNamespaced: boolean): void {
  for (const rule of object.at("rules").items()) {
    const isEmpty = (key: string): boolean => rule.at(key).items().length === 0;
    if (isEmpty("verbs")) rule.at("verbs").required("verbs must contain at least one value");
    if (!isEmpty("nonResourceURLs")) {
      const urls = rule.at("nonResourceURLs");
      if (isNamespaced) urls.invalid("namespaced rules cannot apply to non-resource URLs");
      if (!["apiGroups", "resources", "resourceNames"].every(isEmpty)) {
        urls.invalid("rules cannot apply to both regular resources and non-resource URLs");
      }
      continue;
    }
    if (isEmpty("apiGroups")) {
      rule.at("apiGroups").required("resource rules must supply at least one api group");
    }
    if (isEmpty("resources")) {
      rule.at("resources").required("resource rules must supply at least one resource");
    }
  }
}

/** In a namespace, and in the whole cluster, where there are only roles of the cluster. */
export function validateBinding(object: View): void {
  const isNamespaced = object.at("kind").text === "RoleBinding";
  const reference = object.at("roleRef");
  const [group, kind, name] = [
    reference.at("apiGroup"),
    reference.at("kind"),
    reference.at("name"),
  ];
  if (group.text !== RBAC_GROUP) group.unsupported([RBAC_GROUP], group.text);
  const kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  if (!kinds.includes(kind.text)) kind.unsupported(kinds, kind.text);
  if (name.text === "") name.required();
  else name.invalids(pathSegment(name.text));
  for (const subject of object.at("subjects").items()) validateSubject(subject, isNamespaced);
}

function validateSubject(subject: View, isNamespaced: boolean): void {
  const [name, kind, group] = [subject.at("name"), subject.at("kind"), subject.at("apiGroup")];
  if (name.text === "") name.required();
  if (!SUBJECTS.includes(kind.text)) return kind.unsupported(SUBJECTS, kind.text);
  if (kind.text !== "ServiceAccount") {
    if (group.text !== RBAC_GROUP) group.unsupported([RBAC_GROUP], group.text);
    return;
  }
  if (name.text !== "") name.invalids(dnsSubdomain(name.text));
  if (group.text !== "") group.unsupported([""]);
  if (!isNamespaced) subject.at("namespace").needText();
}

export function validateBindingChange(object: View, old: View): void {
  const [now, before] = [object.at("roleRef"), old.at("roleRef")];
  const of = (key: string): string => now.at(key).text;
  if (["apiGroup", "kind", "name"].every((key) => of(key) === before.at(key).text)) return;
  now.invalid("cannot change roleRef", {
    APIGroup: of("apiGroup"),
    Kind: of("kind"),
    Name: of("name"),
  });
}
