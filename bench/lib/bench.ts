import { AppError, assert } from "#base";
import { median } from "./statistics.ts";

/** One thing measured, in the form in which it is recorded. */
export interface Row {
  what: string;
  /** What it is compared with, where the value is a ratio. */
  against: string | undefined;
  /** The median of the samples; undefined where there are none. */
  value: number | undefined;
  /** Written after the number; "x" for ratios, "/s" for rates, else ms, ns, MiB ... */
  unit: string;
  /** What the value must reach, or not exceed; undefined where it is only of interest. */
  goal: number | undefined;
  better: "higher" | "lower";
  samples: readonly number[];
  /** Why there are no samples, with what would make them possible. */
  missing?: string;
}

export interface BenchContext {
  /** How many samples to take of each row. */
  rounds: number;
  /** Says how far the run is. Cheap enough to call often: most calls print nothing. */
  progress: (text: string) => void;
}

/** For the default export of a `bench/x.bench.ts`, whose name is x. */
export interface Bench {
  /** What it measures, in a sentence. */
  summary: string;
  run: (context: BenchContext) => Promise<Row[]>;
}

/**
 *     const bench: Bench = defineBench({ ... });
 *     export default bench;
 */
export function defineBench(bench: Bench): Bench {
  return bench;
}

/** The bench that a file exports, or a complaint. */
export function benchOf(file: string, exported: unknown): Bench {
  const bench = exported as Bench | undefined;
  if (typeof bench?.run === "function" && typeof bench.summary === "string") return bench;
  throw new AppError("usage", `${file} has no default export made by defineBench: add one.`);
}

export interface RowSpec {
  what: string;
  against?: string;
  unit: string;
  goal?: number;
  better: "higher" | "lower";
  /** None only where `missing` says why. */
  samples?: readonly number[];
  missing?: string;
}

/** A row of its samples. */
export function row({ what, against, unit, goal, better, samples = [], missing }: RowSpec): Row {
  assert((samples.length === 0) === (missing !== undefined), "a row has samples, or says why not");
  if (missing !== undefined) {
    return { what, against, value: undefined, unit, goal, better, samples, missing };
  }
  return { what, against, value: median(samples), unit, goal, better, samples };
}

/** Whether the median of the samples meets the goal; undefined when there is none of either. */
export function isGoalMet({ samples, goal, better }: Omit<Row, "value">): boolean | undefined {
  if (goal === undefined || samples.length === 0) return undefined;
  return better === "higher" ? median(samples) >= goal : median(samples) <= goal;
}
