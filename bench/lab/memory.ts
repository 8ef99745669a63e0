import { setTimeout as sleep } from "node:timers/promises";
import { type BenchContext, type Row, row } from "../lib/index.ts";
import { type Cluster, idlePods, withCluster } from "./cluster.ts";
import { memoryMiB } from "./processes.ts";
import type { BundledLab } from "./program.ts";
import type { Missing } from "./real.ts";

/** V8 gives back what a start needed once a process has been idle for half a minute. */
const SETTLE_MS = 40_000;
const NODES = 2;
const MORE_NODES = 3;
const FEW_PODS = 20;
const MANY_PODS = 120;
/** Rounds are long and differ little. */
const MAX_ROUNDS = 3;

interface Memory {
  readonly wholeMiB: number;
  readonly nodeMiB: number;
  readonly podMiB: number;
}

async function settledMiB(cluster: Cluster): Promise<number> {
  await sleep(SETTLE_MS);
  return memoryMiB(cluster.processIds());
}

function measure(cluster: BundledLab): Promise<Memory> {
  return withCluster(cluster, NODES, async (client) => {
    const wholeMiB = await settledMiB(cluster);
    await cluster.addNodes(MORE_NODES);
    const withNodesMiB = await settledMiB(cluster);
    await idlePods(client, FEW_PODS);
    const withFewMiB = await settledMiB(cluster);
    await idlePods(client, MANY_PODS);
    const withManyMiB = await settledMiB(cluster);
    return {
      wholeMiB,
      nodeMiB: (withNodesMiB - wholeMiB) / MORE_NODES,
      podMiB: (withManyMiB - withFewMiB) / (MANY_PODS - FEW_PODS),
    };
  });
}

export async function memory(
  lab: BundledLab,
  real: Cluster | Missing,
  { rounds, progress }: BenchContext,
): Promise<Row[]> {
  const ours: Memory[] = [];
  const theirs: number[] = [];
  const total = Math.min(rounds, MAX_ROUNDS);
  for (let round = 0; round < total; round++) {
    progress(`memory, round ${round + 1} of ${total}`);
    ours.push(await measure(lab));
    if (!("missing" in real)) {
      theirs.push(await withCluster(real, NODES, () => settledMiB(real)));
    }
  }
  const mib = (what: string, pick: (each: Memory) => number): Row =>
    row({ what: `memory: ${what}`, unit: "MiB", better: "lower", samples: ours.map(pick) });
  const whole = { what: "memory: the whole, two nodes", better: "lower" } as const;
  return [
    mib("the whole, two nodes", ({ wholeMiB }) => wholeMiB),
    row({
      ...whole,
      against: "the real Kubernetes",
      unit: "x",
      ...("missing" in real
        ? real
        : { samples: theirs.map((each, round) => (ours[round]?.wholeMiB ?? NaN) / each) }),
    }),
    ...("missing" in real
      ? []
      : [row({ ...whole, what: `${whole.what}: ${real.name}`, unit: "MiB", samples: theirs })]),
    mib("an idle node more", ({ nodeMiB }) => nodeMiB),
    mib("an idle pod more", ({ podMiB }) => podMiB),
  ];
}
