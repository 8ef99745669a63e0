/** What keeps pods running: Deployments, ReplicaSets, DaemonSets, StatefulSets. */
import { sortedKeys } from "../node.ts";
import type { Json, JsonObject } from "../types.ts";
import { validateUnchanged } from "./metadata.ts";
import { validatePodTemplate } from "./pods/spec.ts";
import { selects, selectorSize, validateSelector } from "./selectors.ts";
import { validateClaimSpec } from "./storage.ts";
import { View } from "./view.ts";
import { dnsLabel, percent } from "./words.ts";

const NO_MATCH = "`selector` does not match template `labels`";
const RETENTION = ["Retain", "Delete"];

/**
 * False where the selector cannot be used at all: then the template is not looked at either.
 * `why` is what is said of such a selector.
 */
function validateSelectorOf(spec: View, kind: string, why: string): boolean {
  const selector = spec.at("selector");
  const before = spec.causes.length;
  if (!selector.isThere) selector.required();
  else validateSelector(selector);
  const isUsable = !selector.isThere || spec.causes.length === before;
  const shown = sortedKeys(selector.value ?? null);
  if (selector.isThere && selectorSize(selector) === 0) {
    selector.invalid(`empty selector is invalid for ${kind}`, shown);
  } else if (isUsable) {
    validateMatch(spec);
  }
  if (!isUsable) selector.invalid(why, shown);
  return isUsable;
}

/** No selector at all selects nothing. */
export function validateMatch(spec: View): void {
  const [selector, labels] = [spec.at("selector"), spec.at("template", "metadata", "labels")];
  if (selector.isThere && selects(selector, labels.value)) return;
  labels.invalid(NO_MATCH, sortedKeys(labels.value ?? null));
}

/** Templates of what runs for ever: the kind's name as its messages have it. */
function validateTemplate(spec: View, kind: string): void {
  const template = spec.at("template");
  validatePodTemplate(template);
  const restart = template.at("spec", "restartPolicy");
  if (restart.text !== "Always") restart.unsupported(["Always"]);
  const deadline = template.at("spec", "activeDeadlineSeconds");
  if (deadline.isThere) {
    deadline.forbidden(`activeDeadlineSeconds in ${kind} is not Supported`);
  }
}

/** A strategy as the API server's program keeps it. */
function internal(strategy: View): JsonObject {
  const rolling = strategy.at("rollingUpdate");
  const shown = {
    MaxUnavailable: rolling.at("maxUnavailable").value ?? null,
    MaxSurge: rolling.at("maxSurge").value ?? null,
  };
  return { Type: strategy.at("type").text, RollingUpdate: rolling.isThere ? shown : null };
}

export function validateDeployment(object: View): void {
  const spec = object.at("spec");
  spec.at("replicas").notNegative();
  if (validateSelectorOf(spec, "deployment", "invalid label selector")) {
    validateTemplate(spec, "ReplicaSet");
  }
  const strategy = spec.at("strategy");
  const [type, rolling] = [strategy.at("type").text, strategy.at("rollingUpdate")];
  if (type === "Recreate") {
    if (rolling.isThere) {
      rolling.forbidden("may not be specified when strategy `type` is 'Recreate'");
    }
  } else if (type === "RollingUpdate") {
    validateRolling(rolling);
  } else {
    strategy.unsupported(["Recreate", "RollingUpdate"], internal(strategy));
  }
  for (const key of ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]) {
    spec.at(key).notNegative();
  }
  const progress = spec.at("progressDeadlineSeconds");
  if (progress.isThere && progress.number <= spec.at("minReadySeconds").number) {
    progress.invalid("must be greater than minReadySeconds");
  }
}

function validateRolling(rolling: View): void {
  const [unavailable, surge] = [rolling.at("maxUnavailable"), rolling.at("maxSurge")];
  validateCountOrPercent(unavailable);
  validateCountOrPercent(surge);
  if (amount(unavailable.value) === 0 && amount(surge.value) === 0) {
    unavailable.invalid("may not be 0 when `maxSurge` is 0");
  }
  validatePercentLimit(unavailable);
}

export function validateCountOrPercent(view: View): void {
  if (typeof view.value === "string") view.invalids(percent(view.value));
  else view.notNegative();
}

export function validatePercentLimit(view: View): void {
  if (typeof view.value === "string" && amount(view.value) > 100) {
    view.invalid("must not be greater than 100%");
  }
}

/** The number, or that before the percent sign. */
function amount(value: Json | undefined): number {
  if (typeof value === "string") return Number(/^(\d+)%$/.exec(value)?.[1] ?? 0);
  return typeof value === "number" ? value : 0;
}

export function validateReplicaSet(object: View): void {
  const spec = object.at("spec");
  spec.at("replicas").notNegative();
  spec.at("minReadySeconds").notNegative();
  // What it says of an empty selector is what is said of a Deployment's.
  if (validateSelectorOf(spec, "deployment", "invalid label selector")) {
    validateTemplate(spec, "ReplicaSet");
  }
}

