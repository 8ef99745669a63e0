import { readFileSync } from "node:fs";
import { AppError, type Random } from "#base";
import { defineSoak, type Soak } from "#test";
import { type Cluster, randomCluster } from "../conformance/cilium-policy/clusters.ts";
import { compare, type Difference, shrink } from "../conformance/cilium-policy/compare.ts";
import { build, type CiliumAnswer, CiliumOracle } from "../conformance/cilium-policy/oracle.ts";
import { record, RECORDED } from "../conformance/cilium-policy/record.ts";

// Random clusters and policies, judged by Cilium's own code and by ours. The small run needs no
// Go: it asks what was asked of Cilium once, and recorded with the answers.

const PROBES = 60;
/** How many questions are on their way to Cilium's program at once. */
const AHEAD = 16;

interface Recorded {
  readonly cluster: Cluster;
  readonly answer: CiliumAnswer;
}

interface Counts {
  clusters: number;
  policies: number;
  rejected: number;
  probes: number;
  allowed: number;
  redirected: number;
}

function count(counts: Counts, cluster: Cluster, answer: CiliumAnswer): void {
  counts.clusters += 1;
  counts.policies += cluster.policies.length;
  counts.rejected += answer.invalid.length;
  counts.allowed += answer.verdicts.filter((each) => each.verdict === "allowed").length;
  counts.redirected += answer.verdicts.filter((each) => each.l7).length;
}

function failure(cluster: Cluster, difference: Difference): AppError {
  const text = JSON.stringify({ ...difference, ...cluster }, undefined, 1);
  return new AppError("differs", `Cilium and we differ:\n${text}`);
}

function recorded(): Recorded[] {
  const lines = readFileSync(RECORDED, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Recorded);
}

function checkRecorded(counts: Counts): void {
  for (const { cluster, answer } of recorded()) {
    count(counts, cluster, answer);
    const { compared, difference } = compare(cluster, answer);
    counts.probes += compared;
    if (difference !== undefined) throw failure(cluster, difference);
  }
}

interface Run {
  readonly oracle: CiliumOracle;
  readonly random: Random;
  readonly counts: Counts;
  readonly isDone: () => boolean;
}

async function checkRandom({ oracle, random, counts, isDone }: Run): Promise<void> {
  const asked: { cluster: Cluster; answer: Promise<CiliumAnswer> }[] = [];
  while (!isDone()) {
    while (asked.length < AHEAD) {
      const cluster = randomCluster(random, PROBES);
      const answer = oracle.ask(cluster);
      // Whoever waits for it hears of a failure; until then it is nobody's.
      answer.catch(() => undefined);
      asked.push({ cluster, answer });
    }
    const next = asked.shift();
    if (next === undefined) return;
    const { cluster } = next;
    const answer = await next.answer;
    count(counts, cluster, answer);
    const { compared, difference } = compare(cluster, answer);
    counts.probes += compared;
    if (difference === undefined) continue;
    const least = await shrink(cluster, difference, (smaller) => oracle.ask(smaller));
    throw failure(least.cluster, least.difference);
  }
}

const soak: Soak = defineSoak({
  summary: "random Cilium policies, judged by Cilium's own code and by ours (needs Go)",
  small: { probes: 0 },
  large: { probes: 300_000 },
  async run({ random, size, isOver, progress }) {
    const counts: Counts = {
      clusters: 0,
      policies: 0,
      rejected: 0,
      probes: 0,
      allowed: 0,
      redirected: 0,
    };
    checkRecorded(counts);
    if (size.probes === 0) return counts;
    build();
    const oracle = new CiliumOracle();
    const isDone = (): boolean => {
      progress(`${counts.probes} probes`);
      return counts.probes >= size.probes || isOver();
    };
    try {
      await record(oracle);
      await checkRandom({ oracle, random, counts, isDone });
    } finally {
      await oracle.stop();
    }
    return counts;
  },
});

export default soak;
