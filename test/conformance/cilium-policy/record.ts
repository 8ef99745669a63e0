import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "#base";
import { randomCluster } from "./clusters.ts";
import type { CiliumAnswer, CiliumOracle } from "./oracle.ts";

export const RECORDED: string = join(import.meta.dirname, "recorded.jsonl");

const SEED = 7;
const CASES = 16;
const PROBES = 30;

/** Cases worth keeping: something is refused, something goes through a proxy. */
function isTelling({ verdicts }: CiliumAnswer): boolean {
  return verdicts.some((each) => each.l7) && verdicts.some((each) => each.verdict === "denied");
}

/** Writes anew what the small run replays: clusters, with what Cilium said of them. */
export async function record(oracle: CiliumOracle): Promise<void> {
  const random = new Random(SEED);
  const lines: string[] = [];
  while (lines.length < CASES) {
    const cluster = randomCluster(random, PROBES);
    const answer = await oracle.ask(cluster);
    if (isTelling(answer)) lines.push(JSON.stringify({ cluster, answer }));
  }
  writeFileSync(RECORDED, `${lines.join("\n")}\n`);
}
