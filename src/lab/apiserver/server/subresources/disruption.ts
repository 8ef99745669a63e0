/** How many of its Pods a disruption budget lets go now. */
import type { JsonObject, KubeObject } from "../../schema/types.ts";
import { asList, asRecord, asText, at, textAt } from "../json.ts";
import { conditionStatus } from "../table/columns.ts";

/** What a budget asks of its Pods, and how they are. */
export interface Budget {
  readonly name: string;
  readonly healthy: number;
  readonly needed: number;
  /** Of Pods that are not ready: `AlwaysAllow`, or "" for the usual. */
  readonly policy: string;
}

/** Undefined where the budget does not select the pod. */
export function budgetOf(
  budget: KubeObject,
  pod: KubeObject,
  pods: readonly KubeObject[],
): Budget | undefined {
  const selector = asRecord(at(budget, "spec", "selector"));
  if (selector === undefined || !matches(selector, pod)) return undefined;
  const selected = pods.filter((one) => matches(selector, one));
  const healthy = selected.filter(
    (one) =>
      conditionStatus(one, "Ready") === "True" && one.metadata.deletionTimestamp === undefined,
  ).length;
  const maxUnavailable = at(budget, "spec", "maxUnavailable");
  const expected = selected.length;
  const needed =
    maxUnavailable === undefined
      ? amount(at(budget, "spec", "minAvailable") ?? 1, expected)
      : expected - amount(maxUnavailable, expected);
  const policy = textAt(budget, "spec", "unhealthyPodEvictionPolicy");
  return { name: budget.metadata.name ?? "", healthy, needed: Math.max(0, needed), policy };
}

/** A number, or a percentage, of which parts count as whole ones. */
function amount(value: unknown, of: number): number {
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(asText(value))?.[1];
  return percent === undefined ? 0 : Math.ceil((Number(percent) * of) / 100);
}

function matches(selector: JsonObject, { metadata }: KubeObject): boolean {
  const labels = metadata.labels ?? {};
  const wanted = Object.entries(asRecord(selector["matchLabels"]) ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  return asList(selector["matchExpressions"]).every((expression) => {
    const { key, operator, values } = asRecord(expression) ?? {};
    const value = labels[asText(key)];
    const isListed = value !== undefined && asList(values).includes(value);
    if (operator === "In") return isListed;
    if (operator === "NotIn") return !isListed;
    return (value !== undefined) === (operator === "Exists");
  });
}
