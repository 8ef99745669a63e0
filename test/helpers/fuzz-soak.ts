import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { AppError } from "#base";
import { fuzzTargetOf, runFuzz } from "./fuzz.ts";
import { defineSoak, type Soak } from "./soak.ts";

const DEFAULT_SECONDS_EACH = 60;

/**
 * A soak that gives each fuzzer in some folders and all below them an equal share of the time. It
 * has no small run, since `npm test` runs fuzzers by itself. Folders are from the root, where
 * every run starts.
 */
export function defineFuzzSoak(...folders: readonly string[]): Soak {
  const where = folders.join(", ");
  return defineSoak({
    summary: `every fuzzer of ${where}, ${DEFAULT_SECONDS_EACH} seconds each or its share of --minutes`,
    small: undefined,
    large: { secondsEach: DEFAULT_SECONDS_EACH },
    async run({ random, size, deadlineMs, progress }) {
      const files = fuzzersIn(folders);
      if (files.length === 0) throw new AppError("usage", `There is no *.fuzz.ts in ${where}.`);
      const inputs: Record<string, number> = {};
      for (const [index, path] of files.entries()) {
        const share = (deadlineMs - Date.now()) / (files.length - index);
        const durationMs = deadlineMs === Infinity ? size.secondsEach * 1000 : Math.max(0, share);
        const seed = random.uint32();
        progress(`${path}, seed ${seed}, ${Math.round(durationMs / 1000)} s`);
        inputs[path] = await runFile(path, seed, durationMs);
      }
      return { inputs };
    },
  });
}

/** The fuzzers in the folders and all below them, by path. */
export function fuzzersIn(folders: readonly string[]): string[] {
  const paths = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  );
  return [...new Set(paths)].filter((path) => path.endsWith(".fuzz.ts")).toSorted();
}

async function runFile(path: string, seed: number, durationMs: number): Promise<number> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  try {
    const target = fuzzTargetOf(path, module.default);
    return runFuzz(target, { seed, maxInputs: Infinity, deadlineMs: durationMs });
  } catch (error) {
    throw AppError.wrap(path, error);
  }
}
