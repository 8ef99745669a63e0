import { test } from "node:test";
import fc from "fast-check";
import { attributed } from "./attribution.ts";
import { replayable, runSeed } from "./seed.ts";

/**
 * A property over generated input. A failure prints the shrunk counterexample and the seed;
 * `npm test -- --seed N FILE` runs it again.
 */
export function property<T>(
  name: string,
  input: fc.Arbitrary<T>,
  check: (value: T) => void | Promise<void>,
  options: { runs?: number } = {},
): void {
  const body = fc.asyncProperty(input, async (value) => {
    await check(value);
  });
  const parameters = { seed: runSeed, numRuns: options.runs ?? 200, endOnFailure: false };
  test(
    attributed(name),
    replayable(() => fc.assert(body, parameters)),
  );
}
