// The project's test reporter: a line for each test file with its failures, told in full.
// The counts go to the file named by CILIATE_TEST_COUNTS, so that several processes add up.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import type { TestEvent } from "node:test/reporters";
import { splitAttribution } from "../test/helpers/attribution.ts";
import { describeFailure } from "./lib/failure.ts";
import { root } from "./lib/files.ts";
import { LEAK_CHECK, tellParent } from "./lib/test-process.ts";

/** How long output may take to flow before a process that something holds open is ended. */
const FLUSH_MS = 100;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

type EventOf<Type extends TestEvent["type"]> = Extract<TestEvent, { type: Type }>["data"];

/** What a test threw: node:test wraps it. */
function thrown(error: unknown): unknown {
  const isWrapped = error instanceof Error && "failureType" in error && error.cause !== undefined;
  // The runner wraps once more what a hook threw.
  return isWrapped ? thrown(error.cause) : error;
}

/** The failure as it stands under a test's name. */
export function describe(error: unknown): string {
  const lines = describeFailure(thrown(error)).split("\n");
  return lines.map((line) => `      ${line}`.trimEnd()).join("\n");
}

/** Turns the runner's events into lines and counts. */
class Report {
  readonly total: Counts = { passed: 0, failed: 0, skipped: 0 };
  #file = "";
  #counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  #ms = 0;
  /** Where the test is that runs now; events above come later and in order. */
  #dequeuedFile = "";
  /** The names of the tests around the one that runs, outermost first. */
  #stack: string[] = [];

  /** What is to be printed of an event. */
  on(event: TestEvent): string {
    if (event.type === "test:stdout" || event.type === "test:stderr") return event.data.message;
    if (event.type === "test:dequeue") this.#tell(event.data);
    if (event.type === "test:start") {
      this.#stack = [...this.#stack.slice(0, event.data.nesting), event.data.name];
    }
    if (event.type === "test:pass") return this.#passed(event.data);
    if (event.type === "test:fail") return this.#failed(event.data);
    return "";
  }

  /** The line of the file that is through. */
  summary(): string {
    const { passed, failed, skipped } = this.#counts;
    if (passed + failed + skipped === 0) return "";
    const counts = [`${passed} passed`];
    if (failed > 0) counts.push(`${failed} FAILED`);
    if (skipped > 0) counts.push(`${skipped} skipped`);
    const ms = Math.round(this.#ms);
    return `  ${failed > 0 ? "✗" : "✓"} ${this.#file}  ${counts.join(", ")}, ${ms} ms\n`;
  }

  #tell({ name, nesting, file }: EventOf<"test:dequeue">): void {
    const own = splitAttribution(name);
    if (nesting === 0) this.#dequeuedFile = own.file ?? relative(root, file ?? "");
    tellParent({ file: this.#dequeuedFile, test: own.name });
  }

  #passed(data: EventOf<"test:pass">): string {
    const { skip, name, nesting } = data;
    if (nesting === 0 && splitAttribution(name).file === LEAK_CHECK) return "";
    // What --name leaves out counts as skipped to the runner.
    if (skip === "test name does not match pattern") return "";
    const before = this.#goTo(data);
    if (skip !== undefined) this.#count("skipped");
    else if (data.details.type !== "suite") this.#count("passed");
    return before;
  }

  #failed(data: EventOf<"test:fail">): string {
    const before = this.#goTo(data);
    const { error } = data.details;
    const isParent = "failureType" in error && error.failureType === "subtestsFailed";
    if (isParent) return before;
    this.#count("failed");
    const names = [...this.#stack.slice(0, data.nesting), data.name];
    const name = names.map((each) => splitAttribution(each).name).join(" > ");
    return `${before}    ✗ ${name}\n${describe(error)}\n`;
  }

  #count(what: keyof Counts): void {
    this.#counts[what] += 1;
    this.total[what] += 1;
  }

  /** Turns to the file of a test, and answers the line of the one before. */
  #goTo(data: EventOf<"test:pass"> | EventOf<"test:fail">): string {
    const top = data.nesting === 0 ? data.name : (this.#stack[0] ?? "");
    const file = splitAttribution(top).file ?? relative(root, data.file ?? "");
    let before = "";
    if (file !== this.#file) {
      before = this.summary();
      this.#file = file;
      this.#counts = { passed: 0, failed: 0, skipped: 0 };
      this.#ms = 0;
    }
    if (data.nesting === 0) this.#ms += data.details.duration_ms;
    return before;
  }
}

export default async function* reporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const report = new Report();
  for await (const event of source) {
    const text = report.on(event);
    if (text !== "") yield text;
  }
  yield report.summary();
  const counts = process.env["CILIATE_TEST_COUNTS"];
  if (counts !== undefined) appendFileSync(counts, `${JSON.stringify(report.total)}\n`);
  // Only where something is left open does the process live that long.
  setTimeout(() => process.exit(), FLUSH_MS).unref();
}
