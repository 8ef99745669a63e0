import { assert } from "#base";

/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  assert(values.length > 0, "there is no median of nothing");
  const sorted = [...values].toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

interface Spread {
  min: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  assert(values.length > 0, "there is no spread of nothing");
  // A loop, since Math.min(...values) is a call with as many arguments.
  const result = { min: Infinity, max: -Infinity };
  for (const value of values) {
    result.min = Math.min(result.min, value);
    result.max = Math.max(result.max, value);
  }
  return result;
}
