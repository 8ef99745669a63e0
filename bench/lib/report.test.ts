import assert from "node:assert/strict";
import { test } from "node:test";
import { row } from "./bench.ts";
import { groupRows, renderPlot, ticks } from "./plot.ts";
import { type BenchResult, benchResultOf, renderReport } from "./report.ts";

const ratio = row({
  what: "pods | same node",
  against: "veth",
  unit: "x",
  goal: 1.12,
  better: "higher",
  samples: [1.1, 1.2, 1.3],
});
const speed = row({ what: "<events>", unit: "/s", better: "higher", samples: [5e6, 6e6] });

function result(name: string): BenchResult {
  const facts = { commit: "abc", kernel: "6.1.0", cpu: "a CPU", node: "v20" };
  const recorded = JSON.parse(JSON.stringify([ratio, speed])) as BenchResult["rows"];
  return { name, summary: `What ${name} is.`, command: "npm run x", ...facts, rows: recorded };
}

test("the report has a section and a plot for each result, by name, and always the same", () => {
  const files = renderReport([result("second"), result("first")]);
  assert.deepEqual(
    files.map(({ path }) => path),
    ["README.md", "plots/first.svg", "plots/second.svg"],
  );
  assert.deepEqual(renderReport([result("first"), result("second")]), files);
  const page = files[0]?.text ?? "";
  assert.ok(page.indexOf("## first") < page.indexOf("## second"));
  assert.match(
    page,
    /\n\| pods \\\| same node \| veth +\| +1\.20× \| +1\.10 – 1\.30 \| ≥ 1\.12× \| met \|\n/,
  );
  assert.match(page, /\n\| <events> +\| +\| 5,500,000\/s \|/);
  assert.match(page, /`npm run x` at abc; Linux 6\.1\.0, a CPU, Node v20; 2 or 3 samples a row\./);
});

test("a row that was not measured says why, and is in no plot", () => {
  const missing = "its programs are not built";
  const absent = row({ what: "pods: real", unit: "s", goal: 10, better: "lower", missing });
  const rows = JSON.parse(JSON.stringify([absent, ratio])) as BenchResult["rows"];
  const [page, plot] = renderReport([benchResultOf("x.json", { ...result("x"), rows })]);
  assert.match(
    page?.text ?? "",
    /pods: real .* ≤ 10 s \| not measured: its programs are not built /,
  );
  assert.match(page?.text ?? "", /; 3 samples a row\./);
  assert.doesNotMatch(plot?.text ?? "", /pods: real|NaN|undefined/);
});

test("a file that no bench wrote gets a sentence with its name", () => {
  assert.deepEqual(benchResultOf("x.json", result("x")), result("x"));
  for (const content of [
    {},
    null,
    [],
    { ...result("x"), rows: [{}] },
    { ...result("x"), rows: [{ ...speed, samples: [] }] },
  ]) {
    assert.throws(() => benchResultOf("x.json", content), /^AppError: x\.json is not what a bench/);
  }
});

test("the report with no results is a page that says how to make some", () => {
  const [page, ...plots] = renderReport([]);
  assert.match(page?.text ?? "", /npm run bench -- NAME/);
  assert.deepEqual(plots, []);
});

test("a plot escapes words and puts bar, whisker and goal where the numbers are", () => {
  const svg = renderPlot("a & b", [ratio, speed]);
  assert.match(svg, /<title>a &amp; b<\/title>/);
  assert.match(svg, /&lt;events&gt;/);
  // The scale of the first row goes from 0 at 20 to 1.5 at 630.
  assert.match(svg, /class="bar" x="20" y="\d+" width="488"/);
  assert.match(svg, /class="whisker" d="M467\.3 \d+H548\.7/);
  assert.match(svg, /class="goal" d="M475\.5 /);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});

test("a plot of nothing, of zeros and of one sample is still a plot", () => {
  for (const samples of [[0], [0, 0], [3]]) {
    const svg = renderPlot("x", [row({ what: "a", unit: "ms", better: "lower", samples })]);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
  }
  assert.match(renderPlot("x", []), /<\/svg>\n$/);
});

test("rows share a scale with those of their unit that are not dwarfed by them", () => {
  const ms = (value: number): ReturnType<typeof row> =>
    row({ what: String(value), unit: "ms", better: "lower", samples: [value] });
  const groups = groupRows([ms(10), ratio, ms(150), ms(1000), ms(20)]);
  assert.deepEqual(
    groups.map(({ rows }) => rows.map(({ what }) => what)),
    [["10", "150", "20"], ["pods | same node"], ["1000"]],
  );
});

test("ticks are round numbers from 0 to at least the largest value", () => {
  assert.deepEqual(ticks(1.5), [0, 0.5, 1, 1.5]);
  assert.deepEqual(ticks(0.3), [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
  assert.deepEqual(ticks(70), [0, 20, 40, 60, 80]);
  assert.deepEqual(ticks(5_600_000).at(-1), 6_000_000);
  assert.deepEqual(ticks(0), [0, 1]);
});
