import { isGoalMet, type Row } from "./bench.ts";
import { median, spread } from "./statistics.ts";

/** Three significant digits, thousands apart: 1.18, 77.3, 1,230,000. */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  const text = value.toPrecision(3);
  const rounded = Number(text);
  return Math.abs(rounded) >= 100 ? groupThousands(String(rounded)) : text;
}

/** A number as it was written down, only with its thousands apart: goals are not rounded. */
export function formatExactly(value: number): string {
  return groupThousands(String(value));
}

function groupThousands(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

export function withUnit(number: string, unit: string): string {
  if (unit === "") return number;
  if (unit === "x") return `${number}×`;
  return unit.startsWith("/") || unit === "%" ? `${number}${unit}` : `${number} ${unit}`;
}

/** The cells that tables show, computed from the samples. */
export interface RowText {
  value: string;
  spread: string;
  goal: string;
  isMet: string;
}

export function rowText(row: Omit<Row, "value">): RowText {
  const sign = row.better === "higher" ? "≥" : "≤";
  const goal =
    row.goal === undefined ? "" : `${sign} ${withUnit(formatExactly(row.goal), row.unit)}`;
  if (row.missing !== undefined) {
    return { value: "", spread: "", goal, isMet: `not measured: ${row.missing}` };
  }
  const { min, max } = spread(row.samples);
  const isMet = isGoalMet(row);
  return {
    value: withUnit(formatNumber(median(row.samples)), row.unit),
    spread: `${formatNumber(min)} – ${formatNumber(max)}`,
    goal,
    isMet: isMet === undefined ? "" : isMet ? "met" : "not met",
  };
}
