import fc from "fast-check";
import { AppError } from "#base";
import { defineSoak, type Soak } from "#test";
import { describe, type Difference, differenceOf, smallest } from "../oracles/policy/compare.ts";
import { cases } from "../oracles/policy/generate-case.ts";
import { checkIncremental } from "../oracles/policy/incremental.ts";
import type { BruteOptions } from "../oracles/policy/judge.ts";

// Random clusters with random policies of all kinds: what the product says of a flow must be what
// the brute force says. Where it is not, the case is made small before it is printed.

const PROBES_PER_CASE = 24;
const CASES_PER_BATCH = 200;
/** Comparing whole map states after every change takes longer. */
const CASES_PER_HISTORY = 10;
const MODES: readonly NonNullable<BruteOptions["enforcement"]>[] = [
  ...Array.from({ length: 10 }, () => "default" as const),
  "always",
  "never",
];

const arbitrary = fc.tuple(cases(PROBES_PER_CASE), fc.constantFrom(...MODES));

function fail(found: Difference, options: BruteOptions, seed: number): never {
  const small = smallest(found, options);
  const mode = `enforcement ${options.enforcement ?? "default"}, seed ${seed}`;
  throw new AppError(
    "difference",
    `the product and the brute force differ\n${mode}\n${describe(small)}`,
  );
}

const soak: Soak = defineSoak({
  summary: "verdicts of random policies against a brute-force judge",
  small: { cases: 2_000 },
  large: { cases: 100_000 },
  run({ seed, random, size, isOver, progress }) {
    const counts = { cases: 0, probes: 0, policies: 0, histories: 0 };
    while (counts.cases < size.cases && !isOver()) {
      const numRuns = Math.min(CASES_PER_BATCH, size.cases - counts.cases);
      const batch = fc.sample(arbitrary, { seed: random.below(2 ** 31), numRuns });
      for (const [each, enforcement] of batch) {
        const found = differenceOf(each.objects, each.probes, { enforcement });
        if (found !== undefined) fail(found, { enforcement }, seed);
        if (counts.cases % CASES_PER_HISTORY === 0) {
          checkIncremental(each);
          counts.histories += 1;
        }
        counts.cases += 1;
        counts.probes += each.probes.length;
        counts.policies += each.objects.filter(({ kind }) => kind.endsWith("Policy")).length;
      }
      progress(`${counts.cases} cases, ${counts.probes} verdicts`);
    }
    return counts;
  },
});

export default soak;
