import type { Json } from "../types.ts";
import { validateUnchanged } from "./metadata.ts";
import { validatePodTemplate } from "./pods.ts";
import { selects, selectorSize, validateSelector } from "./selectors.ts";
import { View } from "./view.ts";
import { percent } from "./words.ts";

const NO_MATCH = "`selector` does not match template `labels`";
const CONCURRENCY = ["Allow", "Forbid", "Replace"];

function validateSelectorOf(spec: View, kind: string): void {
  const selector = spec.at("selector");
  const before = spec.causes.length;
  if (!selector.isThere) {
    selector.required();
  } else {
    validateSelector(selector);
    if (selectorSize(selector) === 0) selector.invalid(`empty selector is invalid for ${kind}`);
  }
  const labels = spec.at("template", "metadata", "labels");
  if (spec.causes.length === before && !selects(selector, labels.value)) {
    labels.invalid(NO_MATCH, labels.value ?? null);
  }
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

export function validateDeployment(object: View): void {
  const spec = object.at("spec");
  spec.at("replicas").notNegative();
  validateSelectorOf(spec, "deployment");
  validateTemplate(spec, "ReplicaSet");
  const strategy = spec.at("strategy");
  const [type, rolling] = [strategy.at("type").text, strategy.at("rollingUpdate")];
  if (type === "Recreate") {
    if (rolling.isThere) {
      rolling.forbidden("may not be specified when strategy `type` is 'Recreate'");
    }
  } else if (type === "RollingUpdate") {
    validateRolling(rolling);
  } else {
    const shown = { Type: type, RollingUpdate: null };
    strategy.unsupported(["Recreate", "RollingUpdate"], shown);
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

function validateCountOrPercent(view: View): void {
  if (typeof view.value === "string") view.invalids(percent(view.value));
  else view.notNegative();
}

function validatePercentLimit(view: View): void {
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
  validateSelectorOf(spec, "deployment");
  validateTemplate(spec, "ReplicaSet");
}

export function validateDaemonSet(object: View): void {
  const spec = object.at("spec");
  validateSelectorOf(spec, "daemonset");
  validateTemplate(spec, "DaemonSet");
  spec.at("minReadySeconds").notNegative();
  spec.at("revisionHistoryLimit").notNegative();
  const strategy = spec.at("updateStrategy");
  const [type, rolling] = [strategy.at("type").text, strategy.at("rollingUpdate")];
  if (type === "OnDelete") return;
  if (type !== "RollingUpdate") {
    return strategy.unsupported(["RollingUpdate", "OnDelete"], { Type: type, RollingUpdate: null });
  }
  const [unavailable, surge] = [rolling.at("maxUnavailable"), rolling.at("maxSurge")];
  for (const each of [unavailable, surge]) {
    validateCountOrPercent(each);
    validatePercentLimit(each);
  }
  const [hasUnavailable, hasSurge] = [amount(unavailable.value) !== 0, amount(surge.value) !== 0];
  if (hasUnavailable && hasSurge) surge.invalid("may not be set when maxUnavailable is non-zero");
  if (!hasUnavailable && !hasSurge) unavailable.required("cannot be 0 when maxSurge is 0");
}

export function validateStatefulSet(object: View): void {
  const spec = object.at("spec");
  spec.at("replicas").notNegative();
  validateSelectorOf(spec, "statefulset");
  validateTemplate(spec, "StatefulSet");
  spec.at("podManagementPolicy").oneOf(["OrderedReady", "Parallel"]);
}

/** A job's selector is made by the API server; where it is there it must fit. */
export function validateJob(object: View): void {
  validateJobSpec(object.at("spec"));
  const selector = object.at("spec", "selector");
  if (!selector.isThere) return;
  validateSelector(selector);
  const labels = object.at("spec", "template", "metadata", "labels");
  if (!selects(selector, labels.value)) labels.invalid(NO_MATCH, labels.value ?? null);
}

function validateJobSpec(spec: View): void {
  for (const key of ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit"]) {
    spec.at(key).notNegative();
  }
  spec.at("ttlSecondsAfterFinished").notNegative();
  const mode = spec.at("completionMode");
  if (!["NonIndexed", "Indexed"].includes(mode.text)) mode.unsupported(["NonIndexed", "Indexed"]);
  if (mode.text === "Indexed" && !spec.at("completions").isThere) {
    spec.at("completions").required("when completion mode is Indexed");
  }
  validatePodTemplate(spec.at("template"));
  const restart = spec.at("template", "spec", "restartPolicy");
  if (restart.text === "Always" || restart.text === "") {
    restart.required('valid values: "OnFailure", "Never"');
  } else if (!["OnFailure", "Never"].includes(restart.text)) {
    restart.unsupported(["OnFailure", "Never"]);
  }
}

export function validateCronJob(object: View): void {
  const spec = object.at("spec");
  const schedule = spec.at("schedule");
  if (schedule.text === "") schedule.required();
  else validateSchedule(schedule);
  spec.at("concurrencyPolicy").oneOf(CONCURRENCY);
  spec.at("startingDeadlineSeconds").notNegative();
  validateJobSpec(withCompletionMode(spec.at("jobTemplate", "spec")));
}

const SCHEDULE = /^(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly)|@every \S+)$/;

function validateSchedule(schedule: View): void {
  const fields = schedule.text.trim().split(/\s+/);
  if (SCHEDULE.test(schedule.text) || fields.length === 5) return;
  schedule.invalid(`expected exactly 5 fields, found ${fields.length}: [${fields.join(" ")}]`);
}

/** In a cron job's template the API server sets no mode: NonIndexed is meant. */
function withCompletionMode(spec: View): View {
  const value = { completionMode: "NonIndexed", ...Object.fromEntries(spec.entries()) };
  return new View(value, spec.path, spec.causes);
}

export function validateSelectorKept(object: View, old: View): void {
  validateUnchanged(object.at("spec", "selector"), old.at("spec", "selector"));
}

export function validateJobChange(object: View, old: View): void {
  validateSelectorKept(object, old);
  validateUnchanged(object.at("spec", "completionMode"), old.at("spec", "completionMode"));
  validateUnchanged(object.at("spec", "template"), old.at("spec", "template"));
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
