import { AsyncScope } from "#base";
import { readSysctl, withNamespace, writeSysctl } from "#netlink";
import { type Attachment, type Collection, KernelAttacher, type Program } from "#ebpf";
import { type BenchContext, compare, median, row, type Row } from "../lib/index.ts";
import { type LoadMode, runLoad } from "./load.ts";
import { DatapathNode, type Node, openPlainNode } from "./node.ts";

/** Short, so that many pairs of neighbours fit: the machine's own pace changes within seconds. */
const SAMPLE_MS = 250;
const PAIRS_PER_ROUND = 2;
const STATISTICS = "kernel.bpf_stats_enabled";
const PLAIN = "plain routed veths";

interface Kind {
  readonly mode: LoadMode;
  readonly what: string;
  readonly goal: number;
}

const KINDS: readonly Kind[] = [
  { mode: "rr", what: "requests and answers", goal: 1.12 },
  { mode: "crr", what: "connections of one request", goal: 1.08 },
  { mode: "stream", what: "stream", goal: 1 },
];
const FAMILIES = ["ipv4", "ipv6"] as const;
type Family = (typeof FAMILIES)[number];

const nameOf = (family: Family): string => (family === "ipv4" ? "IPv4" : "IPv6");

/** Two pods of each kind of node, and the native program that they run. */
export class Live implements AsyncDisposable {
  readonly #load: string;
  readonly #ours: DatapathNode;
  readonly #plain: Node;

  private constructor(load: string, ours: DatapathNode, plain: Node) {
    this.#load = load;
    this.#ours = ours;
    this.#plain = plain;
  }

  static async open(load: string): Promise<Live> {
    const ours = await DatapathNode.open(2);
    return new Live(load, ours, await openPlainNode(2));
  }

  /** As much as gets through in a second. */
  async traffic({ rounds, progress }: BenchContext): Promise<Row[]> {
    const rows: Row[] = [];
    const connecting: Row[] = [];
    for (const { mode, what, goal } of KINDS) {
      for (const family of FAMILIES) {
        const name = `same node: ${what}, ${nameOf(family)}`;
        const mediansUs: number[] = [];
        const run = async (node: Node): Promise<number> => {
          const { perSecond, medianNs } = await this.#run(node, mode, family);
          if (node === this.#ours) mediansUs.push(medianNs / 1000);
          return perSecond;
        };
        const { ratios, ours } = await this.#ours.observed(() =>
          compare(
            () => run(this.#ours),
            () => run(this.#plain),
            rounds * PAIRS_PER_ROUND,
            (pair) => progress(`${name}, pair ${pair + 1}`),
          ),
        );
        rows.push(
          row({ what: name, against: PLAIN, unit: "x", goal, better: "higher", samples: ratios }),
        );
        const isStream = mode === "stream";
        const samples = isStream ? ours.map((bytes) => (bytes * 8) / 1e9) : ours;
        const unit = isStream ? "Gbit/s" : "/s";
        const better = "higher";
        rows.push(row({ what: `${name}: pods with policy`, unit, better, samples }));
        if (mode !== "crr") continue;
        const connect = `same node: connecting, ${nameOf(family)}, median`;
        connecting.push(row({ what: connect, unit: "us", better: "lower", samples: mediansUs }));
      }
    }
    return [...rows, ...connecting];
  }

  /** What the kernel counts for the program itself while requests go to and fro. */
  async programTime({ rounds, progress }: BenchContext, rotation: Collection): Promise<Row[]> {
    const ours = this.#ours.datapath.collection.program("from_pod");
    const empty = rotation.program("pass");
    const rows: Row[] = [];
    const before = readSysctl(STATISTICS);
    const attached = this.#attachEmpty(empty);
    writeSysctl(STATISTICS, 1);
    try {
      for (const family of FAMILIES) {
        progress(`the program's time, ${nameOf(family)}`);
        const samples: number[] = [];
        for (let round = 0; round <= rounds; round++) {
          const request = (node: Node): Promise<unknown> => this.#run(node, "rr", family);
          const cost = await this.#ours.observed(() => nsPerRun(ours, () => request(this.#ours)));
          const base = await nsPerRun(empty, () => request(this.#plain));
          // The first round is for warming up.
          if (round > 0) samples.push(cost - base);
        }
        rows.push(
          row({
            what: `live: a packet of an open connection, ${nameOf(family)}`,
            against: "an empty program",
            unit: "ns more",
            goal: 150,
            better: "lower",
            samples,
          }),
        );
      }
    } finally {
      writeSysctl(STATISTICS, before);
      for (const each of attached) each.detach();
    }
    return rows;
  }

  #run(node: Node, mode: LoadMode, family: Family): ReturnType<typeof runLoad> {
    const [client, server] = [node.pod(0), node.pod(1)];
    return runLoad(this.#load, {
      mode,
      client: client.namespace,
      server: server.namespace,
      address: server[family],
      ms: SAMPLE_MS,
    });
  }

  #attachEmpty(program: Program): Attachment[] {
    const attacher = new KernelAttacher();
    return withNamespace(this.#plain.namespace, () =>
      this.#plain.pods.map(({ slot }) =>
        attacher.tc({ ifindex: slot, direction: "ingress", program }),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ours[Symbol.asyncDispose]();
    await this.#plain[Symbol.asyncDispose]();
  }
}

async function nsPerRun(program: Program, body: () => Promise<unknown>): Promise<number> {
  const before = program.info();
  await body();
  const after = program.info();
  return Number(after.runTimeNs - before.runTimeNs) / Number(after.runCount - before.runCount);
}

const AGGREGATIONS = ["maximum", "medium", "low", "none"] as const;

/** Requests while each packet is told of, once, twice, or hardly ever. */
export async function liveEvents({ rounds, progress }: BenchContext, load: string): Promise<Row[]> {
  await using scope = new AsyncScope();
  const nodes: DatapathNode[] = [];
  for (const aggregation of AGGREGATIONS)
    nodes.push(scope.use(await DatapathNode.open(2, { aggregation })));
  const rates: number[][] = AGGREGATIONS.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    progress(`events of live requests, round ${round}`);
    for (const [at, node] of nodes.entries()) {
      const [client, server] = [node.pod(0), node.pod(1)];
      const pods = { client: client.namespace, server: server.namespace };
      const options = { ...pods, mode: "rr", address: server.ipv4, ms: SAMPLE_MS } as const;
      const { perSecond } = await node.observed(() => runLoad(load, options));
      if (round > 0) rates[at]?.push(perSecond);
    }
  }
  const [fewest = [], ...others] = rates;
  return others.map((samples, at) =>
    row({
      what: `live: requests and answers with aggregation ${AGGREGATIONS[at + 1]}`,
      against: "aggregation maximum",
      unit: "x",
      better: "higher",
      samples: samples.map((rate, round) => rate / (fewest[round] ?? median(fewest))),
    }),
  );
}
