import { readFileSync } from "node:fs";
import { AppError } from "#base";
import { type BenchContext, duration, heapBytes, row, type Row } from "../lib/index.ts";
import { DatapathNode } from "./node.ts";

const AT_ONCE = [1, 10, 100];
const MOST = 100;
const MAX_ROUNDS = 3;
const KIB = 1024;
const MIB = KIB * KIB;

interface Samples {
  readonly whole: number[];
  readonly programs: number[];
  readonly maps: number[];
  readonly heap: number[];
}

/** From a namespace without devices to a pod that packets come through to, with its policy. */
export async function attachment({ rounds, progress }: BenchContext): Promise<Row[]> {
  await using node = await DatapathNode.open(0);
  const rows: Row[] = [];
  const without = mapBytes(node);
  const ms = { unit: "ms", better: "lower" } as const;
  for (const count of AT_ONCE) {
    const samples: Samples = { whole: [], programs: [], maps: [], heap: [] };
    for (let round = 0; round <= Math.min(rounds, MAX_ROUNDS); round++) {
      progress(`attaching ${count} pods, round ${round}`);
      // The first round is for warming up.
      const into = round === 0 ? { whole: [], programs: [], maps: [], heap: [] } : samples;
      await attachAndDetach(node, count, into);
    }
    const pod = count === 1 ? "a pod" : `one of ${count} pods`;
    const { whole, programs, maps, heap } = samples;
    rows.push(row({ what: `attaching ${pod}: devices, programs, policy`, ...ms, samples: whole }));
    rows.push(row({ what: `attaching ${pod}: programs alone`, ...ms, samples: programs }));
    if (count !== MOST) continue;
    const kib = { unit: "KiB", better: "lower" } as const;
    rows.push(row({ what: `memory of one of ${count} pods: maps`, ...kib, samples: maps }));
    rows.push(row({ what: `memory of one of ${count} pods: process`, ...kib, samples: heap }));
  }
  const mib = { unit: "MiB", better: "lower", samples: [without / MIB] } as const;
  return [...rows, row({ what: "memory of a node without pods: maps", ...mib })];
}

async function attachAndDetach(node: DatapathNode, count: number, into: Samples): Promise<void> {
  const pods = node.describePods(count);
  const [maps, heap] = [mapBytes(node), heapBytes()];
  node.attachingMs = 0;
  const ms = await duration(async () => {
    await node.connect(pods);
    await node.control.addPods(pods);
  });
  into.whole.push(ms / count);
  into.programs.push(node.attachingMs / count);
  await node.control.retired();
  into.maps.push((mapBytes(node) - maps) / count / KIB);
  into.heap.push((heapBytes() - heap) / count / KIB);
  await node.disconnect(pods);
  await node.control.removePods(pods);
}

/** As the kernel accounts for them. */
function mapBytes(node: DatapathNode): number {
  let bytes = 0;
  for (const { fd } of node.datapath.collection.maps.values()) {
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    const [, count] = /^memlock:\s*(\d+)/m.exec(text) ?? [];
    if (count === undefined) throw new AppError("bench", "the kernel does not say what maps take");
    bytes += Number(count);
  }
  return bytes;
}
