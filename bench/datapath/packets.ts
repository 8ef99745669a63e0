import { fixedJiffiesVariable, flowCodec } from "#abi";
import { assert, AsyncScope } from "#base";
import { type Aggregation, defaultDatapathSettings } from "#datapath";
import type { Collection } from "#ebpf";
import { type BenchContext, duration, row, type Row } from "../lib/index.ts";
import { DatapathNode } from "./node.ts";
import { type FlowSet, Rotation } from "./rotation.ts";

/** As many as are needed for 200,000 flows, a port each. */
const PODS = 8;
const WORKING_SETS = [1, 10_000, 200_000];
export const REPEATS = 200_000;
export const NEW_FLOWS = 20_000;
const CHANGED_FLOWS = 10_000;
const FIRST_OTHER_PORT = 5000;
const HOUR_MS = 3_600_000;
const EVENT_FLOWS = 10_000;
export const EMPTY = "an empty program";

const { timeouts, tables } = defaultDatapathSettings;
/** Nothing expires while it is measured, and of open connections nothing is told. */
export const STILL = {
  traceIntervalMs: HOUR_MS,
  timeouts: { ...timeouts, tcpOpeningMs: HOUR_MS },
};

export const thousands = (count: number): string => count.toLocaleString("en-US");

/** Packets of connections that are open, and first packets. */
export async function workingSets(context: BenchContext, rotation: Collection): Promise<Row[]> {
  const { rounds, progress } = context;
  const large = { ...tables, tcpFlows: 262_144 };
  await using node = await DatapathNode.open(PODS, { ...STILL, tables: large });
  const runs = new Rotation(node, rotation);
  const rows: Row[] = [];
  for (const count of WORKING_SETS) {
    progress(`packets of ${thousands(count)} connections`);
    const flows = runs.toPods(count);
    open(node, runs, flows);
    const samples = sampled(rounds, () => runs.costNs("ACK", flows, REPEATS));
    const what = `a packet of one of ${thousands(count)} open connections`;
    rows.push(row({ what, against: EMPTY, unit: "ns more", better: "lower", samples }));
  }
  progress("first packets");
  const samples = sampled(rounds, () => firstPacketNs(node, runs, runs.toPods(NEW_FLOWS)));
  const what = "a first packet: policy of both sides, entry, event";
  return [...rows, row({ what, against: EMPTY, unit: "ns more", better: "lower", samples })];
}

/** One sample a round; the first is thrown away as warm-up. */
function sampled(rounds: number, sample: () => number): number[] {
  return Array.from({ length: rounds + 1 }, sample).slice(1);
}

/** Each flow once, and nothing left in the ring. */
function open(node: DatapathNode, runs: Rotation, flows: FlowSet): void {
  node.clearFlows();
  runs.run("SYN", flows);
  node.drain();
}

export function firstPacketNs(node: DatapathNode, runs: Rotation, flows: FlowSet): number {
  node.clearFlows();
  node.drain();
  return runs.costNs("SYN", flows);
}

/** A change of policy, which has every flow judged again when its next packet comes. */
export async function policyChange(context: BenchContext, rotation: Collection): Promise<Row[]> {
  const { rounds, progress } = context;
  progress("a policy changes");
  await using node = await DatapathNode.open(PODS, STILL);
  const runs = new Rotation(node, rotation);
  const flows = runs.toPods(CHANGED_FLOWS);
  open(node, runs, flows);
  const again: number[] = [];
  const first: number[] = [];
  const changeUs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const settledNs = runs.run("ACK", flows);
    const settledOneNs = runs.run("ACK", flows, 1);
    // Other rules each time, so that there is something to change.
    const changeMs = await duration(() => node.control.allowEachOther(FIRST_OTHER_PORT + round));
    const firstNs = runs.run("ACK", flows, 1);
    const againNs = runs.run("ACK", flows);
    await node.control.retired();
    if (round === 0) continue;
    again.push(againNs - settledNs);
    first.push(firstNs - settledOneNs);
    changeUs.push(changeMs * 1000);
  }
  const flat = { unit: "ns more", better: "lower" } as const;
  const against = "a packet with nothing changed";
  const count = thousands(CHANGED_FLOWS);
  return [
    row({
      what: `policy changed: judging one of ${count} flows again`,
      against,
      ...flat,
      samples: again,
    }),
    row({ what: "policy changed: the very first packet", against, ...flat, samples: first }),
    row({
      what: `policy changed: computing and writing it for ${PODS} pods, with ${count} flows`,
      unit: "us",
      better: "lower",
      samples: changeUs,
    }),
  ];
}

