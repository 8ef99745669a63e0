/**
 * What is typed at a shell, and what must come of it: data, so that the same steps run against the
 * lab and against any other cluster that KUBECONFIG leads to.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { systemClock } from "#base";

/** No step may hang: each is cut off after so long, and fails by its status. */
const STEP_TIMEOUT_MS = 30_000;
const RETRY_MS = 250;
const CUT_OFF = 124;

interface Step {
  /** As typed at a shell. */
  readonly run: string;
  /** All must be found in what it prints, on either stream. */
  readonly shows?: readonly RegExp[];
  /** Must not be found there. */
  readonly hides?: readonly RegExp[];
  /** 0 where it is not said. */
  readonly status?: number;
  /** Typed again for so long, as people do where a cluster takes its time. */
  readonly withinMs?: number;
}

export interface Chapter {
  readonly title: string;
  readonly steps: readonly Step[];
}

export interface Shell {
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly status: number;
  readonly output: string;
}

function type(shell: Shell, command: string): Promise<Outcome> {
  const env = { ...process.env, ...shell.variables };
  const options = { cwd: shell.folder, env, timeout: STEP_TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile("sh", ["-c", command], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.killed === true ? CUT_OFF : Number(error.code ?? 1);
      resolve({ status: code, output: stdout + stderr });
    });
  });
}

/** What is wrong with it; empty where nothing is. */
function complaints(step: Step, { status, output }: Outcome): string[] {
  const { shows = [], hides = [] } = step;
  const found: string[] = [];
  if (status !== (step.status ?? 0)) found.push(`its status is ${status}`);
  for (const pattern of shows) if (!pattern.test(output)) found.push(`it does not show ${pattern}`);
  for (const pattern of hides) if (pattern.test(output)) found.push(`it shows ${pattern}`);
  return found;
}

/** Types a step, and fails with what was printed. */
export async function take(shell: Shell, step: Step): Promise<void> {
  const deadline = systemClock.monotonicMs() + (step.withinMs ?? 0);
  for (;;) {
    const outcome = await type(shell, step.run);
    const wrong = complaints(step, outcome);
    if (wrong.length === 0) return;
    if (systemClock.monotonicMs() >= deadline) {
      assert.fail(`$ ${step.run}\n${outcome.output}\n${wrong.join("; ")}`);
    }
    await systemClock.sleep(RETRY_MS);
  }
}
