/** Asks the cluster what each expectation says, and tells where the answer is another. */
import { AppError, quote } from "#base";
import type { Streams } from "../../program.ts";
import { type ClusterSettings, refuse } from "./call.ts";
import type { PolicyCluster } from "./cluster.ts";
import { explanationText } from "./explanation-text.ts";
import { findingLine } from "./findings.ts";
import { parseTests, type TestCase } from "./policy-tests.ts";
import { openSession } from "./session.ts";
import type { TestOutcome } from "./test-report.ts";

export async function judgeTests(
  files: readonly string[],
  settings: ClusterSettings,
  streams: Streams,
): Promise<TestOutcome[]> {
  const { loaded, cluster } = await openSession(files, settings, streams, { isStrict: true });
  const { cases, findings } = parseTests(loaded.tests);
  if (findings.length > 0) refuse(streams, findings.map(findingLine));
  if (cases.length === 0) {
    throw new AppError("usage", "There is no case to test: no object of kind PolicyTest has one.");
  }
  return cases.map((test) => judge(test, cluster));
}

function judge(test: TestCase, cluster: PolicyCluster): TestOutcome {
  try {
    const verdict = cluster.verdict(test.question);
    const { because, expect } = test;
    const isNamed =
      because === undefined ||
      verdict.because.some(({ namespace, name }) =>
        [name, `${namespace}/${name}`].includes(because),
      );
    if (verdict.verdict === expect && isNamed) {
      return { test, isOk: true, verdict, explanation: "" };
    }
    const what =
      verdict.verdict === expect
        ? `expected ${expect} because of ${quote(because ?? "")}: it is ${expect}, but not by it`
        : `expected ${expect}, got ${verdict.verdict}`;
    const placeOf = cluster.placeOf.bind(cluster);
    const explained = cluster.explain(test.question);
    const why = explanationText(test.question, explained, { hasColour: false, placeOf });
    return { test, isOk: false, verdict, explanation: `${what}\n${why}` };
  } catch (error) {
    // A pod that is not there fails its own case and no other.
    if (!(error instanceof AppError)) throw error;
    return { test, isOk: false, explanation: error.message };
  }
}
