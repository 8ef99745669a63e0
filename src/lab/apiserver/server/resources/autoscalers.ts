/**
 * HorizontalPodAutoscalers have two forms, autoscaling/v1 and v2; the store keeps the second. The
 * first knows one metric, the processor's use in percent: others cannot be seen or kept by it.
 */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asRecord, at, numberAt, recordsAt } from "../json.ts";

const PERCENT = "targetCPUUtilizationPercentage";
const CURRENT_PERCENT = "currentCPUUtilizationPercentage";

export function toNewAutoscaler(object: KubeObject): KubeObject {
  const { [PERCENT]: percent, ...spec } = asRecord(object["spec"]) ?? {};
  const { [CURRENT_PERCENT]: current, ...status } = asRecord(object["status"]) ?? {};
  const target = { type: "Utilization", averageUtilization: percent ?? 80 };
  const metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
  const currentMetrics = [
    { type: "Resource", resource: { name: "cpu", current: { averageUtilization: current ?? 0 } } },
  ];
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    spec: { ...spec, metrics },
    status: { ...status, ...(current === undefined ? {} : { currentMetrics }) },
  };
}

export function fromNewAutoscaler(object: KubeObject): KubeObject {
  const { metrics: _metrics, behavior: _behavior, ...spec } = asRecord(object["spec"]) ?? {};
  const {
    currentMetrics: _current,
    conditions: _conditions,
    ...status
  } = asRecord(object["status"]) ?? {};
  const target = percentOf(recordsAt(object, "spec", "metrics"), "target");
  const current = percentOf(recordsAt(object, "status", "currentMetrics"), "current");
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    spec: { ...spec, ...(target === undefined ? {} : { [PERCENT]: target }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(current === undefined ? {} : { [CURRENT_PERCENT]: current }),
    },
  };
}

function percentOf(metrics: readonly JsonObject[], field: string): number | undefined {
  const cpu = metrics.find((metric) => at(metric, "resource", "name") === "cpu");
  return numberAt(cpu, "resource", field, "averageUtilization");
}