export function validateDaemonSet(object: View): void {
  const spec = object.at("spec");
  const selector = spec.at("selector");
  const before = spec.causes.length;
  validateSelector(selector);
  if (selector.isThere && selectorSize(selector) === 0) {
    selector.invalid("empty selector is invalid for daemonset", sortedKeys(selector.value ?? null));
  } else if (spec.causes.length === before) {
    validateMatch(spec);
  }
  validateTemplate(spec, "DaemonSet");
  spec.at("minReadySeconds").notNegative();
  validateDaemonStrategy(spec.at("updateStrategy"));
  spec.at("revisionHistoryLimit").notNegative();
}

function validateDaemonStrategy(strategy: View): void {
  const [type, rolling] = [strategy.at("type").text, strategy.at("rollingUpdate")];
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate") {
    return strategy.unsupported(["RollingUpdate", "OnDelete"], internal(strategy));
  }
  const [unavailable, surge] = [rolling.at("maxUnavailable"), rolling.at("maxSurge")];
  for (const each of [unavailable, surge]) validateCountOrPercent(each);
  for (const each of [unavailable, surge]) validatePercentLimit(each);
  const [hasUnavailable, hasSurge] = [amount(unavailable.value) !== 0, amount(surge.value) !== 0];
  if (hasUnavailable && hasSurge) surge.invalid("may not be set when maxUnavailable is non-zero");
  if (!hasUnavailable && !hasSurge) unavailable.required("cannot be 0 when maxSurge is 0");
}

export function validateStatefulSet(object: View): void {
  const spec = object.at("spec");
  validateStatefulPolicies(spec);
  for (const [index, claim] of spec.at("volumeClaimTemplates").items().entries()) {
    const at = `${spec.path}.volumeClaimTemplates[${index}].spec`;
    validateClaimSpec(claim.at("spec").as(at));
  }
  for (const key of ["replicas", "minReadySeconds"]) spec.at(key).notNegative();
  spec.at("ordinals", "start").notNegative();
  const service = spec.at("serviceName");
  if (service.text !== "") service.invalids(dnsLabel(service.text));
  if (validateSelectorOf(spec, "statefulset", ""))
    validateTemplate(withClaims(spec), "StatefulSet");
}

function validateStatefulPolicies(spec: View): void {
  const management = spec.at("podManagementPolicy");
  if (!["OrderedReady", "Parallel"].includes(management.text)) {
    management.invalid("must be 'OrderedReady' or 'Parallel'");
  }
  const strategy = spec.at("updateStrategy");
  const [type, rolling] = [strategy.at("type").text, strategy.at("rollingUpdate")];
  const shown = {
    Partition: rolling.at("partition").number,
    MaxUnavailable: rolling.at("maxUnavailable").value ?? null,
  };
  if (type === "RollingUpdate") {
    rolling.at("partition").notNegative();
  } else if (type !== "OnDelete") {
    const whole = { Type: type, RollingUpdate: rolling.isThere ? shown : null };
    strategy.invalid("must be 'RollingUpdate' or 'OnDelete'", whole);
  } else if (rolling.isThere) {
    rolling.invalid("only allowed for updateStrategy 'RollingUpdate'", shown);
  }
  for (const key of ["whenDeleted", "whenScaled"]) {
    const policy = spec.at("persistentVolumeClaimRetentionPolicy", key);
    if (policy.isThere && !RETENTION.includes(policy.text)) policy.unsupported(RETENTION);
  }
}

/** What the controller puts in each pod is not asked of the template. */
function withClaims(spec: View): View {
  const template = spec.at("template");
  const claims = spec
    .at("volumeClaimTemplates")
    .items()
    .map((claim) => claim.at("metadata", "name").text);
  const own = template
    .at("spec", "volumes")
    .items()
    .filter((volume) => !claims.includes(volume.at("name").text))
    .map((volume) => volume.value ?? null);
  const { subdomain: _, hostname: __, ...rest } = Object.fromEntries(template.at("spec").entries());
  const volumes = [
    ...claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...own,
  ];
  const value = { ...Object.fromEntries(template.entries()), spec: { ...rest, volumes } };
  return new View(
    { ...Object.fromEntries(spec.entries()), template: value },
    spec.path,
    spec.causes,
  );
}

export function validateSelectorKept(object: View, old: View): void {
  validateUnchanged(object.at("spec", "selector"), old.at("spec", "selector"));
}

const STATEFUL_CHANGEABLE = new Set([
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
]);

export function validateStatefulSetChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  const keys = [...spec.entries(), ...before.entries()].map(([key]) => key);
  const fixed = keys.filter((key) => !STATEFUL_CHANGEABLE.has(key));
  const probe = new View(spec.value, spec.path, []);
  for (const key of fixed) validateUnchanged(probe.at(key), before.at(key));
  if (probe.causes.length === 0) return;
  spec.forbidden(
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  );
}
