import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { assert } from "#base";
import { type FuzzTarget, runFuzz } from "./fuzz.ts";
import { defineSoak, type Soak } from "./soak.ts";

const DEFAULT_SECONDS_EACH = 60;

/**
 * A soak that gives each fuzzer of a folder an equal share of the time. It has no small run, since
 * `npm test` runs fuzzers by itself. `folder` is from the root, where every run starts.
 */
export function defineFuzzSoak(folder: string): Soak {
  return defineSoak({
    summary: `every fuzzer of ${folder}, ${DEFAULT_SECONDS_EACH} seconds each or its share of --minutes`,
    small: undefined,
    large: { secondsEach: DEFAULT_SECONDS_EACH },
    async run({ random, size, deadlineMs, progress }) {
      const files = readdirSync(folder).filter((name) => name.endsWith(".fuzz.ts"));
      assert(files.length > 0, `no fuzzers (*.fuzz.ts) in ${folder}`);
      const inputs: Record<string, number> = {};
      for (const [index, name] of files.toSorted().entries()) {
        const share = (deadlineMs - Date.now()) / (files.length - index);
        const durationMs = deadlineMs === Infinity ? size.secondsEach * 1000 : Math.max(0, share);
        const seed = random.uint32();
        progress(`${name}, seed ${seed}, ${Math.round(durationMs / 1000)} s`);
        const path = join(folder, name);
        const module = (await import(pathToFileURL(resolve(path)).href)) as {
          default?: FuzzTarget;
        };
        const target = module.default;
        assert(target !== undefined, `${path} has no default export made by defineFuzz`);
        inputs[name] = runFuzz(target, { seed, maxInputs: Infinity, deadlineMs: durationMs });
      }
      return { inputs };
    },
  });
}
