import { test } from "node:test";
import { AppError, assert, Random } from "#base";
import { attributed } from "./attribution.ts";
import { replayable, runSeed } from "./seed.ts";

export interface SoakContext<Size> {
  seed: number;
  /** All chance of the run comes from here, so that the seed replays it. */
  random: Random;
  size: Size;
  /** When to stop, on Date.now()'s clock; Infinity when the size alone decides. */
  deadlineMs: number;
  /** Whether the deadline is past. */
  isOver: () => boolean;
  /** Says how far the run is. Cheap enough to call often: most calls print nothing. */
  progress: (text: string) => void;
}

export interface SoakSpec<Size> {
  /** What it tries, in a sentence, for the list of all. */
  summary: string;
  /** The run that is part of `npm test`: a second at most. Undefined: not part of it. */
  small: Size | undefined;
  /** The run of `npm run soak`. */
  large: Size;
  /** Answers what was done, as plain JSON for the record; what it throws is the failure. */
  run: (context: SoakContext<Size>) => Promise<object> | object;
}

interface SoakOptions {
  seed: number;
  deadlineMs?: number;
  progress?: (text: string) => void;
}

/** A soak whose kind of size is its own business. */
export interface Soak {
  summary: string;
  hasSmall: boolean;
  run: (size: "small" | "large", options: SoakOptions) => Promise<object>;
}

/**
 * For the default export of an `x.soak.ts`, whose name is x:
 *
 *     const soak: Soak = defineSoak({ ... });
 *     export default soak;
 */
export function defineSoak<Size>(spec: SoakSpec<Size>): Soak {
  return {
    summary: spec.summary,
    hasSmall: spec.small !== undefined,
    run: async (which, { seed, deadlineMs = Infinity, progress = () => {} }) => {
      const size = which === "small" ? spec.small : spec.large;
      assert(size !== undefined, "this soak has no small run");
      return spec.run({
        seed,
        random: new Random(seed),
        size,
        deadlineMs,
        isOver: () => Date.now() >= deadlineMs,
        progress,
      });
    },
  };
}

/** The soak that a file exports, or a complaint. */
export function soakOf(file: string, exported: unknown): Soak {
  const soak = exported as Soak | undefined;
  if (typeof soak?.run === "function" && typeof soak.hasSmall === "boolean") return soak;
  throw new AppError("usage", `${file} has no default export made by defineSoak: add one.`);
}

/** Makes the small run of a soak a test. */
export function registerSoak(file: string, name: string, exported: unknown): void {
  const soak = soakOf(file, exported);
  if (!soak.hasSmall) return;
  test(
    attributed(`soak ${name} (small)`),
    replayable(async () => void (await soak.run("small", { seed: runSeed }))),
  );
}
