/** What runs to an end: Jobs, and the CronJobs that make them. */
import { copyJson, isObject, sameJson, sortedKeys } from "../node.ts";
import type { Json, JsonObject } from "../types.ts";
import { cronScheduleError } from "./cron.ts";
import { validateUnchanged } from "./metadata.ts";
import { validatePodTemplate } from "./pods/spec.ts";
import { selects, validateSelector } from "./selectors.ts";
import type { View } from "./view.ts";
import { domainPrefixedPath, qualifiedName } from "./words.ts";
import { validateMatch } from "./workloads.ts";

const CONCURRENCY = ["Allow", "Forbid", "Replace"];
const REPLACEMENTS = ["Failed", "TerminatingOrFailed"];
const ACTIONS = ["Count", "FailIndex", "FailJob", "Ignore"];
const INDEXED_MAX = 100_000;
const MANAGED_BY_MAX = 63;
const EXIT_CODES_MAX = 255;
const CRON_NAME_MAX = 52;
const ZONE_PART = /^[A-Za-z0-9_+-]{1,14}$/;

const listed = (words: readonly string[]): string =>
  `valid values: [${words.map((each) => JSON.stringify(each)).join(" ")}]`;

/** A job's selector is made by the API server, unless it is asked not to. */
export function validateJob(object: View): void {
  const spec = object.at("spec");
  const selector = spec.at("selector");
  if (spec.at("manualSelector").value !== true && selector.isThere) {
    validateGenerated(object, selector);
  }
  validateJobSpec(spec);
}

function validateJobSpec(spec: View): void {
  const selector = spec.at("selector");
  validateJobParts(spec);
  if (!selector.isThere) selector.required();
  else validateSelector(selector);
  validateMatch(spec);
}

function validateGenerated(object: View, selector: View): void {
  const [uid, name] = [object.at("metadata", "uid").text, object.at("metadata", "name").text];
  const made = {
    "controller-uid": uid,
    "job-name": name,
    "batch.kubernetes.io/controller-uid": uid,
    "batch.kubernetes.io/job-name": name,
  };
  if (selects(selector, made)) return;
  selector.invalid("`selector` not auto-generated", sortedKeys(selector.value ?? null));
}

/** All but the selector. */
function validateJobParts(spec: View): void {
  const numbers = [
    "parallelism",
    "completions",
    "activeDeadlineSeconds",
    "backoffLimit",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
  ];
  for (const key of numbers) spec.at(key).notNegative();
  if (spec.at("maxFailedIndexes").isThere && !spec.at("backoffLimitPerIndex").isThere) {
    spec.at("backoffLimitPerIndex").required("when maxFailedIndexes is specified");
  }
  const manager = spec.at("managedBy");
  if (manager.isThere) {
    manager.invalids(domainPrefixedPath(manager.text));
    if (manager.text.length > MANAGED_BY_MAX) manager.tooLong(MANAGED_BY_MAX);
  }
  validateMode(spec);
  validateFailurePolicy(spec);
  validateReplacement(spec);
  validatePodTemplate(spec.at("template"));
  validateRestart(spec);
}

function validateMode(spec: View): void {
  const mode = spec.at("completionMode");
  const [failed, perIndex] = [spec.at("maxFailedIndexes"), spec.at("backoffLimitPerIndex")];
  if (mode.text === "Indexed") {
    const [completions, parallelism] = [spec.at("completions"), spec.at("parallelism")];
    if (!completions.isThere) completions.required("when completion mode is Indexed");
    const most = `must be less than or equal to ${INDEXED_MAX}`;
    if (parallelism.number > INDEXED_MAX) {
      parallelism.invalid(`${most} when completion mode is Indexed`);
    }
    if (completions.isThere && failed.number > completions.number) {
      failed.invalid("must be less than or equal to completions");
    }
    if (failed.number > INDEXED_MAX) failed.invalid(most);
    return;
  }
  if (mode.isThere && mode.text !== "NonIndexed") {
    return mode.unsupported(["NonIndexed", "Indexed"]);
  }
  for (const each of [perIndex, failed]) {
    if (each.isThere) each.invalid("requires indexed completion mode");
  }
}

function validateReplacement(spec: View): void {
  const policy = spec.at("podReplacementPolicy");
  if (!policy.isThere) return;
  const supported = spec.at("podFailurePolicy").isThere ? ["Failed"] : REPLACEMENTS;
  if (!supported.includes(policy.text)) policy.unsupported(supported);
}

function validateRestart(spec: View): void {
  const restart = spec.at("template", "spec", "restartPolicy");
  if (restart.text === "Always" || restart.text === "") {
    restart.required('valid values: "OnFailure", "Never"');
  } else if (!["OnFailure", "Never"].includes(restart.text)) {
    restart.unsupported(["OnFailure", "Never"]);
  } else if (spec.at("podFailurePolicy").isThere && restart.text !== "Never") {
    restart.invalid('only "Never" is supported when podFailurePolicy is specified');
  }
}

function validateFailurePolicy(spec: View): void {
  const names = ["containers", "initContainers"].flatMap((key) =>
    spec
      .at("template", "spec", key)
      .items()
      .map((container) => container.at("name").text),
  );
  for (const rule of spec.at("podFailurePolicy", "rules").items()) {
    const action = rule.at("action");
    if (action.text === "") action.required(listed(ACTIONS));
    else if (action.text === "FailIndex") {
      if (!spec.at("backoffLimitPerIndex").isThere) {
        action.invalid("requires the backoffLimitPerIndex to be set");
      }
    } else if (!ACTIONS.includes(action.text)) action.unsupported(ACTIONS);
    const [codes, conditions] = [rule.at("onExitCodes"), rule.at("onPodConditions")];
    if (codes.isThere) validateExitCodes(codes, names);
    for (const condition of conditions.items()) validateCondition(condition);
    const hasConditions = conditions.items().length > 0;
    if (codes.isThere && hasConditions) {
      rule.invalidWhole("specifying both OnExitCodes and OnPodConditions is not supported");
    } else if (!codes.isThere && !hasConditions) {
      rule.invalidWhole("specifying one of OnExitCodes and OnPodConditions is required");
    }
  }
}

