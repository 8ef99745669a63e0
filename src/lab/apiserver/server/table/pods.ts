/** The rows of Pods: one word for what state each is in. */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asRecord, asShown, asText, at, numberAt, recordsAt, textAt } from "../json.ts";
import { ageOf } from "./age.ts";
import { AGE, conditionStatus, NAME, text, wide } from "./columns.ts";
import type { Row, TableKind } from "./types.ts";

/** What the containers come to, seen together. */
interface Summary {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
  /** RFC 3339; "" where nothing restarted. */
  readonly lastRestart: string;
}

const podTable: TableKind = {
  columns: [
    NAME,
    text("Ready"),
    text("Status"),
    text("Restarts"),
    AGE,
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
  ],
  cellsOf: (pod, nowMs) => podRow(pod, nowMs),
};

export const POD_TABLES: Readonly<Record<string, TableKind>> = { "/Pod": podTable };

function podRow(pod: KubeObject, nowMs: number): Row {
  const { reason, ready, restarts, lastRestart } = summaryOf(pod);
  const total = recordsAt(pod, "spec", "containers").length + [...sidecarsOf(pod)].length;
  const restartText =
    restarts > 0 && lastRestart !== ""
      ? `${restarts} (${ageOf(lastRestart, nowMs)} ago)`
      : restarts;
  const cells = [
    pod.metadata.name ?? "",
    `${ready}/${total}`,
    overall(pod, reason),
    String(restartText),
    ageOf(pod.metadata.creationTimestamp, nowMs),
    textAt(recordsAt(pod, "status", "podIPs")[0], "ip") ||
      textAt(pod, "status", "podIP") ||
      "<none>",
    textAt(pod, "spec", "nodeName") || "<none>",
    textAt(pod, "status", "nominatedNodeName") || "<none>",
    readinessGates(pod),
  ];
  const phase = textAt(pod, "status", "phase");
  if (phase !== "Succeeded" && phase !== "Failed") return { cells };
  const message = phase === "Succeeded" ? "The pod has completed successfully." : "The pod failed.";
  return { cells, conditions: [{ type: "Completed", status: "True", reason: phase, message }] };
}

function overall(pod: KubeObject, reason: string): string {
  if (pod.metadata.deletionTimestamp === undefined) return reason;
  if (textAt(pod, "status", "reason") === "NodeLost") return "Unknown";
  const phase = textAt(pod, "status", "phase");
  return phase === "Succeeded" || phase === "Failed" ? reason : "Terminating";
}

/** Names of init containers that go on running beside the others. */
function sidecarsOf(pod: KubeObject): ReadonlySet<string> {
  const always = recordsAt(pod, "spec", "initContainers").filter(
    (container) => container["restartPolicy"] === "Always",
  );
  return new Set(always.map((container) => asText(container["name"])));
}

function summaryOf(pod: KubeObject): Summary {
  const start = initialReason(pod);
  const init = summaryOfInit(pod, start);
  const isInitialized = conditionStatus(pod, "Initialized") === "True";
  if (init.isInitializing && !isInitialized) return init;
  return summaryOfMain(pod, init);
}

function initialReason(pod: KubeObject): string {
  const isGated = recordsAt(pod, "status", "conditions").some(
    (one) => one["type"] === "PodScheduled" && one["reason"] === "SchedulingGated",
  );
  if (isGated) return "SchedulingGated";
  return textAt(pod, "status", "reason") || textAt(pod, "status", "phase");
}

interface InitSummary extends Summary {
  readonly isInitializing: boolean;
  /** Those of sidecars alone, which count on when the pod runs. */
  readonly sidecarRestarts: number;
  readonly sidecarLastRestart: string;
}

function summaryOfInit(pod: KubeObject, start: string): InitSummary {
  const sidecars = sidecarsOf(pod);
  const count = recordsAt(pod, "spec", "initContainers").length;
  const statuses = recordsAt(pod, "status", "initContainerStatuses");
  let ready = 0;
  let restarts = 0;
  let lastRestart = "";
  let sidecarRestarts = 0;
  let sidecarLastRestart = "";
  for (const [index, status] of statuses.entries()) {
    const isSidecar = sidecars.has(asText(status["name"]));
    restarts += numberAt(status, "restartCount") ?? 0;
    lastRestart = later(lastRestart, status);
    if (isSidecar) {
      sidecarRestarts += numberAt(status, "restartCount") ?? 0;
      sidecarLastRestart = later(sidecarLastRestart, status);
    }
    const sum = { ready, restarts, lastRestart, sidecarRestarts, sidecarLastRestart };
    if (isSidecar && status["started"] === true) {
      if (status["ready"] === true) ready += 1;
      continue;
    }
    const reason = initReason(status, index, count);
    if (reason !== undefined) return { ...sum, reason, isInitializing: true };
  }
  const sum = { ready, restarts, lastRestart, sidecarRestarts, sidecarLastRestart };
  return { ...sum, reason: start, isInitializing: false };
}

/** Undefined of an init container that has done its work. */
function initReason(status: JsonObject, index: number, count: number): string | undefined {
  const terminated = asRecord(at(status, "state", "terminated"));
  if (terminated !== undefined) {
    return terminated["exitCode"] === 0 ? undefined : `Init:${terminatedReason(terminated)}`;
  }
  const waiting = textAt(status, "state", "waiting", "reason");
  if (waiting !== "" && waiting !== "PodInitializing") return `Init:${waiting}`;
  return `Init:${index}/${count}`;
}

function terminatedReason(terminated: JsonObject): string {
  const reason = asText(terminated["reason"]);
  if (reason !== "") return reason;
  const signal = numberAt(terminated, "signal") ?? 0;
  return signal === 0 ? `ExitCode:${asShown(terminated["exitCode"])}` : `Signal:${signal}`;
}

function summaryOfMain(pod: KubeObject, init: InitSummary): Summary {
  let { reason, ready } = init;
  let restarts = init.sidecarRestarts;
  let lastRestart = init.sidecarLastRestart;
  let hasRunning = false;
  let errorReason = "";
  for (const status of recordsAt(pod, "status", "containerStatuses").toReversed()) {
    restarts += numberAt(status, "restartCount") ?? 0;
    lastRestart = later(lastRestart, status);
    const waiting = textAt(status, "state", "waiting", "reason");
    const terminated = asRecord(at(status, "state", "terminated"));
    if (waiting !== "") reason = waiting;
    else if (terminated !== undefined) {
      reason = terminatedReason(terminated);
      if (terminated["exitCode"] !== 0) errorReason = reason;
    } else if (status["ready"] === true && at(status, "state", "running") !== undefined) {
      hasRunning = true;
      ready += 1;
    }
  }
  if (reason === "Completed") {
    if (hasRunning && conditionStatus(pod, "Ready") === "True") reason = "Running";
    else if (errorReason !== "") reason = errorReason;
    else if (hasRunning) reason = "NotReady";
  }
  return { reason, ready, restarts, lastRestart };
}

function later(before: string, status: JsonObject): string {
  const finished = textAt(status, "lastState", "terminated", "finishedAt");
  return Date.parse(finished) > (Date.parse(before) || 0) ? finished : before;
}

function readinessGates(pod: KubeObject): string {
  const gates = recordsAt(pod, "spec", "readinessGates");
  if (gates.length === 0) return "<none>";
  const open = gates.filter(
    (gate) => conditionStatus(pod, asText(gate["conditionType"])) === "True",
  );
  return `${open.length}/${gates.length}`;
}
