export interface StepResult {
  isOk: boolean;
  /** What to show in full when it is not. */
  output: string;
}

export interface Step {
  name: string;
  run: () => Promise<StepResult>;
}

interface FinishedStep extends StepResult {
  name: string;
  seconds: number;
}

/**
 * Runs the steps in their order, `limit` at a time, and answers all results in that order. A step
 * that throws has failed; the others go on, since people want to hear of everything at once.
 */
export async function runSteps(
  steps: readonly Step[],
  limit: number,
  listener: { onStart?: (name: string) => void; onEnd?: (finished: FinishedStep) => void } = {},
): Promise<FinishedStep[]> {
  const results: FinishedStep[] = [];
  const waiting = [...steps.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, step] = next;
      listener.onStart?.(step.name);
      const began = performance.now();
      const result = await step.run().catch((error: unknown) => ({
        isOk: false,
        output: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }));
      const seconds = (performance.now() - began) / 1000;
      results[index] = { ...result, name: step.name, seconds };
      listener.onEnd?.(results[index]);
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