function validateExitCodes(codes: View, names: readonly string[]): void {
  const [operator, container] = [codes.at("operator"), codes.at("containerName")];
  if (operator.text === "") operator.required(listed(["In", "NotIn"]));
  else if (!["In", "NotIn"].includes(operator.text)) operator.unsupported(["In", "NotIn"]);
  if (container.isThere && !names.includes(container.text)) {
    container.invalid("must be one of the container or initContainer names in the pod template");
  }
  const values = codes.at("values");
  const numbers = values.items().map(({ number }) => number);
  if (numbers.length === 0) values.invalid("at least one value is required", []);
  else if (numbers.length > EXIT_CODES_MAX) values.tooMany(numbers.length, EXIT_CODES_MAX);
  for (const [index, value] of values.items().entries()) {
    if (operator.text === "In" && value.number === 0) {
      value.invalid("must not be 0 for the In operator");
    }
    if (numbers.indexOf(value.number) < index) value.duplicate();
  }
  const isOrdered = numbers.every(
    (each, index) => index === 0 || (numbers[index - 1] ?? 0) <= each,
  );
  if (!isOrdered) values.invalid("must be ordered");
}

function validateCondition(condition: View): void {
  const [type, status] = [condition.at("type"), condition.at("status")];
  type.invalids(qualifiedName(type.text), type.text);
  const words = ["False", "True", "Unknown"];
  if (status.text === "") status.required(listed(words));
  else if (!words.includes(status.text)) status.unsupported(words);
}

export function validateCronJob(object: View): void {
  const spec = object.at("spec");
  const schedule = spec.at("schedule");
  if (schedule.text === "") schedule.required();
  else validateSchedule(schedule);
  spec.at("startingDeadlineSeconds").notNegative();
  validateZone(spec.at("timeZone"));
  spec.at("concurrencyPolicy").oneOf(CONCURRENCY);
  const job = spec.at("jobTemplate", "spec");
  validateJobParts(job);
  const selector = job.at("selector");
  if (selector.isThere) selector.invalid("`selector` will be auto-generated");
  const manual = job.at("manualSelector");
  if (manual.value === true) manual.unsupported(["nil", "false"]);
  for (const key of ["successfulJobsHistoryLimit", "failedJobsHistoryLimit"]) {
    spec.at(key).notNegative();
  }
}

/** Its jobs' names are longer by eleven characters. */
export function validateNewCronJob(object: View): void {
  const name = object.at("metadata", "name");
  if (name.text.length > CRON_NAME_MAX) {
    name.invalid(`must be no more than ${CRON_NAME_MAX} characters`);
  }
}

function validateSchedule(schedule: View): void {
  const why = cronScheduleError(schedule.text);
  if (why !== undefined) schedule.invalid(why);
  if (schedule.text.includes("TZ")) {
    schedule.invalid("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
  }
}

function validateZone(zone: View): void {
  if (!zone.isThere) return;
  if (zone.text === "") return zone.invalid("timeZone must be nil or non-empty string");
  const parts = zone.text.split("/");
  if (parts.some((part) => part.startsWith("-") || !ZONE_PART.test(part))) {
    return zone.invalid(`unknown time zone ${zone.text}`);
  }
  if (zone.text.toLowerCase() === "local") {
    return zone.invalid(
      "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
    );
  }
  if (!isZone(zone.text)) zone.invalid(`unknown time zone ${zone.text}`);
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

const FIXED = [
  "completionMode",
  "podFailurePolicy",
  "backoffLimitPerIndex",
  "managedBy",
  "successPolicy",
];

/** The spec is asked about once more, and then what of it may change. */
export function validateJobChange(object: View, old: View): void {
  const [spec, before] = [object.at("spec"), old.at("spec")];
  validateJobSpec(spec);
  if (spec.at("completionMode").text !== "Indexed") {
    validateUnchanged(spec.at("completions"), before.at("completions"));
  }
  validateUnchanged(spec.at("selector"), before.at("selector"));
  validateTemplateKept(spec, before);
  for (const key of FIXED) validateUnchanged(spec.at(key), before.at(key));
}

/** While it is suspended a job may still be told where its pods may go, and what they may use. */
function validateTemplateKept(spec: View, before: View): void {
  const isSuspended = before.at("suspend").value === true;
  const [now, old] = [spec.at("template"), before.at("template")];
  if (!isSuspended) return validateUnchanged(now, old);
  const at = spec.at("template", "spec");
  const [kept, had] = [withoutPlace(at), withoutPlace(before.at("template", "spec"))];
  if (!sameJson(kept, had)) at.invalid("field is immutable");
}

function withoutPlace(spec: View): JsonObject {
  const copy = copyJson(isObject(spec.value) ? spec.value : {});
  for (const key of ["nodeSelector", "tolerations", "schedulingGates"]) delete copy[key];
  const { affinity } = copy;
  if (isObject(affinity)) delete affinity["nodeAffinity"];
  if (isObject(affinity) && Object.keys(affinity).length === 0) delete copy["affinity"];
  const without = (list: Json | undefined): void => {
    for (const each of Array.isArray(list) ? list : [])
      if (isObject(each)) delete each["resources"];
  };
  without(copy["containers"]);
  without(copy["initContainers"]);
  return copy;
}
