/** What a PodDisruptionBudget allows now, for people, drains and the scheduler to read. */
import { normal, type Operation, type Plan } from "../engine/operations.ts";
import { BUDGETS } from "../engine/resources.ts";
import {
  type ApiObject,
  type Condition,
  controllerOf,
  isTerminating,
  type OwnerReference,
} from "../model/object.ts";
import { isReady, type Pod } from "../model/pod.ts";
import { isSame } from "../model/same.ts";
import type { LabelSelector } from "../model/selector.ts";
import { timestamp } from "../model/time.ts";
import { scaled } from "../model/workload.ts";

export interface Budget extends ApiObject {
  spec: {
    minAvailable?: number | string;
    maxUnavailable?: number | string;
    selector?: LabelSelector;
  };
  status?: BudgetStatus;
}

interface BudgetStatus {
  conditions?: Condition[];
  currentHealthy: number;
  desiredHealthy: number;
  disruptionsAllowed: number;
  expectedPods: number;
  observedGeneration?: number;
}

interface BudgetFacts {
  readonly budget: Budget;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  /** How many pods an owner says it wants; undefined for one that says nothing of it. */
  readonly sizeOf: (owner: OwnerReference) => number | undefined;
  readonly nowMs: number;
}

const CONDITION = "DisruptionAllowed";

export function planBudget(facts: BudgetFacts): Plan {
  const { budget, pods } = facts;
  const operations: Operation[] = [];
  if (pods.length === 0) {
    const event = normal("NoPods", "No matching pods found");
    operations.push({ verb: "event", about: budget, event });
  }
  return { operations: [...operations, ...statusUpdate(facts, countsOf(facts))] };
}

type Counts = Omit<BudgetStatus, "conditions" | "observedGeneration"> & { failure?: string };

function countsOf(facts: BudgetFacts): Counts {
  const { budget, pods } = facts;
  const currentHealthy = pods.filter((pod) => !isTerminating(pod) && isReady(pod)).length;
  const { minAvailable, maxUnavailable } = budget.spec;
  if (typeof minAvailable === "number") {
    return allowed({ currentHealthy, desiredHealthy: minAvailable, expectedPods: pods.length });
  }
  const expected = wantedBy(facts);
  if (typeof expected === "string") {
    const { desiredHealthy = 0, expectedPods = 0 } = budget.status ?? {};
    const none = { disruptionsAllowed: 0, desiredHealthy, expectedPods };
    return { currentHealthy, ...none, failure: expected };
  }
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaled(minAvailable, expected, true)
      : Math.max(0, expected - scaled(maxUnavailable, expected, true));
  return allowed({ currentHealthy, desiredHealthy, expectedPods: expected });
}

function allowed(counts: Omit<Counts, "disruptionsAllowed">): Counts {
  const spare = counts.currentHealthy - counts.desiredHealthy;
  return { ...counts, disruptionsAllowed: counts.expectedPods > 0 ? Math.max(0, spare) : 0 };
}

/** What the owners of the pods want together; a pod of nobody's is not counted. */
function wantedBy({ pods, sizeOf }: BudgetFacts): number | string {
  const sizes = new Map<string, number>();
  for (const pod of pods) {
    const owner = controllerOf(pod);
    if (owner === undefined || sizes.has(owner.uid)) continue;
    const size = sizeOf(owner);
    if (size === undefined) return `found no controllers for pod "${pod.metadata.name}"`;
    sizes.set(owner.uid, size);
  }
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

function statusUpdate({ budget, nowMs }: BudgetFacts, { failure, ...counts }: Counts): Operation[] {
  const observedGeneration = budget.metadata.generation ?? 0;
  const isAllowed = counts.disruptionsAllowed > 0;
  const said: Condition = {
    type: CONDITION,
    status: isAllowed ? "True" : "False",
    reason:
      failure === undefined ? (isAllowed ? "SufficientPods" : "InsufficientPods") : "SyncFailed",
    message: failure ?? "",
    observedGeneration,
    lastTransitionTime: timestamp(nowMs),
  };
  const before = budget.status?.conditions ?? [];
  const old = before.find(({ type }) => type === CONDITION);
  const sinceBefore = old?.status === said.status ? old.lastTransitionTime : undefined;
  const condition = sinceBefore === undefined ? said : { ...said, lastTransitionTime: sinceBefore };
  const status = {
    ...budget.status,
    ...counts,
    observedGeneration,
    conditions: [...before.filter(({ type }) => type !== CONDITION), condition],
  };
  if (isSame(budget.status, status)) return [];
  const object: Budget = { ...budget, status };
  return [{ verb: "updateStatus", resource: BUDGETS, object }];
}
