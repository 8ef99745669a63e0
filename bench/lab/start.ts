import { type BenchContext, compare, type Row, row } from "../lib/index.ts";
import { type Cluster, idlePods, withCluster } from "./cluster.ts";
import type { Missing } from "./real.ts";

const NODES = 3;
const PODS = 20;
const WHAT = "three nodes up and twenty pods ready";
const GOAL_SECONDS = 10;

/** From the command to the last pod; taking away is not counted. */
function startSeconds(cluster: Cluster): Promise<number> {
  const beganMs = performance.now();
  return withCluster(cluster, NODES, async (client) => {
    await idlePods(client, PODS);
    return (performance.now() - beganMs) / 1000;
  });
}

export async function start(
  lab: Cluster,
  real: Cluster | Missing,
  { rounds, progress }: BenchContext,
): Promise<Row[]> {
  const tell = (round: number): void => progress(`${WHAT}, round ${round + 1} of ${rounds}`);
  const ours = (samples: readonly number[]): Row =>
    row({ what: WHAT, unit: "s", goal: GOAL_SECONDS, better: "lower", samples });
  const ratio = { what: WHAT, against: "the real Kubernetes", unit: "x", better: "lower" } as const;
  if ("missing" in real) {
    await startSeconds(lab);
    const samples: number[] = [];
    for (let round = 0; round < rounds; round++) {
      tell(round);
      samples.push(await startSeconds(lab));
    }
    return [ours(samples), row({ ...ratio, ...real })];
  }
  const result = await compare(
    () => startSeconds(lab),
    () => startSeconds(real),
    rounds,
    tell,
  );
  return [
    ours(result.ours),
    row({ ...ratio, samples: result.ratios }),
    row({ what: `${WHAT}: ${real.name}`, unit: "s", better: "lower", samples: result.theirs }),
  ];
}
