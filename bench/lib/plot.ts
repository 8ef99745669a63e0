/**
 * A plot of a bench as SVG by hand: a bar for the median of each row, a whisker over it from the
 * smallest to the largest sample, a dashed line at the goal. Rows of one unit share a scale as long
 * as the smallest can still be seen beside the largest.
 */
import type { Row } from "./bench.ts";
import { formatExactly, rowText, withUnit } from "./format.ts";
import { median, spread } from "./statistics.ts";

const WIDTH = 760;
const MARGIN = 20;
/** Bars go from MARGIN to here; the values stand to the right of it. */
const BARS_RIGHT = 630;
const ROW_HEIGHT = 46;
const BAR_HEIGHT = 14;
const AXIS_HEIGHT = 30;
const GROUP_GAP = 18;
/** How many times the smallest bar of a group the largest may be. */
const MAX_RANGE = 20;
const MAX_TICKS = 6;

// The colours are read against white and against GitHub's dark page.
const STYLE = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a }
  .what { font-weight: 600; fill: #1f2328 }
  .value { font-weight: 600; font-size: 14px; fill: #1f2328 }
  .met { fill: #1a7f37 } .missed { fill: #bc4c00 }
  .track { fill: #eaeef2 } .bar { fill: #4a8fd8 }
  .grid { stroke: #d0d7de; stroke-width: 1 }
  .whisker { stroke: #12365e; stroke-width: 1.5; fill: none }
  .goal { stroke: #bc4c00; stroke-width: 2; stroke-dasharray: 3 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .what, .value { fill: #f0f6fc }
    .met { fill: #3fb950 } .missed { fill: #db8a4b }
    .track { fill: #21262d } .bar { fill: #3b7dc4 }
    .grid { stroke: #30363d } .whisker { stroke: #cfe3fa } .goal { stroke: #db8a4b }
  }`;

interface Group {
  unit: string;
  rows: Row[];
  /** The right end of the smallest and of the largest row. */
  min: number;
  max: number;
}

export function renderPlot(title: string, rows: readonly Row[]): string {
  const parts: string[] = [];
  let top = MARGIN;
  for (const group of groupRows(rows)) {
    parts.push(...renderGroup(group, top));
    top += group.rows.length * ROW_HEIGHT + AXIS_HEIGHT + GROUP_GAP;
  }
  const height = top - GROUP_GAP + MARGIN / 2;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    ...parts,
    "</svg>",
  ].join("\n")}\n`;
}

export function groupRows(rows: readonly Row[]): Group[] {
  const groups: Group[] = [];
  for (const row of rows) {
    const end = Math.max(spread(row.samples).max, row.goal ?? 0);
    const group = groups.find(
      ({ unit, min, max }) =>
        unit === row.unit && Math.max(max, end) <= MAX_RANGE * Math.min(min, end),
    );
    if (group === undefined) {
      groups.push({ unit: row.unit, rows: [row], min: end, max: end });
    } else {
      group.rows.push(row);
      group.min = Math.min(group.min, end);
      group.max = Math.max(group.max, end);
    }
  }
  return groups;
}

/** The marks of an axis from 0 to at least `max`, at whole multiples of 1, 2 or 5. */
export function ticks(max: number): number[] {
  if (!(max > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(max / MAX_TICKS));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((each) => max / each <= MAX_TICKS) ??
    10 * power;
  const count = Math.ceil(max / step);
  // Multiplying leaves 0.30000000000000004 and the like.
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Ticks stand close: millions are written short. */
function tickNumber(value: number): string {
  return value >= 1e6 ? `${formatExactly(value / 1e6)}M` : formatExactly(value);
}

function renderGroup(group: Group, top: number): string[] {
  const marks = ticks(group.max);
  const end = marks.at(-1) ?? 1;
  const x = (value: number): number => round(MARGIN + (value / end) * (BARS_RIGHT - MARGIN));
  const bottom = top + group.rows.length * ROW_HEIGHT;
  const parts: string[] = [];
  for (const [index, row] of group.rows.entries()) {
    parts.push(...renderRow(row, top + index * ROW_HEIGHT, x));
  }
  parts.push(`<path class="grid" d="M${MARGIN} ${bottom}H${BARS_RIGHT}"/>`);
  for (const mark of marks) {
    const label = mark === 0 ? "0" : withUnit(tickNumber(mark), group.unit);
    const anchor = mark === 0 ? "start" : mark === end ? "end" : "middle";
    parts.push(
      `<path class="grid" d="M${x(mark)} ${bottom}v5"/>`,
      text(x(mark), bottom + 19, label, { anchor }),
    );
  }
  return parts;
}

function renderRow(row: Row, top: number, x: (value: number) => number): string[] {
  const { min, max } = spread(row.samples);
  const barTop = top + 21;
  const middle = barTop + BAR_HEIGHT / 2;
  const words = rowText(row);
  const against =
    row.against === undefined ? "" : `<tspan dx="8">against ${escapeXml(row.against)}</tspan>`;
  const parts = [
    `<text x="${MARGIN}" y="${top + 13}"><tspan class="what">${escapeXml(row.what)}</tspan>${against}</text>`,
    bar("track", BARS_RIGHT - MARGIN, barTop),
    bar("bar", x(median(row.samples)) - MARGIN, barTop),
  ];
  if (max > min) {
    const cap = (value: number): string => `M${x(value)} ${middle - 4}v8`;
    parts.push(`<path class="whisker" d="M${x(min)} ${middle}H${x(max)}${cap(min)}${cap(max)}"/>`);
  }
  if (row.goal !== undefined) {
    parts.push(`<path class="goal" d="M${x(row.goal)} ${barTop - 3}v${BAR_HEIGHT + 6}"/>`);
    parts.push(
      text(WIDTH - MARGIN, top + 13, `goal ${words.goal}, ${words.isMet}`, {
        anchor: "end",
        className: words.isMet === "met" ? "met" : "missed",
      }),
    );
  }
  parts.push(text(WIDTH - MARGIN, middle + 5, words.value, { anchor: "end", className: "value" }));
  return parts;
}

function bar(className: string, width: number, top: number): string {
  const shape = `x="${MARGIN}" y="${top}" width="${round(width)}" height="${BAR_HEIGHT}" rx="2"`;
  return `<rect class="${className}" ${shape}/>`;
}

function text(
  x: number,
  y: number,
  content: string,
  { anchor, className }: { anchor: "start" | "middle" | "end"; className?: string },
): string {
  const style = className === undefined ? "" : ` class="${className}"`;
  return `<text${style} x="${x}" y="${y}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

/** Tenths of a pixel: more would only make the files differ for nothing. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
