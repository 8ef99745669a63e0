/** The rows of Jobs, CronJobs and PodDisruptionBudgets. */
import type { KubeObject } from "../../schema/types.ts";
import { asList, asRecord, asShown, at, numberAt, recordsAt, textAt } from "../json.ts";
import { ageOf, durationText } from "./age.ts";
import {
  AGE,
  conditionStatus,
  integer,
  NAME,
  selectorText,
  TEMPLATE_COLUMNS,
  templateCells,
  text,
  wide,
  workload,
} from "./columns.ts";
import type { TableKind } from "./types.ts";

const jobs = workload([
  [text("Status"), jobStatus],
  [text("Completions"), completions],
  [text("Duration"), jobDuration],
]);

/** The first of these conditions that holds is the word. */
const JOB_CONDITIONS = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];

function jobStatus(job: KubeObject): string {
  for (const type of ["Complete", "Failed"]) {
    if (conditionStatus(job, type) === "True") return type;
  }
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  return JOB_CONDITIONS.find((type) => conditionStatus(job, type) === "True") ?? "Running";
}

function completions(job: KubeObject): string {
  const succeeded = numberAt(job, "status", "succeeded") ?? 0;
  const wanted = numberAt(job, "spec", "completions");
  if (wanted !== undefined) return `${succeeded}/${wanted}`;
  const parallelism = numberAt(job, "spec", "parallelism") ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: KubeObject, nowMs: number): string {
  const start = Date.parse(textAt(job, "status", "startTime"));
  if (Number.isNaN(start)) return "";
  const end = Date.parse(textAt(job, "status", "completionTime"));
  return durationText((Number.isNaN(end) ? nowMs : end) - start);
}

const cronJobs: TableKind = {
  columns: [
    NAME,
    text("Schedule"),
    text("Timezone"),
    { name: "Suspend", type: "boolean" },
    integer("Active"),
    text("Last Schedule"),
    AGE,
    ...TEMPLATE_COLUMNS,
    wide("Selector"),
  ],
  cellsOf: (object, nowMs) => {
    const last = textAt(object, "status", "lastScheduleTime");
    return {
      cells: [
        object.metadata.name ?? "",
        textAt(object, "spec", "schedule"),
        textAt(object, "spec", "timeZone") || "<none>",
        at(object, "spec", "suspend") === true ? "True" : "False",
        asList(at(object, "status", "active")).length,
        last === "" ? "<none>" : ageOf(last, nowMs),
        ageOf(object.metadata.creationTimestamp, nowMs),
        ...templateCells(object, "spec", "jobTemplate", "spec", "template"),
        selectorText(at(object, "spec", "jobTemplate", "spec", "selector")),
      ],
    };
  },
};

const budgets: TableKind = {
  columns: [
    NAME,
    text("Min Available"),
    text("Max Unavailable"),
    integer("Allowed Disruptions"),
    AGE,
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      asShown(at(object, "spec", "minAvailable")) || "N/A",
      asShown(at(object, "spec", "maxUnavailable")) || "N/A",
      numberAt(object, "status", "disruptionsAllowed") ?? 0,
      ageOf(object.metadata.creationTimestamp, nowMs),
    ],
  }),
};

const autoscalers: TableKind = {
  columns: [
    NAME,
    text("Reference"),
    text("Targets"),
    text("MinPods"),
    text("MaxPods"),
    text("Replicas"),
    AGE,
  ],
  cellsOf: (object, nowMs) => ({
    cells: [
      object.metadata.name ?? "",
      `${textAt(object, "spec", "scaleTargetRef", "kind")}/${textAt(object, "spec", "scaleTargetRef", "name")}`,
      autoscalerTargets(object),
      asShown(at(object, "spec", "minReplicas")) || "<unset>",
      numberAt(object, "spec", "maxReplicas") ?? 0,
      numberAt(object, "status", "currentReplicas") ?? 0,
      ageOf(object.metadata.creationTimestamp, nowMs),
    ],
  }),
};

const MAX_TARGETS = 2;

/** Nothing here measures, so what is there now is never known. */
function autoscalerTargets(object: KubeObject): string {
  const v1 = numberAt(object, "spec", "targetCPUUtilizationPercentage");
  if (v1 !== undefined) return `cpu: <unknown>/${v1}%`;
  const targets = recordsAt(object, "spec", "metrics").map((metric) => {
    const resource = asRecord(metric["resource"]);
    const percent = numberAt(resource, "target", "averageUtilization");
    const value =
      percent === undefined ? textAt(resource, "target", "averageValue") : `${percent}%`;
    return `${textAt(resource, "name")}: <unknown>/${value || "<auto>"}`;
  });
  if (targets.length === 0) return "<none>";
  const shown = targets.slice(0, MAX_TARGETS).join(", ");
  const more = targets.length - MAX_TARGETS;
  return more > 0 ? `${shown} + ${more} more...` : shown;
}

export const BATCH_TABLES: Readonly<Record<string, TableKind>> = {
  "batch/Job": jobs,
  "batch/CronJob": cronJobs,
  "policy/PodDisruptionBudget": budgets,
  "autoscaling/HorizontalPodAutoscaler": autoscalers,
};
