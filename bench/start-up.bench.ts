import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../tools/lib/bundle.ts";
import { entryPoints } from "../tools/lib/entry-points.ts";
import { root } from "../tools/lib/files.ts";
import { assert } from "#base";
import { type Bench, compare, defineBench, median, row } from "./lib/index.ts";

/** Starts per sample: single starts vary by a third of what is measured. */
const STARTS = 7;

async function startTimeMs(...args: string[]): Promise<number> {
  const times = Array.from({ length: STARTS }, () => {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
    assert(status === 0, `node ${args.join(" ")} failed`);
    return performance.now() - began;
  });
  return Promise.resolve(median(times));
}

const bench: Bench = defineBench({
  summary: "How long a command line takes to start, from the bundle, when it has nothing to do.",
  async run({ rounds, progress }) {
    const folder = mkdtempSync(join(root, ".cache", "bench-start-up-"));
    try {
      await bundle(entryPoints, folder);
      const empty = join(folder, "empty.mjs");
      writeFileSync(empty, "");
      const { ratios, ours, theirs } = await compare(
        () => startTimeMs(join(folder, "cilium.js"), "version"),
        () => startTimeMs(empty),
        rounds,
        (round) => progress(`round ${round + 1} of ${rounds}`),
      );
      return [
        row({
          what: "cilium version",
          against: "node with an empty program",
          unit: "x",
          goal: 1.3,
          better: "lower",
          samples: ratios,
        }),
        row({ what: "cilium version, time", unit: "ms", better: "lower", samples: ours }),
        row({ what: "empty program, time", unit: "ms", better: "lower", samples: theirs }),
      ];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

export default bench;
