import type { Condition } from "./object.ts";

export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function withoutCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}

/**
 * The conditions with this one set. One that says the same status and reason stays as it was, with
 * its times; the time of transition changes with the status only.
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  wanted: Condition,
): Condition[] {
  const current = findCondition(conditions, wanted.type);
  if (current?.status === wanted.status && current.reason === wanted.reason) {
    return [...(conditions ?? [])];
  }
  const kept =
    current?.status === wanted.status && current.lastTransitionTime !== undefined
      ? { lastTransitionTime: current.lastTransitionTime }
      : {};
  return [...withoutCondition(conditions, wanted.type), { ...wanted, ...kept }];
}
