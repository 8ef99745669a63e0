// The project's test reporter: a line for each test file with its failures, told in full.
// The counts go to the file named by CILIATE_TEST_COUNTS, so that several processes add up.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { splitAttribution } from "../test/helpers/attribution.ts";
import { root } from "./lib/files.ts";

interface FileTally {
  passed: number;
  failed: number;
  skipped: number;
  ms: number;
}

/** The innermost error: node:test wraps what a test threw. */
function rootCause(error: unknown): unknown {
  if (
    error instanceof Error &&
    "cause" in error &&
    error.cause !== undefined &&
    "failureType" in error
  ) {
    return error.cause;
  }
  return error;
}

function describe(error: unknown): string {
  const cause = rootCause(error);
  if (!(cause instanceof Error)) return String(cause);
  const lines = (cause.stack ?? cause.message).split("\n");
  const own = lines.filter((line) => !/\(?node:|node_modules/.test(line));
  return own.map((line) => `      ${line}`).join("\n");
}

function summary(file: string, tally: FileTally): string {
  const counts = [`${tally.passed} passed`];
  if (tally.failed > 0) counts.push(`${tally.failed} FAILED`);
  if (tally.skipped > 0) counts.push(`${tally.skipped} skipped`);
  return `  ${tally.failed > 0 ? "✗" : "✓"} ${file}  ${counts.join(", ")}, ${Math.round(tally.ms)} ms\n`;
}

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  let file = "";
  let tally: FileTally = { passed: 0, failed: 0, skipped: 0, ms: 0 };
  let stack: string[] = [];

  for await (const event of source) {
    if (event.type === "test:start") {
      stack = [...stack.slice(0, event.data.nesting), event.data.name];
      continue;
    }
    if (event.type === "test:stdout" || event.type === "test:stderr") {
      yield event.data.message;
      continue;
    }
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { data } = event;
    const { file: attributedFile, name: ownName } = splitAttribution(data.name);
    const topFile = data.nesting === 0 ? attributedFile : splitAttribution(stack[0] ?? "").file;
    const path = topFile ?? relative(root, data.file ?? "");
    if (path !== file) {
      if (file !== "") yield summary(file, tally);
      file = path;
      tally = { passed: 0, failed: 0, skipped: 0, ms: 0 };
    }
    if (data.nesting === 0) tally.ms += data.details.duration_ms;
    const parents = stack.slice(0, data.nesting).map((each) => splitAttribution(each).name);
    const name = [...parents, ownName].join(" > ");
    if (event.type === "test:fail") {
      const isParent =
        "failureType" in event.data.details.error &&
        event.data.details.error.failureType === "subtestsFailed";
      if (isParent) continue;
      tally.failed += 1;
      total.failed += 1;
      yield `    ✗ ${name}\n${describe(event.data.details.error)}\n`;
    } else if (data.skip !== undefined) {
      tally.skipped += 1;
      total.skipped += 1;
    } else if (data.details.type !== "suite") {
      tally.passed += 1;
      total.passed += 1;
    }
  }
  if (file !== "") yield summary(file, tally);
  const counts = process.env["CILIATE_TEST_COUNTS"];
  if (counts !== undefined) appendFileSync(counts, `${JSON.stringify(total)}\n`);
}