const AGGREGATIONS: readonly Aggregation[] = ["maximum", "medium", "low", "none"];

/** What telling user space costs, where nobody reads meanwhile. */
export async function events(context: BenchContext, rotation: Collection): Promise<Row[]> {
  const { rounds, progress } = context;
  await using scope = new AsyncScope();
  const runs: { node: DatapathNode; run: Rotation; flows: FlowSet; samples: number[] }[] = [];
  for (const aggregation of AGGREGATIONS) {
    const node = scope.use(await DatapathNode.open(PODS, { ...STILL, aggregation }));
    const run = new Rotation(node, rotation);
    const flows = run.toPods(EVENT_FLOWS);
    open(node, run, flows);
    runs.push({ node, run, flows, samples: [] });
  }
  for (let round = 0; round <= rounds; round++) {
    progress(`events, round ${round}`);
    for (const { node, run, flows, samples } of runs) {
      node.drain();
      const ns = run.costNs("ACK", flows);
      // The first round is for warming up.
      if (round > 0) samples.push(ns);
    }
  }
  return runs.map(({ samples }, at) => {
    const packet = `a packet of one of ${thousands(EVENT_FLOWS)} open connections`;
    const what = `${packet}: aggregation ${AGGREGATIONS[at]}`;
    return row({ what, against: EMPTY, unit: "ns more", better: "lower", samples });
  });
}

/** Longer than any flow is kept, and less than what is taken for a moment of the past. */
const LATER_JIFFIES = 2 ** 30;

/** Taking flows out of a full table, when none has expired and when all have. */
export async function collection(context: BenchContext, rotation: Collection): Promise<Row[]> {
  const { rounds, progress } = context;
  progress("collecting flows");
  await using node = await DatapathNode.open(PODS, STILL);
  const runs = new Rotation(node, rotation);
  const flows = runs.toPods(tables.tcpFlows);
  const walk: number[] = [];
  const removal: number[] = [];
  let held = 0;
  for (let round = 0; round <= rounds; round++) {
    runs.run("SYN", flows);
    const walkMs = await duration(() => node.datapath.collectFlows("tcp"));
    setJiffies(node, (timeOfFlows(node) + LATER_JIFFIES) >>> 0);
    const began = performance.now();
    const { removed } = await node.datapath.collectFlows("tcp");
    const removalMs = performance.now() - began;
    setJiffies(node, 0);
    node.drain();
    held = removed;
    if (round === 0) continue;
    walk.push(walkMs);
    removal.push(removalMs);
  }
  const full = `${thousands(tables.tcpFlows)} connections`;
  const ms = { unit: "ms", better: "lower" } as const;
  return [
    row({
      what: `collecting from a table full of ${full}: none has expired`,
      ...ms,
      samples: walk,
    }),
    row({ what: `collecting from a table full of ${full}: all have`, ...ms, samples: removal }),
    row({
      what: `connections held by a table for ${thousands(tables.tcpFlows)}`,
      unit: "",
      better: "higher",
      samples: [held],
    }),
  ];
}

/** When one of the flows was seen, all of which began just now. */
function timeOfFlows(node: DatapathNode): number {
  const [first] = node.datapath.maps.tcpFlows.entries();
  assert(first !== undefined, "there are flows");
  return flowCodec.decode(first[1]).lastSeen;
}

/** What the programs take for the time, or 0 for the kernel's own. */
function setJiffies(node: DatapathNode, value: number): void {
  const { map: name, offset, codec } = fixedJiffiesVariable;
  const map = node.datapath.collection.map(name);
  const zero = new Uint8Array(4);
  const section = map.lookup(zero);
  assert(section !== undefined, "a section has its bytes");
  section.set(codec.encode(BigInt(value)), offset);
  map.update(zero, section);
}
