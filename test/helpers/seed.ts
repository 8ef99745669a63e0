import { randomInt } from "node:crypto";
import { testFile } from "./attribution.ts";

const given = process.env["CILIATE_SEED"];

/** The seed of this test run: new each time, or the one given by `--seed`. */
export const runSeed: number = given === undefined ? randomInt(2 ** 31) : Number(given);

/**
 * The body of a test that depends on the seed, for the file that is being loaded: its failure
 * says first how to run it again.
 */
export function replayable(body: () => void | Promise<void>): () => Promise<void> {
  const file = testFile() ?? "";
  return async () => {
    try {
      await body();
    } catch (cause) {
      const failure = new Error(`Again: npm test -- --seed ${runSeed} ${file}`, { cause });
      // Where this was thrown tells nobody anything.
      failure.stack = failure.message;
      throw failure;
    }
  };
}
