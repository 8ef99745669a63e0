import { AppError } from "#base";
import type { Row } from "./bench.ts";
import { rowText } from "./format.ts";
import { renderPlot } from "./plot.ts";

/** What a run of a bench writes into bench/results/NAME.json. */
export interface BenchResult {
  name: string;
  summary: string;
  command: string;
  commit: string;
  kernel: string;
  cpu: string;
  node: string;
  /** The value is recorded for those who read the JSON; the report takes only the samples. */
  rows: readonly (Omit<Row, "against" | "goal" | "value"> & {
    against?: string;
    goal?: number;
    value?: number;
  })[];
}

/** The result that a file holds, or a complaint. */
export function benchResultOf(file: string, content: unknown): BenchResult {
  const result = content as BenchResult | null;
  const texts = [result?.name, result?.summary, result?.command, result?.commit, result?.kernel];
  const isText = [...texts, result?.cpu, result?.node].every((each) => typeof each === "string");
  const isResult =
    isText &&
    Array.isArray(result?.rows) &&
    result.rows.every(
      ({ samples, missing }: Partial<Row>) =>
        Array.isArray(samples) && (samples.length === 0) === (typeof missing === "string"),
    );
  if (result !== null && isResult) return result;
  const how = "delete it, or run the bench again";
  throw new AppError("bench-result", `${file} is not what a bench writes: ${how}.`);
}

export interface ReportFile {
  /** From the folder bench/. */
  path: string;
  text: string;
}

const INTRO = `# Measurements

Written by \`npm run bench -- report\` from the files in [results](results); do not edit.

**To run**: \`npm run bench\` lists the benches, \`npm run bench -- NAME\` runs one and records it,
\`npm run bench -- report\` writes this page anew.

**To read**: times and rates are those of one machine on one day, and say little about another.
Where a row is compared with something, both ran in turns in one run, and the value is the ratio;
ratios are what carries over, and what the goals are set on. The value is the median of the samples,
the spread their smallest and largest; whether a goal is met is computed from the samples. In the
plots a bar is the median, the thin line on it the spread, the dashed line the goal.
`;

/** The page and its plots. */
export function renderReport(results: readonly BenchResult[]): ReportFile[] {
  const sorted = [...results].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const plots = sorted.map((result) => ({
    path: `plots/${result.name}.svg`,
    text: renderPlot(
      result.name,
      result.rows.map(completeRow).filter(({ missing }) => missing === undefined),
    ),
  }));
  const page = [INTRO, ...sorted.map(renderSection)].join("\n");
  return [{ path: "README.md", text: page }, ...plots];
}

/** JSON leaves out what is undefined. */
function completeRow(recorded: BenchResult["rows"][number]): Row {
  const { against, goal, value } = recorded;
  return { ...recorded, against, goal, value };
}

function renderSection(result: BenchResult): string {
  const rows = result.rows.map(completeRow).map((each) => {
    const { value, spread, goal, isMet } = rowText(each);
    return [each.what, each.against ?? "", value, spread, goal, isMet];
  });
  const { name, summary, command, commit, kernel, cpu, node } = result;
  return `## ${name}

${summary}

${markdownTable(["what", "against", "value", "spread", "goal", ""], rows, "llrrrl")}

![${name}: median and spread of each row](plots/${name}.svg)

\`${command}\` at ${commit}; Linux ${kernel}, ${cpu}, Node ${node}; ${samplesText(result)}.
`;
}

function samplesText({ rows }: BenchResult): string {
  const measured = rows.filter(({ missing }) => missing === undefined);
  const counts = [...new Set(measured.map(({ samples }) => samples.length))].toSorted(
    (a, b) => a - b,
  );
  return `${counts.join(" or ")} samples a row`;
}

/** In the form in which the formatter leaves it, which would change the file otherwise. */
function markdownTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  align: string,
): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = header.map((_, column) =>
    Math.max(3, ...cells.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]): string => `| ${row.join(" | ")} |`;
  const [head = "", ...body] = cells.map((row) =>
    line(
      widths.map((width, column) => {
        const cell = row[column] ?? "";
        return align[column] === "r" ? cell.padStart(width) : cell.padEnd(width);
      }),
    ),
  );
  const rule = widths.map((width, column) =>
    align[column] === "r" ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [head, line(rule), ...body].join("\n");
}
