/** What `test` prints: for people like TAP, and JUnit's XML for CI. */
import { escapeControls } from "#base";
import type { Verdict } from "#policy";
import type { TestCase } from "./policy-tests.ts";

export interface TestOutcome {
  readonly test: TestCase;
  readonly isOk: boolean;
  /** Absent where the question could not be answered. */
  readonly verdict?: Verdict;
  /** What came instead, in lines; empty where all is well. */
  readonly explanation: string;
}

export function tapText(outcomes: readonly TestOutcome[]): string {
  const lines = outcomes.flatMap(({ test, isOk, explanation }, index) => [
    `${isOk ? "ok" : "not ok"} ${index + 1} - ${escapeControls(`${test.suite}: ${test.title}`)}`,
    ...(isOk ? [] : [`  # ${escapeControls(test.where)}`, ...commented(explanation)]),
  ]);
  const failed = outcomes.filter(({ isOk }) => !isOk).length;
  const sum =
    failed === 0
      ? `# all ${outcomes.length} hold`
      : `# ${failed} of ${outcomes.length} do not hold`;
  return `1..${outcomes.length}\n${[...lines, sum].join("\n")}\n`;
}

function commented(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  # ${line}`.trimEnd());
}

export function outcomesJson(outcomes: readonly TestOutcome[]): unknown {
  const failed = outcomes.filter(({ isOk }) => !isOk).length;
  return {
    tests: outcomes.map(({ test, isOk, verdict, explanation }) => ({
      suite: test.suite,
      name: test.title,
      where: test.where,
      ok: isOk,
      expected: test.expect,
      ...(verdict === undefined ? {} : { got: verdict }),
      ...(isOk ? {} : { explanation }),
    })),
    passed: outcomes.length - failed,
    failed,
  };
}

export function junitText(outcomes: readonly TestOutcome[]): string {
  const suites = new Map<string, TestOutcome[]>();
  for (const outcome of outcomes) {
    const suite = suites.get(outcome.test.suite);
    if (suite === undefined) suites.set(outcome.test.suite, [outcome]);
    else suite.push(outcome);
  }
  const failed = outcomes.filter(({ isOk }) => !isOk).length;
  const parts = [...suites].map(([name, each]) => junitSuite(name, each));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites tests="${outcomes.length}" failures="${failed}">`,
    ...parts,
    "</testsuites>\n",
  ].join("\n");
}

function junitSuite(name: string, outcomes: readonly TestOutcome[]): string {
  const failed = outcomes.filter(({ isOk }) => !isOk).length;
  return [
    `  <testsuite name="${xml(name)}" tests="${outcomes.length}" failures="${failed}">`,
    ...outcomes.map(junitCase),
    "  </testsuite>",
  ].join("\n");
}

function junitCase({ test, isOk, explanation }: TestOutcome): string {
  const [file, line] = splitWhere(test.where);
  const open = `    <testcase classname="${xml(test.suite)}" name="${xml(test.title)}" file="${xml(file)}" line="${line}"`;
  if (isOk) return `${open}/>`;
  const first = explanation.split("\n")[0] ?? "";
  return `${open}>\n      <failure message="${xml(first)}">${xml(explanation)}</failure>\n    </testcase>`;
}

function splitWhere(where: string): [string, string] {
  const colon = where.lastIndexOf(":");
  return [where.slice(0, colon), where.slice(colon + 1)];
}

const ENTITIES: Partial<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** XML has no way at all to write most control characters. */
function xml(text: string): string {
  return text
    .split("\n")
    .map(escapeControls)
    .join("\n")
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
