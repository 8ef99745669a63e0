/**
 * What benches share: how they are defined, how they measure, and how their results are told.
 *
 * Invariants: a goal is met or not by the samples alone; rendering a report reads nothing but
 * results, so that the same results give the same bytes everywhere.
 */
export {
  type Bench,
  type BenchContext,
  benchOf,
  defineBench,
  row,
  type Row,
  type RowSpec,
} from "./bench.ts";
export { heapBytes } from "./heap.ts";
export { rowText, type RowText } from "./format.ts";
export {
  type Body,
  compare,
  compareRates,
  type Comparison,
  duration,
  type RateOptions,
  rates,
} from "./measure.ts";
export { type BenchResult, benchResultOf, renderReport, type ReportFile } from "./report.ts";
export { median } from "./statistics.ts";
