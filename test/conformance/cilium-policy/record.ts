/**
 * Writes recorded.jsonl anew: clusters, with what Cilium said of them. Run it by
 *
 *     node --import tsx test/conformance/cilium-policy/record.ts
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "#base";
import { type Cluster, randomCluster } from "./clusters.ts";
import { build, type CiliumAnswer, CiliumOracle } from "./oracle.ts";

const SEED = 7;
const CASES = 16;
const PROBES = 30;

/** Cases worth keeping: something is refused, something goes through a proxy. */
function isTelling({ verdicts }: CiliumAnswer): boolean {
  return verdicts.some((each) => each.l7) && verdicts.some((each) => each.verdict === "denied");
}

build();
const oracle = new CiliumOracle();
const random = new Random(SEED);
const lines: string[] = [];
while (lines.length < CASES) {
  const cluster: Cluster = randomCluster(random, PROBES);
  const answer = await oracle.ask(cluster);
  if (isTelling(answer)) lines.push(JSON.stringify({ cluster, answer }));
}
await oracle.stop();
writeFileSync(join(import.meta.dirname, "recorded.jsonl"), `${lines.join("\n")}\n`);
